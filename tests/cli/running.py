"""A lockctl at work: what it has printed so far, and what is waited for in that."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from tests.cli.make import HOUR, WEB1
from tests.cli.run import start
from tests.lab.processes import until
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock
from tests.promise import assert_promised

SECONDS = 60.0


@dataclass
class Running:
    """A lockctl at work, and the lines that it has printed so far."""

    process: subprocess.Popen[str]
    out: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def events(self) -> list[tuple[str, str]]:
        """What `watch --json` told: the event and the lock's id."""
        objects: list[dict[str, Any]] = [json.loads(line) for line in list(self.out)]
        return [(one["event"], one["lock"]["id"]) for one in objects]

    def sees(self, condition: Callable[[Running], bool], what: str) -> None:
        """Waits until it has printed something."""
        until(lambda: condition(self) or None, f"{what} in {self.out} {self.errors}", SECONDS)

    def said(self, text: str) -> None:
        """Waits until it has said this on standard error."""
        self.sees(lambda one: any(text in line for line in list(one.errors)), text)

    def end(self) -> int:
        """Its exit status."""
        return self.process.wait(SECONDS)


def _gather(stream: IO[str] | None, lines: list[str]) -> threading.Thread:
    def read() -> None:
        lines.extend(line.rstrip("\n") for line in stream or ())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


@contextmanager
def running(repository: Repository, *words: str) -> Iterator[Running]:
    """Start lockctl, and end it in the end."""
    process = start(repository, *words)
    one = Running(process)
    threads = [_gather(process.stdout, one.out), _gather(process.stderr, one.errors)]
    try:
        yield one
    finally:
        process.kill()
        process.wait()
        for thread in threads:
            thread.join(SECONDS)
        assert "Traceback" not in "".join([*one.out, *one.errors])
    if "--json" in words:
        assert_promised("\n".join(one.out))


def remove(repository: Repository, lock_id: str) -> None:
    (repository.path / "locks" / lock_id).unlink()


def doubtful_lock(repository: Repository) -> str:
    """The owner says two hours, the server has just seen it made."""
    return aged_lock(repository, 2 * HOUR, WEB1, created_age=0)
