"""`lockctl list`: who holds what, and what can run now."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.opening import make_console, open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, HostOption, JsonOption, OlderOption, with_common
from lockctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockctl.cli.console import Console
    from lockctl.liveness.evidence import State, Verdict
    from lockctl.survey.values import Survey


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
    format_: Annotated[
        Format | None,
        typer.Option("--format", metavar="FORM", help="table, if not told otherwise; wide, json, csv or markdown."),
    ] = None,
    json: JsonOption = False,
) -> int:
    """Show who holds which lock, and why it is called so."""
    states = _find_states(state) if state else frozenset()
    if json and format_ not in (None, Format.JSON):
        raise UsageError(f"--json and --format {format_.value} exclude each other", "Leave one of them out")
    console = make_console(common)
    with open_session(common, console) as session:
        session.connect()
        # Imported while the key is being derived, which takes longer.
        from lockctl.render import as_json, outlook, table
        from lockctl.survey.values import Selection

        survey = session.look()
    selection = Selection(tuple(host or ()), states=states, older=older)
    chosen = _sort([verdict for verdict in survey.verdicts if selection.covers(verdict)], sort)
    if json or format_ is Format.JSON:
        console.result_in_pieces(as_json.dump_list(survey, chosen))
    else:
        shown = len(chosen) if states or host or older is not None else None
        console.result(_render(survey, chosen, format_ or Format.TABLE, console, shown))
        if format_ is None and console.width():
            console.note(outlook.next_step(survey, named=common.repo is not None))
    for line in table.unread_lines(survey):
        console.warn(line)
    return 3 if survey.unread else 0


def _find_states(names: list[str]) -> frozenset[State]:
    """Raises UsageError, with the names that there are."""
    from lockctl.liveness.evidence import State

    known = [state.value for state in State]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UsageError(f"no such state: {', '.join(unknown)}", f"The states are {', '.join(known)}")
    return frozenset(State(name) for name in names)


def _sort(verdicts: list[Verdict], sort: Sort) -> list[Verdict]:
    match sort:
        case Sort.HOST:
            return sorted(verdicts, key=lambda v: (v.file.lock.hostname if v.file.lock else "", v.file.id))
        case Sort.STATE:
            from lockctl.liveness.evidence import State

            order = list(State)
            return sorted(verdicts, key=lambda v: order.index(v.state))
        case Sort.ID:
            return sorted(verdicts, key=lambda v: v.file.id)
        case Sort.AGE:
            return verdicts  # as the survey has them


def _render(survey: Survey, chosen: Sequence[Verdict], form: Format, console: Console, shown: int | None) -> str:
    """`shown` is how many a filter left, None where there is none."""
    from lockctl.render import as_csv, outlook, table

    match form:
        case Format.CSV:
            return as_csv.csv_text(chosen)
        case Format.MARKDOWN:
            return table.markdown_table(chosen, survey.held)
        case _:
            wide = form is Format.WIDE
            width = 0 if wide else console.width()
            locks = table.lock_table(chosen, console.colour, width, held=survey.held, whole_ids=wide) if chosen else ""
            return "\n".join(
                [*([locks, ""] if chosen else []), *outlook.list_foot(survey, console.colour, shown, console.width())]
            )
