"""Placement: the hosts' usual runs laid into one week so that they meet as little as can be. Pure.

Backups do not block each other. They load the server together, they leave exclusive work no time, and what starts
within seconds of each other meets in locks/. So no two starts are left together, and overlaps are the next to go; a
host stays near its present hour.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from lockctl.diagnosis.schedule.habits import DAY, EVERY_DAY, Habit

WEEK = 7 * DAY
"""Minutes."""
ASSUMED_MINUTES = 30
"""How long a run is taken to be where that is not known."""
PAUSE_MINUTES = 5
"""Between one host's usual end and the next one's start."""
MAX_MOVE = 360
"""Minutes: what runs at night goes on to run at night."""
WIDE_MINUTES = 60
"""A window for exclusive work that is worth its name."""
_NEAR = 3
"""Minutes within which two starts are together."""
_NEAR_COST, _MEET_COST, _OVERLAP_COST, _MOVE_COST = 5000, 400, 10, 1
_SAME_MINUTE_COST, _CHANGE_COST, _UNEVEN_COST = 30, 15, 5
"""In minutes of moving: a start together; meeting another run, which is worse than any move; each minute of that; one
minute. And the minute of some hour that is another time zone's (where only one of them puts its clocks forward they
meet); any change at all; no multiple of five."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a habit is to go. `starts` and `weekdays` are in the host's local time, as the habit's are."""

    habit: Habit
    shift: int
    """Minutes later than now."""

    @property
    def starts(self) -> tuple[int, ...]:
        """Minutes of the day."""
        return tuple(sorted((start + self.shift) % DAY for start in self.habit.starts))

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The days of the week; others where the start goes beyond midnight."""
        days = (self.habit.starts[0] + self.shift) // DAY if len(self.habit.starts) == 1 else 0
        return tuple(sorted((day + days) % 7 for day in self.habit.weekdays))

    def bars(self, minutes: int | None = None) -> Iterable[tuple[int, int]]:
        """See `bars_of`."""
        return bars_of(self.habit, self.shift, minutes)


@dataclass(frozen=True, slots=True)
class Window:
    """A time of the day, in minutes of UTC, in which no backup runs as a rule."""

    begin: int
    minutes: int
    spares_longest: bool
    """It is free even if every host takes as long as it ever did."""

    @property
    def start(self) -> int:
        """A minute to start exclusive work at: what runs late has some minutes more."""
        return (self.begin + min(15, self.minutes // 4) + 4) // 5 * 5 % DAY


def bars_of(habit: Habit, shift: int = 0, minutes: int | None = None) -> Iterable[tuple[int, int]]:
    """Begin and length of each run of a week, in minutes since Monday in UTC; `minutes` instead of the usual length.

    What follows no week may run on any day.
    """
    length = min(minutes or habit.minutes or ASSUMED_MINUTES, DAY)
    for day in habit.weekdays or EVERY_DAY:
        for start in habit.starts:
            yield (day * DAY + start + shift - habit.offset // 60) % WEEK, length


def place(habits: Sequence[Habit]) -> list[Placement]:
    """Each habit, in the order given. The longest is placed first, so it is the short ones that move."""
    order = sorted(range(len(habits)), key=lambda number: (-(habits[number].minutes or 0), habits[number].starts))
    shifts: dict[int, int] = {}
    week = _Week()
    for number in order:
        shifts[number] = min(_shifts(habits[number]), key=week.costs(habits[number]))
        week.add(habits[number], shifts[number])
    return [Placement(habit, shifts[number]) for number, habit in enumerate(habits)]


def load_of(bars: Iterable[tuple[int, int]]) -> list[int]:
    """How many run in each minute of the week."""
    changes = [0] * (WEEK + DAY + 1)
    for begin, length in bars:
        changes[begin] += 1
        changes[begin + length] -= 1
    twice = list(accumulate(changes))
    return [twice[minute] + (twice[minute + WEEK] if minute < DAY else 0) for minute in range(WEEK)]


def overlapped(load: Iterable[int]) -> int:
    """Minutes of a day, on average, that hosts work beside another one, each counted."""
    return round(sum(number - 1 for number in load if number > 1) / 7)


def of_any_day(load: Sequence[int]) -> list[int]:
    """By the minute of the day, how many run on the fullest day of the week."""
    return [max(load[minute::DAY]) for minute in range(DAY)]


def find_window(placements: Sequence[Placement]) -> Window | None:
    """The longest time without a backup; None where there is no quarter of an hour, or nothing to go by."""
    if not placements:
        return None
    longest = [bar for one in placements for bar in one.bars(-(-(one.habit.longest or 0) // 60))]
    begin, minutes = _longest_gap(of_any_day(load_of(longest)))
    if minutes >= WIDE_MINUTES:
        return Window(begin, minutes, spares_longest=True)
    begin, minutes = _longest_gap(of_any_day(load_of(bar for one in placements for bar in one.bars())))
    return Window(begin, minutes, spares_longest=False) if minutes >= 15 else None


def _longest_gap(load: Sequence[int]) -> tuple[int, int]:
    """Begin and minutes; of a day that is never free, (0, 0)."""
    if not any(load):
        return 0, DAY
    first = next(minute for minute in range(DAY) if load[minute])
    best, begin = (0, 0), first
    for minute in range(first, first + DAY + 1):
        if minute == first + DAY or load[minute % DAY]:
            best = max(best, (minute - begin, -begin))
            begin = minute + 1
    return -best[1] % DAY, best[0]


class _Week:
    """Seven days of UTC, and what was laid into them."""

    def __init__(self) -> None:
        self._load = [0] * WEEK
        self._starts = [0] * WEEK
        self._minutes: dict[int, list[int]] = {}
        """By the offset of hosts, how many of their starts are about a minute of some hour."""

    def add(self, habit: Habit, shift: int) -> None:
        """Lays a habit in."""
        minutes = self._minutes.setdefault(habit.offset, [0] * 60)
        for begin, length in bars_of(habit, shift):
            for minute in range(begin, begin + length):
                self._load[minute % WEEK] += 1
            self._starts[begin] += 1
            for minute in range(begin - _NEAR + 1, begin + _NEAR):
                minutes[minute % 60] += 1

    def costs(self, habit: Habit) -> Callable[[int], float]:
        """What each shift of this habit would cost, in minutes of moving on each day that it runs."""
        pause = PAUSE_MINUTES if habit.every is None or habit.every > ASSUMED_MINUTES else 0
        load = [0, *accumulate([*self._load[WEEK - pause :], *self._load, *self._load[: 2 * DAY]])]
        around = [*self._starts[-_NEAR:], *self._starts, *self._starts[:_NEAR]]
        near = [sum(around[minute + 1 : minute + 2 * _NEAR]) for minute in range(WEEK)]
        others = [minutes for offset, minutes in self._minutes.items() if offset != habit.offset]
        days = len(habit.weekdays) or 7

        def cost(shift: int) -> float:
            bars = list(bars_of(habit, shift))
            met = [load[begin + length + 2 * pause] - load[begin] for begin, length in bars]
            meeting = sum(_MEET_COST + _OVERLAP_COST * minutes for minutes in met if minutes)
            together = sum(near[begin] for begin, _ in bars)
            same = any(minutes[begin % 60] for minutes in others for begin, _ in bars)
            uneven = shift != 0 and (habit.starts[0] + shift) % 5 != 0
            moved = _MOVE_COST * abs(shift) + _CHANGE_COST * (shift != 0) + _UNEVEN_COST * uneven
            return (meeting + _NEAR_COST * together) / days + _SAME_MINUTE_COST * same + moved

        return cost


def _shifts(habit: Habit) -> Iterable[int]:
    """Those that may be: the nearest first, and later before earlier."""
    most = MAX_MOVE if habit.every is None else habit.every // 2
    return sorted(range(-most, most + 1), key=lambda shift: (abs(shift), -shift))
