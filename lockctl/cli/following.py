"""Watching a repository for a command: looks, what is said when the connection is lost, and when all is settled."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING

from lockctl.cli.signals import SIGNALS
from lockctl.cli.systemd import notify
from lockctl.clock.boot import boottime
from lockctl.clock.duration import describe_duration
from lockctl.errors import Interrupted

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.liveness.evidence import Verdict
    from lockctl.survey.session import Session
    from lockctl.survey.values import Survey

_RESERVE = 30.0
"""Seconds for the removal, at most."""


def follow(session: Session, console: Console) -> Generator[Survey | None, None, None]:
    """A survey for each look and None at each tick, for ever; says when the connection is lost and when it is back."""
    from lockctl.render.outlook import summary
    from lockctl.survey.watching import Lost, keep_looking

    lost = False
    for seen in keep_looking(session):
        session.deadline.cap(1.0)  # raises where the time of the whole run is over
        if SIGNALS.received:
            raise Interrupted(SIGNALS.received)  # whatever caught it in between
        if isinstance(seen, Lost):
            console.progress("")
            told = f"{seen.error.message}; trying again in {describe_duration(seen.pause)}"
            console.note(told)
            notify(f"STATUS={told}")
            lost = True
            yield None
            continue
        if seen is not None:
            if lost:
                console.progress("")
                console.note("connected again: what is there is looked at anew")
            lost = False
            notify("READY=1", f"STATUS={summary(seen)}")
        yield seen


def settle(
    session: Session, console: Console, unsettled: Callable[[Survey], list[Verdict]], seconds: float
) -> Survey | None:
    """Stays until nothing is unsettled any more, `seconds` at most; shows what it waits for. The last survey.

    Where the whole run has a deadline, it leaves time for what comes after.
    """
    left = session.deadline.left()
    end = boottime() + min(seconds, max(left / 2, left - _RESERVE))
    waited: list[Verdict] = []
    survey: Survey | None = None
    with closing(follow(session, console)) as surveys, console.progressing():
        for seen in surveys:
            if seen is not None:
                before, survey, waited = waited, seen, unsettled(seen)
                due = boottime() + max((verdict.wait or 0.0 for verdict in waited), default=0.0)
                if waited and not before:
                    longest = describe_duration(min(due, end) - boottime())
                    console.note(f"watching {_name(waited)}, for {longest} at most")
            if survey is not None and (not waited or boottime() >= end):
                break
            left = (end if survey is None else min(due, end)) - boottime()
            console.progress(f"waiting for {_name(waited)}: {describe_duration(left)} at most")
    return survey


def _name(verdicts: list[Verdict]) -> str:
    from lockctl.render.table import removal_line

    if not verdicts:
        return "the connection"
    first = f"{removal_line(verdicts[0], {})}, {verdicts[0].state.value}"
    return first if len(verdicts) == 1 else f"{first}, and {len(verdicts) - 1} more"
