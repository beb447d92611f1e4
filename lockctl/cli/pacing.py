"""When a run begins that nobody sits at: a random while after it was started, and not beside another one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.choosing import choose, read_settings
from lockctl.cli.opening import open_journal
from lockctl.cli.options import Common, duration_option
from lockctl.clock.boot import boottime
from lockctl.clock.deadline import RUN

if TYPE_CHECKING:
    from lockctl.cli.console import Console

JitterOption = Annotated[
    float | None,
    duration_option("--jitter", help_text="Wait a random while first, up to this, as in 5m: not all at once."),
]
SkipOption = Annotated[
    bool,
    typer.Option("--skip-if-running", help="End at once, with 0, where another such run is at work here."),
]


def wait_at_random(
    most: float,
    draw: Callable[[], float] = lambda: int.from_bytes(os.urandom(8), "big") / 2**64,
    wait: Callable[[float], object] = lambda seconds: Event().wait(seconds),
) -> None:
    """Waits up to `most` seconds: `draw` gives the part of it, from 0 to 1.

    The time of the run counts from then on; a signal ends the wait as it ends a run.
    """
    wait(draw() * most)
    RUN.begun = boottime()


@contextmanager
def one_at_a_time(common: Common, console: Console) -> Iterator[bool]:
    """Whether no other run for these repositories is at work on this machine, by this state folder.

    Raises UsageError where options or configuration are wrong, and JournalError where the folder cannot be written.
    """
    # What is odd with the configuration is told once, by the run itself.
    chosen = sorted(one.address for one in choose(common, read_settings(None)))
    # Not the key of a removal: a run of another kind, or by hand, keeps this one from nothing.
    with open_journal(common).exclusive("\n".join(["scheduled", *chosen])) as is_alone:
        if not is_alone:
            console.note("another run for this is at work: nothing to do")
        yield is_alone
