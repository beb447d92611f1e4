"""Whole commands, measured as a user runs them: wall time, their own CPU, their peak memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

LIMIT_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Command:
    """A command line and its environment; `before` is done, unmeasured, before each run."""

    words: Sequence[str]
    environment: Mapping[str, str]
    before: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took: seconds of wall time and of CPU (user and system, with its children's), bytes at most."""

    wall: float
    cpu: float
    memory: int


def run(command: Command) -> Run:
    """Runs it once. Raises CalledProcessError, with what it said, where it fails."""
    command.before()
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command.words, env=command.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise subprocess.CalledProcessError(process.returncode, list(command.words), output.read()[-2000:])
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def in_turn(commands: Mapping[str, Command], rounds: int, *, warm: bool = True) -> dict[str, list[Run]]:
    """Each command once a round, in turn, so that a noisy moment meets all of them. To be warm, one round more goes
    before, unmeasured.
    """
    taken: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(0 if warm else 1, rounds + 1):
        for name, command in commands.items():
            spent = run(command)
            if number:
                taken[name].append(spent)
    return taken
