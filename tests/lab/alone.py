"""lockctl on this machine as it is without strangers: what else runs here, or since when, must not decide a test.

A restic in a container of somebody else, or in that of a test beside this one, silences the process table; and a
machine that was just started makes every old lock one from before its start.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

COMMAND = (sys.executable, "-m", "tests.lab.alone")
"""Runs lockctl so."""
NOBODY = 2**22 + 5
"""A PID that no process can have: the kernel's highest is below (PID_MAX_LIMIT in include/linux/threads.h)."""
UP_SECONDS = 86400
"""For how long this machine is said to have been up."""


def see_no_strangers(tests: int, set_attribute: Callable[..., object] = setattr) -> None:
    """From here on this process sees no PID namespaces but its own and those that the process `tests` began."""
    see_all = psutil.process_iter

    def process_iter(*arguments: Any) -> Iterator[psutil.Process]:
        return (process for process in see_all(*arguments) if not _is_strangers(process.pid, tests))

    process_iter.cache_clear = see_all.cache_clear  # type: ignore[attr-defined]
    set_attribute(psutil, "process_iter", process_iter)


def _is_strangers(pid: int, tests: int) -> bool:
    try:
        if Path(f"/proc/{pid}/ns/pid").readlink() == Path("/proc/self/ns/pid").readlink():
            return False
        return tests not in [parent.pid for parent in psutil.Process(pid).parents()]
    except (OSError, psutil.NoSuchProcess):
        return False  # a zombie or a thread of the kernel, or it has ended


def pretend(tests: int) -> None:
    """From here on this process is on such a machine; `tests` is the PID of the process that tests."""
    see_no_strangers(tests)
    setattr(psutil, "boot_time", lambda: time.time() - UP_SECONDS)  # noqa: B010 - mypy minds it as an assignment


if __name__ == "__main__":
    from lockctl.__main__ import main

    pretend(os.getppid())
    main()
