"""`lockctl watch`: the list, live, as locks come, are renewed and go."""

from __future__ import annotations

import sys
from collections import deque
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.following import follow
from lockctl.cli.opening import find_access, make_console, open_journal, start_deadline
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, with_common
from lockctl.deadline import boottime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockctl.cli.console import Console
    from lockctl.survey import Survey

_EVENTS = 8
"""That are shown below the list."""


@with_common(*REPOSITORY, *OUTPUT)
def watch(
    common: Common,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each event.")] = False,
) -> int:
    """Show the locks live, as they come, are renewed and go."""
    console = make_console(common)
    deadline = start_deadline(common)
    access, journal = find_access(common, console, deadline), open_journal(common)
    surveys = follow(access, lambda opened: opened.look(), journal, console, deadline)
    if json or not sys.stdout.isatty():
        _print_events(surveys, console, json)
    else:
        _fill_screen(surveys, console)
    return 0


def _print_events(surveys: Iterator[Survey | None], console: Console, json: bool) -> None:
    """A line for each event, for ever."""
    from lockctl.changes import find_changes
    from lockctl.render.jsonform import dump, event_object
    from lockctl.render.live import event_line

    before = None
    for survey in surveys:
        if survey is None:
            continue
        for change in find_changes(before, survey.verdicts):
            console.result(dump(event_object(survey, change)) if json else event_line(survey, change))
        before = survey.verdicts


def _fill_screen(surveys: Iterator[Survey | None], console: Console) -> None:
    """The list on a screen of its own, drawn again each second."""
    from rich.console import Console as Screen
    from rich.live import Live

    from lockctl.changes import find_changes
    from lockctl.render.live import event_line, live_view

    events: deque[str] = deque(maxlen=_EVENTS)
    survey, looked = None, 0.0
    with Live(console=Screen(), screen=True, auto_refresh=False) as live:
        for seen in surveys:
            if seen is not None:
                if survey is not None:
                    events.extend(event_line(seen, change) for change in find_changes(survey.verdicts, seen.verdicts))
                survey, looked = seen, boottime()
            if survey is not None:
                view = live_view(survey, boottime() - looked, list(events), console.colour)
                live.update(view, refresh=True)
