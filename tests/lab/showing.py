"""How the demos speak, and run lockctl as a user would."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path

from tests.cli.run import lockctl
from tests.lab.restic import Repository

WIDTH = 100


def run(command: str, repository: Repository, expected: int = 0) -> bool:
    """Run a command of lockctl as a user would, who says yes where it asks; whether it ended with another status."""
    prompt(f"lockctl {command}")
    asks = command == "prune"
    done = lockctl(repository, *command.split(), tty=asks, stdin="y\n", state_dir=Path(state_dir(repository)))
    print(done.stderr + done.stdout, end="", flush=True)
    if done.status != 0:
        say(f"(exit status {done.status})")
    return done.status != expected


def state_dir(repository: Repository) -> str:
    """Where lockctl keeps its journal in the demo."""
    return str(repository.samba.directory / "lockctl")


def prompt(command: str) -> None:
    """Print a command as in a shell."""
    line = f"$ {command}"
    print(
        f"\n\x1b[1m{line}\x1b[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else f"\n{line}", flush=True
    )


def say(text: str) -> None:
    """Print text in lines that a terminal can show."""
    print("\n".join(textwrap.fill(line, WIDTH, subsequent_indent="    ") for line in text.split("\n")), flush=True)
