"""At what time of its day a host runs, across midnight, time zones and changes of the clock; when nothing is said."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from lockctl.diagnosis.schedule.habits import EVERY_DAY, HostHabits, Unplanned, find_habits, part_of
from lockctl.diagnosis.schedule.runs import gather_runs
from lockctl.repository.snapshot import Snapshot
from tests.unit.diagnosis.schedule.backups import DAY, HOUR, MINUTE, NOW, at_hour, backup

AROUND = (-600, -60, 0, 0, 60, 600)
CHANCE = random.Random(7)


def habits_of(snapshots: Sequence[Snapshot]) -> HostHabits:
    (host,) = gather_runs(snapshots)
    return find_habits(host, NOW)


def told(snapshots: Sequence[Snapshot]) -> list[tuple[tuple[int, ...], int | None, tuple[int, ...]]]:
    return [(habit.starts, habit.every, habit.weekdays) for habit in habits_of(snapshots).habits]


@pytest.mark.parametrize(
    ("snapshots", "habits"),
    [
        pytest.param(at_hour("a", 2), [((120,), None, EVERY_DAY)], id="each night"),
        pytest.param(at_hour("a", 0, jitter=AROUND), [((0,), None, EVERY_DAY)], id="around midnight"),
        pytest.param(at_hour("a", 2, zone="Europe/Berlin", days=range(1, 43)), [((120,), None, EVERY_DAY)], id="DST"),
        pytest.param(at_hour("a", 2, zone="America/New_York"), [((120,), None, EVERY_DAY)], id="New York"),
        pytest.param(
            at_hour("a", 2, zone="Asia/Kathmandu"), [((120,), None, EVERY_DAY)], id="a quarter of an hour off"
        ),
        pytest.param(at_hour("a", 3, weekdays=range(5)), [((180,), None, (0, 1, 2, 3, 4))], id="on working days"),
        pytest.param(
            at_hour("a", 0, weekdays=(6,), jitter=AROUND, days=range(1, 43)),
            [((0,), None, (6,))],
            id="on Sundays at midnight, some of them on Saturday",
        ),
        pytest.param(
            at_hour("a", 2) + at_hour("a", 5),
            [((120,), None, EVERY_DAY), ((300,), None, EVERY_DAY)],
            id="twice a night",
        ),
        pytest.param(at_hour("a", 2) + at_hour("a", 14), [((120, 840), 720, EVERY_DAY)], id="every twelve hours"),
        pytest.param(
            [one for hour in range(24) for one in at_hour("a", hour + 0.1, 2, days=range(1, 8))],
            [(tuple(range(6, 1440, 60)), 60, EVERY_DAY)],
            id="hourly",
        ),
        pytest.param(
            [one for hour in range(8, 18) for one in at_hour("a", hour, 2)],
            [(tuple(range(480, 1080, 60)), 60, EVERY_DAY)],
            id="hourly by day",
        ),
        pytest.param(
            [backup(start=NOW - n * 900, seconds=20) for n in range(1, 97 * 7)],
            [(tuple(range(0, 1440, 15)), 15, EVERY_DAY)],
            id="every quarter of an hour",
        ),
        pytest.param(at_hour("a", 2, days=range(2, 42, 2)), [((120,), None, ())], id="every second day"),
        pytest.param(
            at_hour("a", 2, days=range(20, 42)) + at_hour("a", 4, days=range(1, 15)),
            [((240,), None, EVERY_DAY)],
            id="what was given up does not count",
        ),
    ],
)
def test_habits(snapshots: list[Snapshot], habits: list[tuple[tuple[int, ...], int | None, tuple[int, ...]]]) -> None:
    found = habits_of(snapshots)
    assert told(snapshots) == habits
    assert found.unplanned is None


@pytest.mark.parametrize(
    ("snapshots", "why"),
    [
        (at_hour("a", 2, days=range(1, 5)), Unplanned.TOO_FEW),
        ([backup(start=NOW - n * DAY + CHANCE.randrange(DAY)) for n in range(1, 30)], Unplanned.NO_FIXED_HOUR),
        (at_hour("a", 2, days=range(10, 40)), Unplanned.SILENT),
        (at_hour("a", 2, days=range(22, 43, 7)) * 2, Unplanned.TOO_FEW),
    ],
    ids=["four runs", "at any hour", "none for ten days", "the same four twice"],
)
def test_where_nothing_is_said(snapshots: list[Snapshot], why: Unplanned) -> None:
    found = habits_of(snapshots)
    assert (found.unplanned, found.habits) == (why, ())


def test_five_runs_are_enough_and_a_weekly_host_is_not_silent_after_a_week() -> None:
    assert len(habits_of(at_hour("a", 2, days=range(1, 6))).habits) == 1
    assert len(habits_of(at_hour("a", 2, days=range(8, 43, 7))).habits) == 1


def test_how_long_it_takes_and_on_how_many_runs_that_rests() -> None:
    lengths = [60, 120, 180, 240, 300, 360, 420, 480, 540, 6000]
    known = [backup(start=NOW - (n + 1) * DAY, seconds=length) for n, length in enumerate(lengths)]
    unknown = [backup(start=NOW - n * DAY, seconds=None, written=1) for n in range(11, 13)]
    (habit,) = habits_of(known + unknown).habits
    assert (habit.runs, habit.timed) == (12, 10)
    assert (habit.usual, habit.long, habit.longest, habit.minutes) == (330, 540, 6000, 9)


def test_four_known_ends_say_nothing_of_its_length() -> None:
    snapshots = at_hour("a", 2, days=range(1, 20))
    (habit,) = habits_of([*snapshots[:4], *(backup("a", one.start, None, written=1) for one in snapshots[4:])]).habits
    assert (habit.runs, habit.timed, habit.usual, habit.longest, habit.minutes) == (19, 4, None, None, None)


def test_the_spread_is_what_four_of_five_keep_to() -> None:
    (habit,) = habits_of(at_hour("a", 2, jitter=[0, 0, 0, 0, 7 * MINUTE, -7 * MINUTE, 3 * MINUTE])).habits
    assert habit.spread == 7


def test_its_offset_is_the_present_one() -> None:
    snapshots = at_hour("a", 2, zone="Europe/Berlin", days=range(1, 43))
    (habit,) = habits_of(snapshots).habits
    assert {one.offset for one in snapshots} == {HOUR, 2 * HOUR}
    assert (habit.offset, habit.spread) == (HOUR, 0)


@pytest.mark.parametrize(
    ("values", "part", "value"), [([], 0.9, 0), ([5], 0.9, 5), (list(range(1, 11)), 0.9, 9), ([1, 2], 0.5, 1)]
)
def test_part_of(values: list[int], part: float, value: int) -> None:
    assert part_of(values, part) == value
