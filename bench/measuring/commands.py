"""Whole commands, measured as a user runs them: wall time, their own CPU, their peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LIMIT_SECONDS = 900.0
"""After which a command that does not end is killed, and fails."""
_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Command:
    """A command line and its environment; `before` and `after` are done, unmeasured, before and after each run."""

    words: Sequence[str]
    environment: Mapping[str, str]
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took: seconds of wall time and of CPU (user and system, with its children's), bytes at most."""

    wall: float
    cpu: float
    memory: int


def run(command: Command) -> Run:
    """Runs it once. Raises CalledProcessError, with what it said, where it fails."""
    command.before()
    environment = as_users_have_it(command.environment)
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as report:
        launch = [sys.executable, "-I", "-S", str(_LAUNCH), str(report.fileno()), str(LIMIT_SECONDS)]
        subprocess.run(
            [*launch, *command.words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[report.fileno()],
            check=True,
        )
        report.seek(0)
        wall, cpu, kibibytes, status = report.read().decode().split()
        code = os.waitstatus_to_exitcode(int(status))
        if code:
            output.seek(0)
            raise subprocess.CalledProcessError(code, list(command.words), output.read()[-2000:])
    command.after()
    return Run(float(wall), float(cpu), int(kibibytes) * 1024)


def as_users_have_it(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what developers tell Python.

    Above all PYTHONDONTWRITEBYTECODE: where it is set, a checkout is compiled at each start, which takes as long as
    much of the rest. What is installed is compiled once.
    """
    return {n: value for n, value in environment.items() if not n.startswith("PYTHON") or n == "PYTHONPATH"}


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
