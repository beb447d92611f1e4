"""One prune from first look to last: survey, plan, second look, removal. Asks and prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import sleep

from lockctl.clock.deadline import Deadline
from lockctl.errors import ConnectionLost, JournalError, LockctlError
from lockctl.removal.aftermath import close_intents, is_of
from lockctl.removal.plan import Kept, Plan, Wish, make_plan, narrow
from lockctl.removal.report import Result, Run
from lockctl.removal.step import remove_lock
from lockctl.state.journal import Journal
from lockctl.state.records import Outcome, Record
from lockctl.survey.values import Survey
from lockctl.transport.base import Remover

MAX_WAIT = 600.0
"""Seconds for another run of this machine to finish its removals."""
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Target:
    """The repository to prune: how to look at it, and what removes."""

    look: Callable[[], Survey]
    remover: Remover
    deadline: Deadline


def close_open_intents(journal: Journal, survey: Survey, look: Callable[[], Survey]) -> list[Record]:
    """Closes what an earlier run left open, unless a run on this machine is just removing something."""
    if not any(record.outcome is None and is_of(record, survey) for record in journal.records()):
        return []
    with journal.exclusive(f"{survey.config.sha256}\n{survey.address}") as held:
        # Looked at only now: what another run did meanwhile must not be told as left undone.
        return close_intents(journal, look()) if held else []


def remove_planned(
    target: Target,
    survey: Survey,
    wish: Wish,
    journal: Journal,
    shield: Callable[[], AbstractContextManager[None]],
    tell_waiting: Callable[[], None],
) -> Run:
    """Waits for other runs of this machine, looks a second time, and removes what still stands as planned."""
    planned = make_plan(survey, wish)
    run = Run(survey, list(planned.kept))
    with journal.exclusive(f"{survey.config.sha256}\n{survey.address}", _pauses(target.deadline, tell_waiting)):
        run.survey = target.look()
        run.closed = close_intents(journal, run.survey)
        narrowed = narrow(planned, survey, run.survey, wish)
        run.kept = list(narrowed.kept)
        run.results = [Result(verdict, Outcome.GONE, "gone by itself meanwhile") for verdict in narrowed.gone]
        _remove_all(target, narrowed, run, journal, shield)
    return run


def _remove_all(
    target: Target,
    plan: Plan,
    run: Run,
    journal: Journal,
    shield: Callable[[], AbstractContextManager[None]],
) -> None:
    try:
        for verdict in plan.steps:
            if target.deadline.passed():
                raise target.deadline.error()
            with shield():
                run.results.append(remove_lock(verdict, run.survey, target.remover, journal))
            if run.lost:
                raise ConnectionLost("the connection was lost in the middle", "Run the command again: it looks first")
    except LockctlError as error:
        run.stopped = error
    done = {result.verdict.file.id for result in run.results}
    why = "not tried: the run was ended before its turn"
    run.kept += [Kept(verdict, why) for verdict in plan.steps if verdict.file.id not in done]


def _pauses(deadline: Deadline, tell_waiting: Callable[[], None]) -> Iterator[None]:
    tell_waiting()
    for _ in range(round(MAX_WAIT / _POLL_SECONDS)):
        sleep(deadline.cap(_POLL_SECONDS))
        yield
    raise JournalError("another lockctl on this machine does not come to an end", "Look for it: pgrep -af lockctl")
