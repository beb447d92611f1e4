"""One run of removals: a plan is made, shown by whoever asked for it, and carried out. Asks and prints nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from time import sleep
from typing import Protocol

from lockctl.clock.deadline import Deadline
from lockctl.errors import ConnectionLost, Interrupted, JournalError, LockctlError
from lockctl.removal.aftermath import close_intents, close_left_open
from lockctl.removal.plan import Plan, Wish, make_plan, narrow
from lockctl.removal.report import Report, Result
from lockctl.removal.step import remove_locks
from lockctl.state.records import Outcome
from lockctl.survey.session import Session

MAX_WAIT = 600.0
"""Seconds for another run of this machine to finish its removals."""
BATCH = 64
"""Locks that are removed together. Each one's handle shares nothing but reading until all are compared: so many are
opened and read within some ten milliseconds, for which an owner that comes back has to wait."""
_POLL_SECONDS = 0.05
_LOOK_SECONDS = 15.0
"""For a new connection after one was lost."""


class Attendant(Protocol):
    """Whoever lets a plan be carried out, and is told of it."""

    def shield(self) -> AbstractContextManager[None]:
        """Where no signal may come in between."""

    def waiting(self) -> None:
        """Another run of this machine is removing locks there, and is waited for."""

    def report(self, report: Report) -> bool:
        """All is done that can be done. Whether a last look may follow: not after a signal."""


def prepare(session: Session, wish: Wish, ids: Iterable[str] = (), *, dry_run: bool = False) -> Plan:
    """Looks, and plans what the user wants. `ids` are beginnings of those to which it is restricted, if there are any.

    Closes what an earlier run left open, unless it is a dry run. Raises UnknownLock, JournalError, and as `look` does.
    """
    session.journal.records()  # without the journal nothing is removed
    survey = session.look()
    if not dry_run:
        survey = close_left_open(session, survey)
    named = frozenset(survey.pick(beginning).file.id for beginning in ids)
    if named:
        wish = replace(wish, selection=replace(wish.selection, ids=named))
    return make_plan(survey, wish)


def carry_out(session: Session, plan: Plan, attendant: Attendant) -> Report:
    """Looks a second time, removes what still stands as planned, and looks a last time.

    Other runs of this machine are waited for. What is removed is what the plan shows, or less.
    """
    report = Report(plan)
    try:
        if plan.steps:
            _remove_planned(session, report, attendant)
    except Interrupted as error:
        if not report.results:
            raise
        report.stopped = error  # it came after the last batch: what was done is told all the same
    if attendant.report(report):
        _look_after(session, report)
    return report


def _remove_planned(session: Session, report: Report, attendant: Attendant) -> None:
    with session.journal.exclusive(report.survey.key, _pauses(session.deadline, attendant.waiting)):
        survey = close_intents(session, session.look(anew=True))
        report.plan = narrow(report.plan, survey)
        report.results = [Result(verdict, Outcome.GONE, "gone by itself meanwhile") for verdict in report.plan.gone]
        _remove_all(session, report, attendant.shield)


def _remove_all(session: Session, report: Report, shield: Callable[[], AbstractContextManager[None]]) -> None:
    try:
        for start in range(0, len(report.plan.steps), BATCH):
            if session.deadline.passed():
                raise session.deadline.error()
            batch = report.plan.steps[start : start + BATCH]
            session.teller.doing(f"removing locks: {start} of {len(report.plan.steps)} done")
            with shield():
                report.results += remove_locks(batch, report.survey, session.connect(), session.journal)
            if report.lost:
                raise ConnectionLost("the connection was lost in the middle", "Run the command again: it looks first")
    except LockctlError as error:
        report.stopped = error
    finally:
        session.teller.doing("")


def _look_after(session: Session, report: Report) -> None:
    """An owner that lived may be back already, which the session tells; and what nobody knows of may show itself."""
    removed = any(result.outcome is Outcome.REMOVED for result in report.results)
    try:
        if report.lost:
            session.drop()
            session.connect(Deadline(session.deadline.cap(_LOOK_SECONDS)))
            close_left_open(session, report.survey)
        elif report.stopped is None and removed:
            session.look()
    except LockctlError:
        if report.lost:
            lost = sum(result.lost for result in report.results)
            which = "that lock" if lost == 1 else f"those {lost} locks"
            session.teller.warn(f"the server cannot be asked again: the next run looks what became of {which}")
        # Else what was done is done and told, and the next run looks again.


def _pauses(deadline: Deadline, tell_waiting: Callable[[], None]) -> Iterator[None]:
    tell_waiting()
    for _ in range(round(MAX_WAIT / _POLL_SECONDS)):
        sleep(deadline.cap(_POLL_SECONDS))
        yield
    raise JournalError("another lockctl on this machine does not come to an end", "Look for it: pgrep -af lockctl")
