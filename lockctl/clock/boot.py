"""This machine's clocks, and above all the one that nothing can set: CLOCK_BOOTTIME, which counts sleep too."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment by this machine's clocks, in seconds."""

    awake: float
    """Since its start, without the time that it slept (CLOCK_MONOTONIC)."""
    boot: float
    """Since its start, with that time."""
    wall: float
    """Since 1970."""


def this_instant() -> Instant:
    """Now, by all of them. Read together: a machine can fall asleep between any two lines."""
    return Instant(time.monotonic(), boottime(), time.time())


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
