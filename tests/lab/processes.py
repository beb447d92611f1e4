"""Processes and waits of the lab: conditions with deadlines, and ends by process id only."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import psutil

T = TypeVar("T")

LOOPBACK = "127.0.0.1"
NEWER_RESTIC = "LOCKCTL_LAB_RESTIC"


class LabError(Exception):
    """A part of the lab is missing or did not do what it should."""


def binary(name: str, package: str) -> str:
    """Find a program, also where system programs are; a missing one is an error, never a skipped test."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is None:
        raise LabError(f"{name} is not installed; Debian has it in the package {package}")
    return found


def newer_restic() -> str:
    """The restic with a circuit breaker that `./dev` found or unpacked; a missing one is an error too."""
    found = shutil.which(os.environ.get(NEWER_RESTIC, ""))
    if found is None:
        raise LabError(f"{NEWER_RESTIC} has to name a restic of 0.17 or newer: ./dev test and ./dev demo see to it")
    return found


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which nobody listens right now."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


def until(condition: Callable[[], T | None], what: str, seconds: float = 20, pause: float = 0.005) -> T:
    """Ask `condition` until its answer is true, and return that; `LabError` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise LabError(f"no {what} within {seconds:g} s")
        time.sleep(pause)


def family(pid: int) -> list[psutil.Process]:
    """The process and all that descends from it; empty where it has ended."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def runs(process: psutil.Process) -> bool:
    """Whether a process still runs. A zombie does not: it only waits for its parent, or for a slow init."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill(processes: Iterable[psutil.Process], seconds: float = 10) -> None:
    """SIGKILL to each process, then wait until all are gone. psutil sees to it that a reused id is spared."""
    victims = list(processes)
    for process in victims:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    until(lambda: not any(map(runs, victims)), f"end of {victims}", seconds)


def kill_started(process: subprocess.Popen[str]) -> None:
    """End a process of ours and its descendants hard; one that has ended is left alone, and so is its id.

    It is stopped first, so that no child is born meanwhile.
    """
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGSTOP)
    kill(family(process.pid))
    process.wait(timeout=10)
