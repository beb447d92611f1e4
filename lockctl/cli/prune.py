"""`lockctl prune`: shows the plan, asks, looks again, removes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.opening import (
    Access,
    find_access,
    make_console,
    open_journal,
    open_repository,
    report_returned,
    start_deadline,
)
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, HostOption, JsonOption, OlderOption, with_common
from lockctl.cli.signals import SIGNALS
from lockctl.deadline import Deadline
from lockctl.errors import Declined, Interrupted, LockctlError, LocksRemain
from lockctl.plan import Wish, make_plan

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.journal import Journal
    from lockctl.plan import Plan
    from lockctl.pruning import Run, Target
    from lockctl.survey import Survey


_LOOK_SECONDS = 15.0
"""For a new connection after one was lost."""


class Trusted(str, Enum):  # noqa: UP042 - typer shows the values of a str Enum as choices
    """A clock that the user vouches for."""

    OWNER = "owner"
    SERVER = "server"


@with_common(*REPOSITORY, *OUTPUT)
def prune(
    common: Common,
    older: OlderOption = None,
    host: HostOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and remove nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; remove only what needs no person's word.")] = False,
    trust_clock: Annotated[
        Trusted | None,
        typer.Option(help="Take this one clock for right, where the other is known to be wrong."),
    ] = None,
    fail_if_locked: Annotated[
        bool, typer.Option("--fail-if-locked", help="Exit with 11 where a lock that blocks restic remains.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """Remove stale locks, after asking, so that it can be undone."""
    console = make_console(common)
    deadline = start_deadline(common)
    journal = open_journal(common)
    access = find_access(common, console, deadline)
    with open_repository(access, console, deadline) as opened:
        from lockctl.pruning import Target

        trust = trust_clock.value if trust_clock is not None else None
        target = Target(opened.repository, opened.transport, opened.address, deadline, trust, opened.memory)
        wish = Wish(older, tuple(host or ()), yes)
        run = _prune(target, wish, journal, console, dry_run, json)
    _look_again(run, journal, access, console, deadline)
    return _status(run, fail_if_locked, console)


def _prune(target: Target, wish: Wish, journal: Journal, console: Console, dry_run: bool, json: bool) -> Run:
    from lockctl.pruning import Run, remove_planned, survey_before_removal
    from lockctl.removal import held_ids

    survey = survey_before_removal(target, experiment=not dry_run)
    if not dry_run:
        _tell_closed(journal, target.look, console)
    report_returned(journal, survey, console)
    wish = replace(wish, held=held_ids(journal.records()))
    plan = make_plan(survey, wish)
    run = Run(survey, list(plan.kept))
    if dry_run:
        _show_dry_run(survey, plan, console, json)
        run.planned = plan.steps
        return run
    if plan.steps:
        if not wish.unattended:
            _ask(plan, console, json)
        waiting = "waiting for another lockctl on this machine that is removing locks"
        run = remove_planned(target, survey, wish, journal, SIGNALS.shield, lambda: console.note(waiting))
    _show_run(run, console, json)
    return run


def _ask(plan: Plan, console: Console, json: bool) -> None:
    from lockctl.render.table import plan_table
    from lockctl.render.text import count

    (console.note if json else console.result)(plan_table(plan, console.colour))
    if not console.confirm(f"Remove {count(len(plan.steps), 'lock')}?"):
        raise Declined("nothing was removed: the answer was no")


def _tell_closed(journal: Journal, look: Callable[[], Survey], console: Console) -> None:
    from lockctl.pruning import close_open_intents

    for record in close_open_intents(journal, look):
        console.warn(f"an earlier run was ended at lock {record.removed.id[:8]}: {record.outcome_text}")


def _look_again(run: Run, journal: Journal, access: Access, console: Console, deadline: Deadline) -> None:
    """After a lost connection: one new one, to see what became of the lock that nobody knows of."""
    if not run.lost:
        return
    from lockctl.survey import take_survey

    try:
        with open_repository(access, console, Deadline(deadline.cap(_LOOK_SECONDS))) as opened:
            _tell_closed(journal, lambda: take_survey(opened.repository, opened.address), console)
    except LockctlError:
        console.warn("the server cannot be asked again: the next run looks what became of that lock")


def _show_dry_run(survey: Survey, plan: Plan, console: Console, json: bool) -> None:
    from lockctl.render import jsonform, table
    from lockctl.render.text import count

    if json:
        console.result(jsonform.dump(jsonform.plan_object(survey, plan)))
        return
    if plan.steps or plan.kept:
        console.result(table.plan_table(plan, console.colour))
    console.result(f"dry run: {count(len(plan.steps), 'lock')} would be removed, {len(plan.kept)} kept")
    if plan.steps or any(kept.verdict.removable for kept in plan.kept):
        console.note(
            "a dry run does not test whether the share's creation times are its own; prune does, and then decides"
        )


def _show_run(run: Run, console: Console, json: bool) -> None:
    from lockctl.render import jsonform, table

    if json:
        console.result(jsonform.dump(jsonform.run_object(run)))
    else:
        for line in table.removal_lines(run):
            console.result(line)
        console.note(table.run_summary(run, console.colour))
    for line in table.failure_lines(run):
        console.fail(line)


def _status(run: Run, fail_if_locked: bool, console: Console) -> int:
    if SIGNALS.received:
        return Interrupted(SIGNALS.received).status
    if run.status == 0 and fail_if_locked and run.blocking:
        error = LocksRemain(f"{len(run.blocking)} of the locks that block restic remain", "See 'lockctl list'")
        console.fail(str(error))
        return error.status
    return run.status
