"""The clock that nothing can set: CLOCK_BOOTTIME, which goes on while a laptop sleeps."""

from __future__ import annotations

import os
import time
from pathlib import Path


def boottime() -> float:
    """Seconds since this machine started, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def process_began() -> float:
    """When this process was started, by the same clock; on a busy machine that is seconds before its first line runs.

    From proc_pid_stat(5), field 22; now, where that cannot be read. The process's name, field 2, may hold anything.
    """
    now = boottime()
    try:
        fields = Path("/proc/self/stat").read_text(errors="replace").rpartition(")")[2].split()
        return min(now, int(fields[19]) / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError):
        return now
