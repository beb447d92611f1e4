"""`lockctl show`: one lock, and each fact that its state rests on."""

from __future__ import annotations

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
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, JsonOption, with_common
from lockctl.errors import UnknownLock

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.clock.deadline import Deadline
    from lockctl.liveness.evidence import Verdict
    from lockctl.liveness.probe import Answers
    from lockctl.state.journal import Journal
    from lockctl.survey.values import Survey
from lockctl.cli.picking import pick

WATCH_SECONDS = 1860.0
"""By then everything is settled: restic's half hour, and a minute."""


@with_common(*REPOSITORY, *OUTPUT)
def show(
    common: Common,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The lock's id, or an unambiguous beginning of it.")],
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay until the lock is renewed, gone or settled, 31 minutes at most.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """Show one lock with all that is known of it."""
    console = make_console(common)
    deadline = start_deadline(common)
    access, journal = find_access(common, console, deadline), open_journal(common)
    if watch:
        first, survey = _stay(id_, access, journal, console, deadline)
        if all(verdict.file.id != first.file.id for verdict in survey.verdicts):
            _show_end(first, survey, console, json)
            return 0
        id_ = first.file.id
    else:
        with open_repository(access, console, deadline) as opened:
            # Imported while the key is being derived, which takes longer.
            from lockctl.render import as_json, details  # noqa: F401

            survey = opened.look()
        report_returned(journal, survey, console)
    _show(pick(survey, id_), survey, journal, console, json)
    return 0


def _show(verdict: Verdict, survey: Survey, journal: Journal, console: Console, json: bool) -> None:
    from lockctl.removal.aftermath import held_ids
    from lockctl.render import as_json, details

    if json:
        fields = {**as_json.header(survey, "lockctl.show/1"), "lock": as_json.lock_object(verdict)}
        console.result(as_json.dump(fields))
    else:
        held = verdict.file.id in held_ids(journal.records())
        console.result(details.describe(verdict, survey.clocks, console.colour, held))


def _stay(id_: str, access: Access, journal: Journal, console: Console, deadline: Deadline) -> tuple[Verdict, Survey]:
    """The lock as it was first seen, and the survey that settled it."""
    from lockctl.cli.following import follow, settle
    from lockctl.removal.plan import Wish, is_unsettled

    first: Verdict | None = None

    def unsettled(survey: Survey) -> list[Verdict]:
        nonlocal first
        first = first or pick(survey, id_)
        return [v for v in survey.verdicts if v.file.id == first.file.id and is_unsettled(v, Wish())]

    answers: Answers = {}
    surveys = follow(access, lambda opened: opened.look(answers=answers), journal, console, deadline)
    survey = settle(surveys, unsettled, WATCH_SECONDS, console, deadline)
    if first is None or survey is None:
        raise UnknownLock("nothing could be seen", "Run the command again")
    return first, survey


def _show_end(first: Verdict, survey: Survey, console: Console, json: bool) -> None:
    """The lock is not there any more: renewed, or gone."""
    from lockctl.render import as_json
    from lockctl.render.table import removal_line
    from lockctl.survey.changes import find_renewal

    renewal = find_renewal(first, survey.verdicts)
    if json:
        fields = {
            **as_json.header(survey, "lockctl.show/1"),
            "lock": None,
            "renewed_as": renewal.file.id if renewal is not None else None,
        }
        console.result(as_json.dump(fields))
    elif renewal is not None:
        console.result(f"{removal_line(first, {})} was renewed, as {renewal.file.id[:8]}: its owner lives")
    else:
        console.result(f"{removal_line(first, {})} is gone")
