"""`lockctl rm`: the same as `prune` for named locks, and the one way to remove a lock whatever its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.opening import make_console, open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, DryRunOption, JsonOption, YesOption, with_common
from lockctl.errors import Declined, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lockctl.cli.console import Console
    from lockctl.removal.plan import Kept, Plan


@with_common(*REPOSITORY, *OUTPUT)
def rm(
    common: Common,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of locks, or beginnings of them.")],
    force: Annotated[
        bool, typer.Option("--force", help="Remove one lock whatever its state; asks for its short id.")
    ] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> int:
    """Remove named locks, by the rules of prune or by force."""
    if force and (len(ids) > 1 or yes):
        raise UsageError("--force takes one lock at a time, and a person who types its id", "Leave out --yes")
    console = make_console(common)
    with open_session(common, console) as session:
        # Imported while the key is being derived, which takes longer.
        from lockctl.cli.telling import Telling
        from lockctl.removal.plan import Wish
        from lockctl.removal.run import carry_out, prepare

        telling = Telling(console, "lockctl.rm/1", json)
        plan = prepare(session, Wish(unattended=yes, force=force), ids, dry_run=dry_run)
        if dry_run:
            telling.plan(plan)
            left = _tell_left(plan.wish.selection.ids or (), plan.kept, console)
            return 3 if plan.survey.unread else left
        if plan.steps and force:
            _ask_for_id(plan, console, json)
        elif plan.steps and not yes:
            telling.ask(plan)
        report = carry_out(session, plan, telling)
    left = _tell_left(plan.wish.selection.ids or (), report.kept, console)
    return telling.exit_status(report) or left


def _tell_left(ids: Iterable[str], kept: Iterable[Kept], console: Console) -> int:
    """Says which of these locks stay and why. The exit status for that."""
    from lockctl.render.table import describe_kept

    left = [one for one in kept if one.verdict.file.id in set(ids)]
    for one in left:
        console.fail(f"{one.verdict.file.id[:8]} is {one.verdict.state.value} and was kept: {describe_kept(one)}")
    return 1 if left else 0


def _ask_for_id(plan: Plan, console: Console, json: bool) -> None:
    from lockctl.render.details import describe
    from lockctl.render.words import short_ids

    (verdict,) = plan.steps
    (console.note if json else console.result)(describe(verdict, plan.survey, console.colour, console.width()))
    short = short_ids([verdict.file.id])[verdict.file.id]
    question = f"If its owner lives, others can lock beside it then. Type {short} to remove it all the same:"
    if console.ask(question) != short:
        raise Declined("nothing was removed: that was not its id")
