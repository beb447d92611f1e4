"""The day as a chart in characters: a bar for each host, now and as proposed, and when exclusive work would wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lockctl.diagnosis.schedule.advice import Advice
from lockctl.diagnosis.schedule.habits import DAY, Habit, HostHabits, Unplanned
from lockctl.diagnosis.schedule.phrases import clock_time, zone
from lockctl.diagnosis.schedule.placement import Placement, bars_of
from lockctl.render.harmless import visible

NARROW = 80
"""Columns, where nobody knows how many there are."""
_NAME, _TIME = 15, 13
_HOURS = 24
_WEEK = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_UNPLANNED = {
    Unplanned.TOO_FEW: "too few runs",
    Unplanned.NO_FIXED_HOUR: "no fixed hour",
    Unplanned.SILENT: "silent",
}

Bar = tuple[int, int]
"""Begin and length, in minutes of the chart's day."""


@dataclass(frozen=True, slots=True)
class Row:
    """One bar of the chart: of a host, or of exclusive work. `time` is what stands behind it."""

    name: str
    usual: frozenset[Bar]
    longest: frozenset[Bar]
    time: str
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters that a chart is drawn with."""

    usual: str
    first: str
    """Usual in the first half of a column alone."""
    second: str
    longest: str
    nothing: str
    window: str
    shares: str
    """From never to always."""


BLOCKS = Signs("█", "▌", "▐", "░", "·", "═", "·░▒▓█")
PLAIN = Signs("#", "#", "#", "-", ".", "=", ".-+x#")
SHOWN = "".join((BLOCKS.usual, BLOCKS.first, BLOCKS.second, BLOCKS.window, BLOCKS.shares))
"""What a terminal has to be able to show for BLOCKS."""


def rows_now(advice: Advice) -> list[Row]:
    """A row for each habit of each host, and one for each host of which none is told."""
    rows: list[Row] = []
    for host in advice.hosts:
        rows += [_row(habit, advice.offset) for habit in host.habits] or [_unplanned_row(host)]
    return rows


def rows_proposed(advice: Advice) -> list[Row]:
    """A row for each habit in its new place."""
    return [_row(one.habit, advice.offset, one) for one in advice.placements]


def window_bars(advice: Advice) -> frozenset[Bar]:
    """When nothing but exclusive work runs, in the chart's day."""
    window = advice.window
    return frozenset() if window is None else frozenset({((window.begin + advice.offset // 60) % DAY, window.minutes)})


def draw_chart(advice: Advice, signs: Signs, columns: int = NARROW) -> str:
    """Both days, one above the other. At most `columns` wide, and as wide as 80 at least."""
    each = 4 if columns >= _NAME + _TIME + 2 + 4 * _HOURS else 2
    scale = " " * (_NAME + 1) + "".join(f"{hour:02}".ljust(2 * each) for hour in range(0, _HOURS, 2)).rstrip()
    lines = [f"Now, by the clock of {zone(advice.offset)}; behind each bar its host's own time:", scale]
    lines += [_line(row, each, signs) for row in rows_now(advice)]
    shares = "".join(_share(slot.blocked / slot.days, signs) * (each // 2) for slot in advice.overlaps.slots)
    lines += [f"{'prune waits':<{_NAME}} {shares}"] if shares else []
    if advice.placements:
        lines += ["", "Proposed:", scale]
        lines += [_line(row, each, signs) for row in rows_proposed(advice)]
        lines += [_window_line(advice, each, signs)] if advice.window is not None else []
    lines.append(f"{signs.usual} usual  {signs.longest} longest so far  {signs.window} free for exclusive work")
    return "\n".join(lines)


def describe_starts(starts: Sequence[int], every: int | None) -> str:
    """`02:25`, `every 15 min`, `hourly :05`, `2-hourly :05`."""
    if every is None:
        return clock_time(starts[0])
    if every < 60:
        return f"every {every} min"
    return f"{f'{every // 60}-' if every > 60 else ''}hourly :{starts[0] % 60:02}"


def describe_days(weekdays: Sequence[int]) -> str:
    """`all`, `Mo-Fr`, `Su`, `We,Sa`; `?` where they follow no week."""
    if not weekdays:
        return "?"
    if len(weekdays) == len(_WEEK):
        return "all"
    first, last = weekdays[0], weekdays[-1]
    if len(weekdays) > 2 and last - first + 1 == len(weekdays):
        return f"{_WEEK[first]}-{_WEEK[last]}"
    return ",".join(_WEEK[day] for day in weekdays)


def _row(habit: Habit, offset: int, placement: Placement | None = None) -> Row:
    shift = placement.shift if placement is not None else 0
    starts, weekdays = (placement or habit).starts, (placement or habit).weekdays
    time = describe_starts(starts, habit.every)
    longest = -(-(habit.longest or 0) // 60)
    return Row(
        name=habit.host,
        usual=_in_a_day(bars_of(habit, shift, -(-(habit.usual or 0) // 60)), offset),
        longest=_in_a_day(bars_of(habit, shift, longest), offset),
        time=f"{days} {time}" if (days := describe_days(weekdays)) != "all" else time,
        moved=shift != 0,
    )


def _unplanned_row(host: HostHabits) -> Row:
    return Row(host.host, frozenset(), frozenset(), _UNPLANNED.get(host.unplanned, "") if host.unplanned else "")


def _in_a_day(bars: Iterable[Bar], offset: int) -> frozenset[Bar]:
    return frozenset(((begin + offset // 60) % DAY, length) for begin, length in bars)


def _line(row: Row, each: int, signs: Signs) -> str:
    usual, longest = (_minutes(bars) for bars in (row.usual, row.longest))
    cells = "".join(_cell(usual, longest, begin, end, signs) for begin, end in _cells(each))
    return f"{_label(row.name)} {cells} {row.time[:_TIME]}".rstrip()


def _window_line(advice: Advice, each: int, signs: Signs) -> str:
    free = _minutes(window_bars(advice))
    cells = "".join(signs.window if all(free[begin:end]) else signs.nothing for begin, end in _cells(each))
    start = advice.window.start + advice.offset // 60 if advice.window is not None else 0
    return f"{'prune':<{_NAME}} {cells} {clock_time(start)}"


def _cells(each: int) -> Iterator[Bar]:
    size = 60 // each
    return ((begin, begin + size) for begin in range(0, DAY, size))


def _cell(usual: Sequence[bool], longest: Sequence[bool], begin: int, end: int, signs: Signs) -> str:
    middle = (begin + end) // 2
    first, second = any(usual[begin:middle]), any(usual[middle:end])
    if first and second:
        return signs.usual
    if first or second:
        return signs.first if first else signs.second
    return signs.longest if any(longest[begin:end]) else signs.nothing


def _minutes(bars: Iterable[Bar]) -> list[bool]:
    busy = [False] * DAY
    for begin, length in bars:
        for minute in range(begin, begin + length):
            busy[minute % DAY] = True
    return busy


def _share(part: float, signs: Signs) -> str:
    """Never has a sign of its own, and so has hardly ever."""
    return signs.shares[0 if not part else min(len(signs.shares) - 1, 1 + int(part * (len(signs.shares) - 1)))]


def _label(name: str) -> str:
    """Exactly as many columns as a name has."""
    text = visible(name, _NAME)
    # Wide characters take two columns: a name of them is padded less.
    return text + " " * (_NAME - _width(text))


def _width(text: str) -> int:
    width = len(text)
    while width < _NAME and visible(text, width) != text:
        width += 1
    return min(width, _NAME)
