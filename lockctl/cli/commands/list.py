"""`lockctl list`: who holds what, and what can run now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.choosing import is_for_several, spell_choice
from lockctl.cli.opening import make_console, open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, SEVERAL, Common, HostOption, JsonOption, OlderOption, with_common
from lockctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockctl.cli.console import Console
    from lockctl.liveness.evidence import State, Verdict
    from lockctl.render.several import Shown
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


@dataclass(frozen=True, slots=True)
class _Wish:
    """Which locks, in which order and form."""

    states: frozenset[State]
    hosts: tuple[str, ...]
    older: float | None
    sort: Sort
    form: Format

    @property
    def is_narrow(self) -> bool:
        """Whether locks may be left out."""
        return bool(self.states or self.hosts or self.older is not None)

    def choose(self, survey: Survey) -> list[Verdict]:
        """The locks that were asked for, in that order."""
        from lockctl.survey.values import Selection

        selection = Selection(self.hosts, states=self.states, older=self.older)
        chosen = [verdict for verdict in survey.verdicts if selection.covers(verdict)]
        match self.sort:
            case Sort.HOST:
                return sorted(chosen, key=lambda v: (v.file.lock.hostname if v.file.lock else "", v.file.id))
            case Sort.STATE:
                from lockctl.liveness.evidence import State

                order = list(State)
                return sorted(chosen, key=lambda verdict: order.index(verdict.state))
            case Sort.ID:
                return sorted(chosen, key=lambda verdict: verdict.file.id)
            case Sort.AGE:
                return chosen  # as the survey has them


@with_common(*REPOSITORY, *SEVERAL, *OUTPUT)
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
    wish = _Wish(states, tuple(host or ()), older, sort, Format.JSON if json else format_ or Format.TABLE)
    console = make_console(common)
    if is_for_several(common):
        return _list_several(common, console, wish)
    with open_session(common, console) as session:
        session.connect()
        # Imported while the key is being derived, which takes longer.
        from lockctl.render import as_json, outlook, table
        from lockctl.survey import values  # noqa: F401

        survey = session.look()
    chosen = wish.choose(survey)
    if wish.form is Format.JSON:
        console.result_in_pieces(as_json.dump_list(survey, chosen))
    else:
        console.result(_render(survey, chosen, wish, console))
        if format_ is None and console.width():
            console.note(outlook.next_step([survey], spell_choice(common)))
    for line in table.unread_lines(survey):
        console.warn(line)
    return 3 if survey.unread else 0


def _list_several(common: Common, console: Console, wish: _Wish) -> int:
    from lockctl.cli.several import Several, common_status
    from lockctl.render import as_json, outlook, table
    from lockctl.render.several import Shown

    statuses: list[int] = []
    found: list[tuple[int, Shown]] = []
    for seen, survey in Several(common, console).visit(lambda session: session.look()):
        if survey is None:
            statuses.append(seen.fail(json=wish.form is Format.JSON))
            continue
        shown = Shown(survey, wish.choose(survey))
        if wish.form is Format.JSON:
            console.result_in_pieces(as_json.dump_list(survey, shown.verdicts))
        found.append((seen.number, shown))
        for line in table.unread_lines(survey):
            seen.console.warn(line)
        statuses.append(3 if survey.unread else 0)
    if wish.form is not Format.JSON and found:
        found.sort(key=lambda one: one[0])
        console.result(_render_several([shown for _, shown in found], wish, console))
        if wish.form is Format.TABLE and console.width():
            console.note(outlook.next_step([shown.survey for _, shown in found], spell_choice(common)))
    return common_status(statuses)


def _find_states(names: list[str]) -> frozenset[State]:
    """Raises UsageError, with the names that there are."""
    from lockctl.liveness.evidence import State

    known = [state.value for state in State]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise UsageError(f"no such state: {', '.join(unknown)}", f"The states are {', '.join(known)}")
    return frozenset(State(name) for name in names)


def _render(survey: Survey, chosen: Sequence[Verdict], wish: _Wish, console: Console) -> str:
    from lockctl.render import as_csv, outlook, table

    match wish.form:
        case Format.CSV:
            return as_csv.csv_text(chosen)
        case Format.MARKDOWN:
            return table.markdown_table(chosen, survey.held)
        case _:
            wide = wish.form is Format.WIDE
            width = 0 if wide else console.width()
            locks = table.lock_table(chosen, console.colour, width, held=survey.held, whole_ids=wide) if chosen else ""
            shown = len(chosen) if wish.is_narrow else None
            return "\n".join(
                [*([locks, ""] if chosen else []), *outlook.list_foot(survey, console.colour, shown, console.width())]
            )


def _render_several(found: Sequence[Shown], wish: _Wish, console: Console) -> str:
    from lockctl.render import as_csv, several

    match wish.form:
        case Format.CSV:
            return as_csv.several_csv((shown.survey, shown.verdicts) for shown in found)
        case Format.MARKDOWN:
            return several.several_markdown(found)
        case _:
            wide = wish.form is Format.WIDE
            width = 0 if wide else console.width()
            locks = several.several_table(found, console.colour, width, whole_ids=wide)
            foot = several.several_foot(found, console.width(), is_chosen=wish.is_narrow)
            return "\n".join([*([locks, ""] if locks else []), *foot])
