"""`lockctl prune`: shows the plan, asks, looks again, removes."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.opening import make_console, open_journal, open_repository, report_returned, start_deadline
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, HostOption, JsonOption, OlderOption, with_common
from lockctl.cli.signals import SIGNALS
from lockctl.errors import Declined, LocksRemain, Unreachable

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.journal import Journal
    from lockctl.plan import Plan
    from lockctl.pruning import Run
    from lockctl.survey import Survey


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
    with open_repository(common, console, deadline) as opened:
        from lockctl.plan import Wish, make_plan
        from lockctl.pruning import Run, Target, remove_planned, survey_before_removal
        from lockctl.removal import held_ids

        trust = trust_clock.value if trust_clock is not None else None
        target = Target(opened.repository, opened.transport, opened.place.shown, deadline, trust)
        survey = survey_before_removal(target, experiment=not dry_run)
        if not dry_run:
            _tell_closed(journal, survey, console)
        report_returned(journal, survey, console)
        wish = Wish(older, tuple(host or ()), yes, held_ids(journal.records()))
        plan = make_plan(survey, wish)
        if dry_run:
            _show_dry_run(survey, plan, console, json)
            return 3 if survey.unread else 0
        if not plan.steps:
            run = Run(survey, list(plan.kept))
        else:
            if not yes:
                _ask(plan, console, json)
            run = remove_planned(target, survey, wish, journal, SIGNALS.shield)
    _look_again(run, journal, common, console)
    _show_run(run, console, json)
    return _status(run, fail_if_locked)


def _ask(plan: Plan, console: Console, json: bool) -> None:
    from lockctl.render.table import plan_table
    from lockctl.render.text import count

    (console.note if json else console.result)(plan_table(plan, console.colour))
    if not console.confirm(f"Remove {count(len(plan.steps), 'lock')}?"):
        raise Declined("nothing was removed: the answer was no")


def _tell_closed(journal: Journal, survey: Survey, console: Console) -> None:
    from lockctl.pruning import close_open_intents

    for record in close_open_intents(journal, survey):
        console.warn(f"an earlier run was ended at lock {record.removed.id[:8]}: {record.outcome_text}")


def _look_again(run: Run, journal: Journal, common: Common, console: Console) -> None:
    """After a lost connection: one new one, to see what became of the lock that nobody knows of."""
    if not any(result.failed and result.outcome.value == "unknown" for result in run.results):
        return
    from lockctl.survey import take_survey

    try:
        with open_repository(common, console, start_deadline(common)) as opened:
            _tell_closed(journal, take_survey(opened.repository, opened.place.shown), console)
    except Unreachable:
        console.warn("the server cannot be reached again: the next run looks what became of it")


def _show_dry_run(survey: Survey, plan: Plan, console: Console, json: bool) -> None:
    from lockctl.render import jsonform, table
    from lockctl.render.text import count

    if json:
        console.result(jsonform.dump(jsonform.plan_object(survey, plan)))
        return
    if plan.steps or plan.kept:
        console.result(table.plan_table(plan, console.colour))
    console.result(f"dry run: {count(len(plan.steps), 'lock')} would be removed, {len(plan.kept)} kept")


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


def _status(run: Run, fail_if_locked: bool) -> int:
    gone = {result.verdict.file.id for result in run.results if not result.failed and result.outcome.value != "kept"}
    left = [v for v in run.survey.verdicts if v.blocks and v.file.id not in gone]
    if run.status == 0 and fail_if_locked and left:
        raise LocksRemain(f"{len(left)} of the locks that block restic remain", "See 'lockctl list'")
    return run.status
