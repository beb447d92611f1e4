"""Habits: at what times of its day a host runs, how long that takes, and how far it can be told. Pure.

A time of the day is in minutes of the host's own local time, so a host whose clocks are put forward keeps its habits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import atan2, ceil, cos, pi, sin
from statistics import median, median_low

from lockctl.diagnosis.schedule.runs import HostRuns, Run

DAY = 1440
"""Minutes of a day."""
LEAST_RUNS = 5
"""Nothing is said of less."""
_SAME_HABIT = 60
"""Minutes without any start that part one habit from another."""
_FIXED = 240
"""Minutes within which most starts of a habit lie; else it has no fixed hour."""
_NICE = (5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720)
"""Minutes between runs that crontabs and timers express as one line."""
_REGULAR = 0.6
"""The part of the pauses between runs that are alike where a host runs several times a day; of the days that are of a
habit; and of a week's days that a habit has, which else follows no week."""
_SILENT_DAYS = 3
_USED = 0.3
"""A day of the week, or an hour, counts as used from this part of the most used one on."""
EVERY_DAY = tuple(range(7))


class Unplanned(Enum):
    """Why no habit is told of a host."""

    TOO_FEW = "too-few-runs"
    NO_FIXED_HOUR = "no-fixed-hour"
    SILENT = "silent"
    """It has not run for three times its usual pause, and three days."""


@dataclass(frozen=True, slots=True)
class Habit:
    """Runs that a host makes at the same times of its day."""

    host: str
    runs: int
    starts: tuple[int, ...]
    """Minutes of the day: one, or several where it runs every few hours."""
    every: int | None
    """Minutes between them, where there are several."""
    weekdays: tuple[int, ...]
    """0 is Monday; empty where its days follow no week."""
    spread: int
    """Minutes around its time within which four of five runs start."""
    timed: int
    """Runs on which the lengths rest."""
    usual: int | None
    """Seconds: the median, where five ends are known or more."""
    long: int | None
    """Seconds that nine of ten runs keep to."""
    longest: int | None
    offset: int
    """Seconds by which the host's local time is ahead of UTC now."""

    @property
    def minutes(self) -> int | None:
        """How long it is busy, in whole minutes, as schedules count on it."""
        return None if self.long is None else max(1, ceil(self.long / 60))


@dataclass(frozen=True, slots=True)
class HostHabits:
    """What is known of one host."""

    source: HostRuns
    habits: tuple[Habit, ...]
    unplanned: Unplanned | None
    others: int
    """Runs at other times than its habits': by hand, or by what was changed since."""

    @property
    def host(self) -> str:
        """Its name."""
        return self.source.host

    @property
    def runs(self) -> tuple[Run, ...]:
        """All its runs."""
        return self.source.runs


def find_habits(host: HostRuns, now: int) -> HostHabits:
    """The habits of one host; `now` is in seconds since 1970."""
    runs = host.runs
    if len(runs) < LEAST_RUNS:
        return HostHabits(host, (), Unplanned.TOO_FEW, len(runs))
    pauses = [(after.start - before.start) / 60 for before, after in pairwise(runs)]
    if now - runs[-1].start > max(3 * 60 * median(pauses), _SILENT_DAYS * 86400):
        return HostHabits(host, (), Unplanned.SILENT, len(runs))
    every = _find_period(pauses)
    if every is not None:
        return HostHabits(host, (_repeated(host.host, runs, every),), None, 0)
    groups = [group for group in _group(runs) if len(group) >= LEAST_RUNS and not _is_over(group, now)]
    habits = [_once(host.host, group) for group in groups if not _is_chance(group, runs)]
    fixed = tuple(sorted((one for one in habits if one.spread * 2 <= _FIXED), key=lambda one: one.starts))
    others = len(runs) - sum(one.runs for one in fixed)
    return HostHabits(host, fixed, None if fixed else Unplanned.NO_FIXED_HOUR, others)


def local_minute(run: Run) -> int:
    """The minute of the host's own day at which it started."""
    return (run.start + run.offset) // 60 % DAY


def part_of(values: Sequence[int], part: float) -> int:
    """The value that `part` of the sorted `values` do not exceed."""
    return values[min(len(values) - 1, ceil(part * len(values)) - 1)] if values else 0


def _is_chance(group: Sequence[Run], runs: Sequence[Run]) -> bool:
    """Whether the host mostly ran at other times, on the days of the week that these runs are of."""
    days = {_day_of(run) for run in group}
    weekdays = {day % 7 for day in days}
    all_days = {_day_of(run) for run in runs if _day_of(run) >= min(days)}
    return len(days) < _REGULAR * len({day for day in all_days if day % 7 in weekdays})


def _day_of(run: Run) -> int:
    """The host's own day, counted from 1970."""
    return (run.start + run.offset) // 86400


def _find_period(pauses: Sequence[float]) -> int | None:
    usual = median(pauses)
    nice = min(_NICE, key=lambda one: abs(one - usual))
    alike = sum(1 for pause in pauses if abs(pause - nice) <= 0.25 * nice)
    return nice if abs(usual - nice) <= 0.2 * nice and alike >= _REGULAR * len(pauses) else None


def _repeated(host: str, runs: Sequence[Run], every: int) -> Habit:
    phase, off = _centre([local_minute(run) % every for run in runs], every)
    times = [(local_minute(run) - phase + every // 2) // every % (DAY // every) for run in runs]
    starts = tuple(phase + number * every for number in _used(times))
    days = [_day_of(run) for run in runs]
    return _habit(host, runs, starts, every, off, _weekdays(days))


def _once(host: str, runs: Sequence[Run]) -> Habit:
    centre, off = _centre([local_minute(run) for run in runs], DAY)
    # What starts a little before midnight belongs to the day after where that is its hour.
    days = [(run.start + run.offset - 60 * turn) // 86400 for run, turn in zip(runs, off, strict=True)]
    weekdays = _weekdays(days)
    weeks = (max(days) - min(days)) / 7
    regular = len(set(days)) - 1 >= _REGULAR * len(weekdays) * weeks
    return _habit(host, runs, (centre,), None, off, weekdays if regular else ())


def _habit(
    host: str,
    runs: Sequence[Run],
    starts: tuple[int, ...],
    every: int | None,
    off: Sequence[int],
    weekdays: tuple[int, ...],
) -> Habit:
    lengths = sorted(run.seconds for run in runs if run.seconds is not None)
    enough = len(lengths) >= LEAST_RUNS
    return Habit(
        host=host,
        runs=len(runs),
        starts=starts,
        every=every,
        weekdays=weekdays,
        spread=part_of(sorted(map(abs, off)), 0.8),
        timed=len(lengths),
        usual=round(median(lengths)) if enough else None,
        long=part_of(lengths, 0.9) if enough else None,
        longest=lengths[-1] if enough else None,
        offset=max(runs, key=lambda run: run.start).offset,
    )


def _group(runs: Iterable[Run]) -> list[list[Run]]:
    """Runs of about the same time of the day, whatever side of midnight."""
    ordered = sorted(runs, key=local_minute)
    minutes = [local_minute(run) for run in ordered]
    gaps = [(after - before) % DAY for before, after in zip(minutes, [*minutes[1:], minutes[0] + DAY], strict=True)]
    cuts = [number + 1 for number, gap in enumerate(gaps) if gap >= _SAME_HABIT]
    if not cuts:
        return [ordered]
    turned = ordered[cuts[-1] % len(ordered) :] + ordered[: cuts[-1] % len(ordered)]
    shift = cuts[-1] % len(ordered)
    inner = sorted((cut - shift) % len(ordered) or len(ordered) for cut in cuts)
    return [turned[begin:end] for begin, end in zip([0, *inner[:-1]], inner, strict=True)]


def _is_over(runs: Sequence[Run], now: int) -> bool:
    """Whether this habit was given up."""
    starts = sorted(run.start for run in runs)
    pause = median(after - before for before, after in pairwise(starts))
    return now - starts[-1] > max(3 * pause, _SILENT_DAYS * 86400)


def _centre(minutes: Sequence[int], around: int) -> tuple[int, list[int]]:
    """The median on a circle, and by how many minutes each is after it."""
    angles = [2 * pi * minute / around for minute in minutes]
    mean = round(atan2(sum(map(sin, angles)), sum(map(cos, angles))) / (2 * pi) * around)
    middle = mean + median_low([_turn(minute - mean, around) for minute in minutes])
    return middle % around, [_turn(minute - middle, around) for minute in minutes]


def _turn(minutes: int, around: int) -> int:
    """The shorter way round a circle."""
    return (minutes + around // 2) % around - around // 2


def _weekdays(days: Sequence[int]) -> tuple[int, ...]:
    return _used([(day + 3) % 7 for day in days])  # the first of January 1970 was a Thursday


def _used(values: Sequence[int]) -> tuple[int, ...]:
    counted = {value: values.count(value) for value in set(values)}
    most = max(counted.values())
    return tuple(sorted(value for value, number in counted.items() if number >= _USED * most))
