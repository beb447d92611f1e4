"""`--notify`: tells people what a run removed and what needs one of them, by whatever service they use."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer

from lockctl.cli.console import Console
from lockctl.cli.relaying import Relay
from lockctl.clock.deadline import RUN, Deadline
from lockctl.errors import LockctlError

_LEAST = 1.0
"""Seconds, of the two that the watchdog leaves."""
NotifyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--notify", metavar="URL", help="Tell this URL of apprise what was removed or needs a person (LOCKCTL_NOTIFY)."
    ),
]


@dataclass(frozen=True, slots=True)
class Gatherer(Relay):
    """Keeps the news."""

    gathered: list[str] = field(default_factory=list)

    def news(self, text: str) -> None:
        """Kept."""
        self.gathered.append(text)

    def fail(self, text: str) -> None:
        """Kept, and handed on."""
        self.gathered.append(text)
        self.inner.fail(text)


def run_with_news(
    urls: Sequence[str] | None, console: Console, timeout: float | None, run: Callable[[Console], int]
) -> int:
    """Runs, and returns its status, whether its news can be told or not: what could not be is a warning.

    `timeout` is the limit of the whole run in seconds. Where there is no news, nobody hears anything. Raises UsageError
    before it begins, where a URL is none or apprise is not installed.
    """
    urls = urls or os.environ.get("LOCKCTL_NOTIFY", "").split()
    if not urls:
        return run(console)
    # Imported only where it is asked for: apprise takes as long as a short run.
    from lockctl.monitoring.notify import SECONDS, Notifier
    from lockctl.render.harmless import visible

    notifier = Notifier(urls)
    heard = Gatherer(console.quiet, console.verbose, console.colour, console)
    deadline = Deadline(timeout, RUN.begun)

    def tell(*, is_bad: bool) -> None:
        text = "\n".join(visible(line) for part in heard.gathered for line in part.split("\n"))
        if text:
            seconds = min(SECONDS, max(_LEAST, deadline.left()))
            for problem in notifier.tell(f"lockctl on {os.uname().nodename}", text, seconds, is_bad=is_bad):
                console.warn(problem)

    try:
        status = run(heard)
    except LockctlError as error:
        heard.gathered.append(str(error))
        tell(is_bad=True)
        raise
    tell(is_bad=bool(status))
    return status
