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
    format_: Annotated[Format, typer.Option("--format", help="The form of the list.")] = Format.TABLE,
    json: JsonOption = False,
) -> int:
    """Show who holds which lock, and why it is called so."""
    states = _find_states(state) if state else frozenset()
    console = make_console(common)
    with open_session(common, console) as session:
        session.connect()
        # Imported while the key is being derived, which takes longer.
        from lockctl.render import as_json, table
        from lockctl.survey.values import Selection

        survey = session.look()
    selection = Selection(tuple(host or ()), states=states, older=older)
    chosen = _sort([verdict for verdict in survey.verdicts if selection.covers(verdict)], sort)
    if json or format_ is Format.JSON:
        console.result_in_pieces(as_json.dump_list(survey, chosen))
    else:
        console.result(_render(survey, chosen, format_, console.colour))
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


def _render(survey: Survey, chosen: Sequence[Verdict], form: Format, colour: bool) -> str:
    from lockctl.render import as_csv, table

    match form:
        case Format.CSV:
            return as_csv.csv_text(chosen)
        case Format.MARKDOWN:
            return table.lock_table(chosen, colour=False, format_name="github")
        case _:
            wide = form is Format.WIDE
            lines = [table.lock_table(chosen, colour, wide=wide), ""] if chosen else []
            return "\n".join([*lines, table.summary(survey), table.can_run(survey)])
