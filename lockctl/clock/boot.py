"""The clock that nothing can set: CLOCK_BOOTTIME, which goes on while a laptop sleeps."""

from __future__ import annotations

import time


def boottime() -> float:
    """Seconds since this machine started, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
