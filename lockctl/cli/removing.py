"""What `prune` and `rm` share: survey, plan, question, removal, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from lockctl.cli.following import follow, settle
from lockctl.cli.opening import (
    Access,
    find_access,
    open_journal,
    open_repository,
    report_returned,
    start_deadline,
)
from lockctl.cli.options import Common
from lockctl.cli.signals import SIGNALS
from lockctl.clock.deadline import Deadline
from lockctl.errors import Declined, Interrupted, LockctlError
from lockctl.removal.plan import Wish, make_plan

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.liveness.evidence import Verdict
    from lockctl.liveness.probe import Answers
    from lockctl.removal.plan import Plan
    from lockctl.removal.report import Run
    from lockctl.removal.run import Target
    from lockctl.state.journal import Journal
    from lockctl.state.records import Record
    from lockctl.survey.values import Survey

_LOOK_SECONDS = 15.0
"""For a new connection after one was lost."""


@dataclass(frozen=True, slots=True)
class Removing:
    """How a command removes. `wish_for` says what the user wants of a survey, `ask` raises where the answer is no."""

    schema: str
    wish_for: Callable[[Survey], Wish]
    ask: Callable[[Survey, Plan, Console, bool], None]
    dry_run: bool = False
    json: bool = False
    trust_clock: str | None = None
    watch: float | None = None
    """Seconds to stay at most until doubt is settled; None for not at all."""


def remove_locks(common: Common, removing: Removing, console: Console) -> Run:
    """Looks, plans, asks, removes and says what was done."""
    deadline = start_deadline(common)
    journal = open_journal(common)
    access = find_access(common, console, deadline)
    if removing.watch is not None:
        _stay(removing, removing.watch, access, journal, console, deadline)
    with open_repository(access, console, deadline) as opened:
        from lockctl.removal.run import Target

        look = partial(opened.look, trust_clock=removing.trust_clock)
        target = Target(look, opened.transport, deadline)
        run = _remove(target, removing, journal, console)
    _look_again(run, journal, access, console, deadline)
    return run


def exit_status(run: Run) -> int:
    """The run's own, or that of a signal which came meanwhile."""
    return Interrupted(SIGNALS.received).status if SIGNALS.received else run.status


def ask_for_all(survey: Survey, plan: Plan, console: Console, json: bool) -> None:
    """One question for the whole plan, which says how much of it rests on the clocks of others."""
    from lockctl.render.table import plan_question, plan_table

    (console.note if json else console.result)(plan_table(plan, console.colour))
    if not console.confirm(plan_question(plan, survey.policy)):
        raise Declined("nothing was removed: the answer was no")


def _stay(
    removing: Removing, seconds: float, access: Access, journal: Journal, console: Console, deadline: Deadline
) -> None:
    """Watches until each lock is settled about which there is doubt. The removal looks anew after that."""
    from lockctl.removal.plan import is_unsettled

    answers: Answers = {}

    def unsettled(survey: Survey) -> list[Verdict]:
        wish = removing.wish_for(survey)
        return [verdict for verdict in survey.verdicts if is_unsettled(verdict, wish)]

    surveys = follow(access, lambda opened: opened.look(removing.trust_clock, answers), journal, console, deadline)
    settle(surveys, unsettled, seconds, console, deadline)


def _remove(target: Target, removing: Removing, journal: Journal, console: Console) -> Run:
    from lockctl.removal.aftermath import held_ids
    from lockctl.removal.report import Run
    from lockctl.removal.run import close_open_intents, remove_planned

    survey = target.look()
    if not removing.dry_run:
        _tell_closed(close_open_intents(journal, survey, target.look), console)
    report_returned(journal, survey, console)
    wish = replace(removing.wish_for(survey), held=held_ids(journal.records()))
    plan = make_plan(survey, wish)
    run = Run(survey, list(plan.kept))
    if removing.dry_run:
        _show_dry_run(survey, plan, console, removing)
        run.planned = plan.steps
        return run
    if plan.steps:
        if not wish.unattended:
            removing.ask(survey, plan, console, removing.json)
        waiting = "waiting for another lockctl on this machine that is removing locks"
        run = remove_planned(target, survey, wish, journal, SIGNALS.shield, lambda: console.note(waiting))
    # What was removed is told once, whatever comes meanwhile; `exit_status` tells of the signal.
    with suppress(Interrupted), SIGNALS.shield():
        _show_run(run, console, removing)
    _look_after(target, run, journal, console)
    return run


def _look_after(target: Target, run: Run, journal: Journal, console: Console) -> None:
    """A last look, after something was removed: an owner that lived may be back already."""
    from lockctl.state.records import Outcome

    if run.stopped is not None or SIGNALS.received or not run.of(Outcome.REMOVED):
        return
    try:
        report_returned(journal, target.look(), console)
    except Interrupted as error:
        console.fail(str(error))
    except LockctlError:
        return  # what was done is done and told, and the next run looks again


def _tell_closed(closed: Iterable[Record], console: Console) -> None:
    for record in closed:
        console.warn(f"an earlier run was ended at lock {record.removed.id[:8]}: {record.outcome_text}")


def _look_again(run: Run, journal: Journal, access: Access, console: Console, deadline: Deadline) -> None:
    """After a lost connection: one new one, to see what became of the lock that nobody knows of."""
    if not run.lost:
        return
    from lockctl.removal.run import close_open_intents

    try:
        with open_repository(access, console, Deadline(deadline.cap(_LOOK_SECONDS))) as opened:
            _tell_closed(close_open_intents(journal, run.survey, opened.look), console)
    except LockctlError:
        console.warn("the server cannot be asked again: the next run looks what became of that lock")


def _show_dry_run(survey: Survey, plan: Plan, console: Console, removing: Removing) -> None:
    from lockctl.render import as_json, table
    from lockctl.render.words import count

    if removing.json:
        console.result(as_json.dump(as_json.plan_object(survey, plan, removing.schema)))
        return
    if plan.steps or plan.kept:
        console.result(table.plan_table(plan, console.colour))
    console.result(f"dry run: {count(len(plan.steps), 'lock')} would be removed, {len(plan.kept)} kept")


def _show_run(run: Run, console: Console, removing: Removing) -> None:
    from lockctl.render import as_json, table

    _tell_closed(run.closed, console)
    if removing.json:
        console.result(as_json.dump(as_json.run_object(run, removing.schema)))
    else:
        for line in table.removal_lines(run):
            console.result(line)
        console.note(table.run_summary(run, console.colour))
    for line in table.failure_lines(run):
        console.fail(line)
    if run.forgetful:
        console.warn(f"locks wait to be seen here for long enough, and no earlier run is remembered: {run.forgetful}")
