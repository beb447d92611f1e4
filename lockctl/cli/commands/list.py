"""`lockctl list`: who holds what, and what can run now."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.opening import (
    find_access,
    make_console,
    open_journal,
    open_repository,
    report_returned,
    start_deadline,
)
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, HostOption, JsonOption, OlderOption, with_common
from lockctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockctl.liveness.evidence import Verdict
    from lockctl.survey.values import Survey

STATES = "foreign unreadable writing damaged undecodable superseded active dead stale overdue doubtful".split()


class Format(str, Enum):  # noqa: UP042 - typer shows the values of a str Enum as choices
    """The forms of the list."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class Sort(str, Enum):  # noqa: UP042
    """The orders of the list."""

    AGE = "age"
    HOST = "host"
    STATE = "state"
    ID = "id"


@with_common(*REPOSITORY, *OUTPUT)
def list_locks(
    common: Common,
    state: Annotated[list[str] | None, typer.Option(metavar="STATE", help="Only locks in this state.")] = None,
    host: HostOption = None,
    older: OlderOption = None,
    sort: Annotated[Sort, typer.Option(help="The order of the locks; age puts the oldest first.")] = Sort.AGE,
    format_: Annotated[Format, typer.Option("--format", help="The form of the list.")] = Format.TABLE,
    json: JsonOption = False,
) -> int:
    """Show who holds which lock, and why it is called so."""
    unknown = set(state or ()) - set(STATES)
    if unknown:
        raise UsageError(f"no such state: {', '.join(sorted(unknown))}", f"The states are {', '.join(STATES)}")
    console = make_console(common)
    deadline = start_deadline(common)
    with open_repository(find_access(common, console, deadline), console, deadline) as opened:
        # Imported while the key is being derived, which takes longer.
        from lockctl.render import as_csv, as_json, table  # noqa: F401

        survey = opened.look()
    report_returned(open_journal(common), survey, console)
    chosen = _choose(survey, state or (), host or (), older, sort)
    console.result(_render(survey, chosen, Format.JSON if json else format_, console.colour))
    if survey.unread:
        console.warn("some locks could not be read: the server does not permit it, or another program has them open")
        return 3
    return 0


def _choose(
    survey: Survey, states: Sequence[str], hosts: Sequence[str], older: float | None, sort: Sort
) -> list[Verdict]:
    chosen = [
        verdict
        for verdict in survey.verdicts
        if (not states or verdict.state.value in states)
        and (not hosts or (verdict.file.lock is not None and verdict.file.lock.hostname in hosts))
        and (older is None or (verdict.age or 0.0) > older)
    ]
    match sort:
        case Sort.HOST:
            chosen.sort(key=lambda v: (v.file.lock.hostname if v.file.lock else "", v.file.id))
        case Sort.STATE:
            chosen.sort(key=lambda v: STATES.index(v.state.value))
        case Sort.ID:
            chosen.sort(key=lambda v: v.file.id)
        case Sort.AGE:
            pass  # as the survey has them
    return chosen


def _render(survey: Survey, chosen: Sequence[Verdict], form: Format, colour: bool) -> str:
    from lockctl.render import as_csv, as_json, table

    match form:
        case Format.JSON:
            return as_json.dump(as_json.list_object(survey, chosen))
        case Format.CSV:
            return as_csv.csv_text(chosen)
        case Format.MARKDOWN:
            return table.lock_table(chosen, colour=False, format_name="github")
        case _:
            wide = form is Format.WIDE
            lines = [table.lock_table(chosen, colour, wide=wide), ""] if chosen else []
            return "\n".join([*lines, table.summary(survey), table.can_run(survey)])
