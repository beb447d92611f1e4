"""Runs one command and writes what it took to a descriptor: seconds of wall time, of CPU, KiB at most, wait status.

A program of its own, `launch.py DESCRIPTOR LIMIT WORD...`, which imports next to nothing: what a command's peak memory
is told as (getrusage(2)) is never less than what the process had that started it.
"""

from __future__ import annotations

import os
import signal
import sys
import time


def launch(descriptor: int, limit: float, words: list[str]) -> None:
    """Kills the command where it takes more than `limit` seconds."""
    started = time.perf_counter()
    pid = os.posix_spawnp(words[0], words, os.environ)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, limit)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    os.write(descriptor, f"{wall} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss} {status}".encode())


if __name__ == "__main__":
    launch(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
