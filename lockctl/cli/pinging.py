"""`--ping`: tells a service when a run begins, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Annotated

import typer

from lockctl.cli.console import Console
from lockctl.clock.deadline import RUN, Deadline
from lockctl.errors import LockctlError

_LEAST = 1.0
"""Seconds, of the two that the watchdog leaves."""
PingOption = Annotated[
    str | None,
    typer.Option("--ping", metavar="URL", help="Tell this URL of start, success and failure (healthchecks.io)."),
]


@dataclass(frozen=True, slots=True)
class Recorder(Console):
    """Keeps what is said, too."""

    told: list[str] = field(default_factory=list)

    def result_in_pieces(self, pieces: Iterable[str]) -> bool:
        """Kept and said."""
        kept = list(pieces)
        self.told.append("".join(kept))
        return Console.result_in_pieces(self, kept)

    def warn(self, text: str) -> None:
        """Kept and said."""
        self.told.append(f"warning: {text}")
        Console.warn(self, text)

    def fail(self, text: str) -> None:
        """Kept and said."""
        self.told.append(text)
        Console.fail(self, text)


def run_with_ping(url: str | None, console: Console, timeout: float | None, run: Callable[[Console], int]) -> int:
    """Runs, and returns its status, whether that can be told or not: what could not be is a warning.

    `timeout` is the limit of the whole run in seconds, within which it is told.
    """
    if url is None:
        return run(console)
    # Imported only where it is asked for: HTTP is half of what a run loads.
    from lockctl.monitoring.ping import SECONDS, Ping
    from lockctl.render.harmless import visible

    ping, recorder = Ping(url), Recorder(console.quiet, console.verbose, console.colour)
    deadline = Deadline(timeout, RUN.begun)

    def tell(event: str, name: str) -> None:
        # Most of the time is the run's; and at its end the watchdog must not end it before it says how it ended.
        seconds = min(SECONDS, max(_LEAST, deadline.left() / (4 if event == "start" else 1)))
        text = "\n".join(visible(line) for part in recorder.told for line in part.split("\n"))
        problem = ping.tell(event, text, seconds)
        if problem:
            console.warn(f"{ping.host} could not be told of the {name}: {problem}")

    tell("start", "start")
    try:
        status = run(recorder)
    except LockctlError as error:
        recorder.told.append(str(error))
        tell("fail", "failure")
        raise
    tell(*(("fail", "failure") if status else ("", "success")))
    return status
