"""`lockctl rm`: the same as `prune` for named locks, and the one way to remove a lock whatever its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.opening import make_console
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, DryRunOption, JsonOption, YesOption, with_common
from lockctl.cli.picking import pick
from lockctl.cli.removing import Removing, ask_for_all, exit_status, remove_locks
from lockctl.errors import Declined, UsageError
from lockctl.removal.plan import Wish

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.removal.plan import Plan
    from lockctl.survey.values import Survey


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

    def wish_for(survey: Survey) -> Wish:
        named = frozenset(pick(survey, beginning).file.id for beginning in ids)
        return Wish(unattended=yes, ids=named, force=force)

    ask = _ask_for_id if force else ask_for_all
    run = remove_locks(common, Removing("lockctl.rm/1", wish_for, ask, dry_run, json), console)
    from lockctl.render.table import describe_kept

    status = exit_status(run)
    left = [kept for kept in run.kept if any(kept.verdict.file.id.startswith(beginning) for beginning in ids)]
    for kept in left:
        console.fail(f"{kept.verdict.file.id[:8]} is {kept.verdict.state.value} and was kept: {describe_kept(kept)}")
    return status or (1 if left else 0)


def _ask_for_id(survey: Survey, plan: Plan, console: Console, json: bool) -> None:
    from lockctl.render.details import describe
    from lockctl.render.words import short_ids

    (verdict,) = plan.steps
    (console.note if json else console.result)(describe(verdict, survey.clocks, console.colour))
    short = short_ids([verdict.file.id])[verdict.file.id]
    question = f"If its owner lives, others can lock beside it then. Type {short} to remove it all the same:"
    if console.ask(question) != short:
        raise Declined("nothing was removed: that was not its id")
