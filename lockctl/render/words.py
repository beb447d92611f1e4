"""Small pieces of text that are safe to show. Names in locks come from anyone who can write to the share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from lockctl.clock.duration import describe_duration
from lockctl.liveness.evidence import State, Verdict
from lockctl.render.harmless import visible

_SHORT = 8
_MINUTE = 60 * 10**9
GREEN, ORANGE, RED = 28, 130, 160
"""Of the 256 that terminals know: each is as far from black as from white, so it can be read on both."""
_COLOURS = {
    State.ACTIVE: GREEN,
    State.OVERDUE: ORANGE,
    State.DOUBTFUL: ORANGE,
    State.WRITING: ORANGE,
    State.STALE: RED,
    State.SUPERSEDED: RED,
    State.DEAD: RED,
    State.DAMAGED: RED,
}
_BY_NAME = {state.value: colour for state, colour in _COLOURS.items()}


def short_ids(ids: Iterable[str]) -> dict[str, str]:
    """The shortest beginnings, of 8 characters or more, that tell these ids apart."""
    names = list(ids)
    length = _SHORT
    while len({name[:length] for name in names}) < len(set(names)):
        length += 1
    return {name: visible(name[:length]) for name in names}


def describe_age(verdict: Verdict) -> str:
    """What is certain of a lock's age, and what the owner's clock claims where that differs."""
    certain = "?" if verdict.age is None else describe_duration(verdict.age)
    claimed = verdict.claimed_age
    if claimed is None:
        return certain
    if verdict.age is not None and abs(claimed - verdict.age) <= max(60.0, verdict.age * 0.1):
        return certain
    return f"{certain} (claims {describe_duration(claimed)})"


def describe_seen(verdict: Verdict) -> str:
    """For how long this machine itself has seen a lock: `now`, `38 min`."""
    return describe_duration(verdict.seen) if verdict.seen >= 1 else "now"


def describe_wait(verdict: Verdict, until: int) -> str:
    """`seen here since 14:12; can go after 14:35 CET`, by the clock on the wall; `until` is nanoseconds since 1970."""
    since = until - int((verdict.seen + (verdict.wait or 0.0)) * 1e9)
    first, last = (datetime.fromtimestamp(moment // 10**9, UTC).astimezone() for moment in (since, until + _MINUTE - 1))
    day = "" if first.date() == last.date() else f"{last:%Y-%m-%d} "
    return f"seen here since {first:%H:%M}; can go after {day}{last:%H:%M %Z}"


def paint(state: State, colour: bool) -> str:
    """The state's name, coloured on a terminal."""
    return paint_name(state.value) if colour else state.value


def paint_name(state: str) -> str:
    """The same of a name, in the colour of that state where it has one."""
    code = _BY_NAME.get(state)
    return paint_text(state, code) if code else state


def paint_text(text: str, colour: int) -> str:
    """The text in one of the 256 colours."""
    return f"\x1b[38;5;{colour}m{text}\x1b[0m"


def count(number: int, noun: str, several: str = "") -> str:
    """`1 lock`, `3 locks`; `several` is the plural where an s does not make it."""
    return f"{number} {noun if number == 1 else several or f'{noun}s'}"


def plain_number(value: float) -> str:
    """`7`, `-0.25`: three places at most, and no exponent."""
    return f"{round(value, 3) + 0.0:.3f}".rstrip("0").rstrip(".")
