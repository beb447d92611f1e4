"""`lockctl watch`: the list, live, as locks come, are renewed and go."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.console import Console
from lockctl.cli.following import follow
from lockctl.cli.log_following import LogFollower
from lockctl.cli.opening import make_console, open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, with_common
from lockctl.clock.boot import boottime
from lockctl.errors import Interrupted
from lockctl.render.harmless import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lockctl.survey.values import Survey

_EVENTS = 8
"""That are shown below the list."""
_KEPT = 200
"""Lines of what was said that are told again at the end."""


@with_common(*REPOSITORY, *OUTPUT)
def watch(
    common: Common,
    log: Annotated[
        str | None,
        typer.Option("--log", metavar="FILE", help="Follow restic's output too, and tell what goes wrong with locks."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each event.")] = False,
) -> int:
    """Show the locks live, as they come, are renewed and go."""
    console = make_console(common)
    listener = LogFollower(log) if log is not None else None
    screen = _Screen(colour=console.colour) if not json and _can_draw() else None
    try:
        with (
            open_session(common, console, teller=screen) as session,
            closing(follow(session, screen or console)) as surveys,
            closing(listener) if listener is not None else nullcontext(),
        ):
            if screen is None:
                _print_events(surveys, console, listener, json)
            else:
                _fill_screen(surveys, screen, console, listener)
    except Interrupted as error:
        return error.status  # which is how one ends it, and no failure
    return 0


@dataclass(frozen=True, slots=True)
class _Screen(Console):
    """Keeps what is said while the list fills the screen: it is shown below it, and told again at the end."""

    said: list[str] = field(default_factory=list)
    fills: Event = field(default_factory=Event)
    """Set while the list fills the screen, which itself shows what goes on."""

    def progress(self, text: str) -> None:
        """Until then."""
        if not self.fills.is_set():
            Console.progress(self, text)

    def doing(self, text: str) -> None:
        """Until then."""
        if not self.fills.is_set():
            Console.doing(self, text)

    def _say(self, text: str) -> None:
        if not self.fills.is_set():
            Console._say(self, text)
            return
        self.said.append(visible(text))
        del self.said[:-_KEPT]


def _can_draw() -> bool:
    """Whether standard output is a terminal on which a cursor can be moved."""
    if not sys.stdout.isatty():
        return False
    from rich.console import Console as Terminal

    terminal = Terminal()
    return terminal.is_terminal and not terminal.is_dumb_terminal


def _print_events(surveys: Iterator[Survey | None], console: Console, listener: LogFollower | None, json: bool) -> None:
    """A line for each event, as long as anybody reads them."""
    from lockctl.render.as_json import dump, event_object
    from lockctl.render.live import event_lines
    from lockctl.survey.changes import find_changes

    last: Survey | None = None
    for survey in surveys:
        if not console.is_read():
            return
        lines: list[str] = []
        if survey is not None:
            changes = find_changes(last.verdicts if last is not None else None, survey.verdicts)
            last = survey
            lines = [dump(event_object(survey, one)) for one in changes] if json else event_lines(survey, changes)
        if listener is not None and last is not None:
            lines += listener.lines(last, json=json)
        for line in lines:
            if not console.result(line):
                return


def _fill_screen(
    surveys: Iterator[Survey | None], screen: _Screen, console: Console, listener: LogFollower | None
) -> None:
    """The list on a screen of its own, drawn again each second."""
    from rich.console import Console as Terminal
    from rich.live import Live

    from lockctl.render.live import event_lines, live_view
    from lockctl.survey.changes import find_changes

    events: deque[str] = deque(maxlen=_EVENTS)
    survey, looked = None, 0.0
    terminal = Terminal()
    live = Live(console=terminal, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
    with ExitStack() as filled:
        filled.callback(_tell_again, screen, console)
        for seen in surveys:
            if seen is not None:
                if survey is None:
                    screen.fills.set()
                    filled.enter_context(live)
                else:
                    events.extend(event_lines(seen, find_changes(survey.verdicts, seen.verdicts)))
                survey, looked = seen, boottime()
            if survey is not None:
                events.extend(listener.lines(survey) if listener is not None else ())
                below = [*events, *screen.said[-_EVENTS:]]
                view = live_view(survey, boottime() - looked, below, screen.colour, terminal.size)
                live.update(view, refresh=True)


def _tell_again(screen: _Screen, console: Console) -> None:
    """What was said while the list filled the screen."""
    for line in screen.said:
        console.tell(line)
