"""Where each host's run is laid: no two starts together, little overlap, near the present hour."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockctl.diagnosis.schedule.habits import DAY, EVERY_DAY, Habit
from lockctl.diagnosis.schedule.placement import (
    MAX_MOVE,
    WEEK,
    Placement,
    Window,
    bars_of,
    find_window,
    load_of,
    overlapped,
    place,
)


def habit(
    start: int = 120,
    minutes: int | None = 20,
    offset: int = 0,
    every: int | None = None,
    weekdays: tuple[int, ...] = EVERY_DAY,
    longest: int | None = None,
) -> Habit:
    starts = (start,) if every is None else tuple(range(start, DAY, every))
    usual = None if minutes is None else minutes * 60
    most = usual if longest is None else longest * 60
    return Habit("host", 30, starts, every, weekdays, 1, 30, usual, usual, most, offset * 60)


def starts_of(*habits: Habit) -> list[int]:
    return [one.starts[0] for one in place(habits)]


def shared(*habits: Habit) -> int:
    return overlapped(load_of(bar for one in place(habits) for bar in one.bars()))


def test_ten_hosts_of_one_hour_are_laid_one_after_another() -> None:
    hosts = [habit() for _ in range(10)]
    assert overlapped(load_of(bar for one in hosts for bar in bars_of(one))) == 180
    assert shared(*hosts) == 0
    assert starts_of(*hosts) == [120, 145, 95, 170, 70, 195, 45, 220, 20, 245]


@pytest.mark.parametrize(
    ("habits", "starts"),
    [
        pytest.param([habit(start) for start in (0, 40, 80, 1400)], [0, 40, 80, 1400], id="what does not meet stays"),
        pytest.param([habit(127), habit(200)], [127, 200], id="at whatever minute"),
        pytest.param([habit(minutes=20), habit(minutes=90)], [95, 120], id="the longer one stays"),
        pytest.param([habit(0), habit(0)], [0, 25], id="at midnight"),
        pytest.param([habit(1430), habit(1435)], [1430, 15], id="beyond midnight"),
        pytest.param([habit(120), habit(180, offset=60)], [120, 205], id="one moment in two time zones"),
        pytest.param([habit(weekdays=(day,), minutes=200) for day in range(7)], [120] * 7, id="each on its own day"),
        pytest.param([habit(120, None), habit(120, None)], [120, 155], id="of unknown length"),
        pytest.param([habit(120, weekdays=()), habit(120)], [120, 145], id="on no fixed days"),
    ],
)
def test_where_they_go(habits: list[Habit], starts: list[int]) -> None:
    assert starts_of(*habits) == starts


def test_who_would_meet_after_a_change_of_the_clock_gets_other_minutes() -> None:
    berlin, utc = place([habit(120, 10, offset=60), habit(180, 10)])
    assert (berlin.starts, utc.starts[0] % 60 in range(3, 58)) == ((120,), True)


def test_nobody_moves_by_more_than_six_hours_however_full_the_night() -> None:
    placements = place([habit(minutes=90) for _ in range(12)])
    assert max(abs(one.shift) for one in placements) == MAX_MOVE
    begins = [next(iter(one.bars()))[0] for one in placements]
    assert all(abs(one - other) >= 3 for one, other in combinations(begins, 2))


def test_what_runs_often_keeps_its_pace() -> None:
    often, nightly = place([habit(0, 2, every=60), habit(120, 20)])
    assert abs(often.shift) <= 30
    assert (often.starts, len(often.starts)) == (tuple(range(often.starts[0], DAY, 60)), 24)
    assert shared(habit(0, 2, every=60), habit(120, 20)) == 0
    assert nightly.starts == (120,)


@pytest.mark.parametrize(
    ("start", "shift", "weekdays", "moved"),
    [
        (10, -20, (6,), (5,)),
        (1430, 20, (6,), (0,)),
        (10, 20, (6,), (6,)),
        (10, -20, EVERY_DAY, EVERY_DAY),
        (10, -20, (), ()),
    ],
)
def test_days_of_the_week_move_with_what_goes_beyond_midnight(
    start: int, shift: int, weekdays: tuple[int, ...], moved: tuple[int, ...]
) -> None:
    one = Placement(habit(start, weekdays=weekdays), shift)
    assert (one.starts, one.weekdays) == (((start + shift) % DAY,), moved)


def test_bars_are_of_a_week_in_utc() -> None:
    assert list(bars_of(habit(60, offset=120, weekdays=(0, 3)))) == [(WEEK - 60, 20), (3 * DAY - 60, 20)]
    assert list(bars_of(habit(60, 3 * DAY, weekdays=(0,)))) == [(60, DAY)], "one of days fills one"


@pytest.mark.parametrize(
    ("habits", "window"),
    [
        pytest.param([], None, id="nobody"),
        pytest.param([habit(120, 60)], Window(180, 1380, True), id="all day after it"),
        pytest.param([habit(0, 600), habit(700, 600)], Window(1300, 140, True), id="the longest gap"),
        pytest.param([habit(0, 30, longest=1400)], Window(30, 1410, False), id="where the longest leaves nothing"),
        pytest.param([habit(0, 30, every=30)], None, id="never"),
        pytest.param([habit(0, 40, every=60)], Window(40, 20, False), id="twenty minutes"),
        pytest.param([habit(60, 60, offset=120)], Window(0, 1380, True), id="in UTC"),
        pytest.param([habit(120, 60, weekdays=(2,)), habit(240, 60)], Window(300, 1260, True), id="on every day"),
    ],
)
def test_the_window_for_exclusive_work(habits: list[Habit], window: Window | None) -> None:
    assert find_window([Placement(one, 0) for one in habits]) == window


@pytest.mark.parametrize(
    ("window", "start"), [(Window(180, 1260, True), 195), (Window(1434, 60, True), 10), (Window(40, 20, False), 45)]
)
def test_prune_starts_a_little_after_the_last_backup(window: Window, start: int) -> None:
    assert window.start == start


HABITS = st.builds(
    habit,
    st.integers(0, DAY - 1),
    st.one_of(st.none(), st.integers(1, 300)),
    st.sampled_from([0, 60, -300, 345]),
    st.none(),
    st.sampled_from([EVERY_DAY, (0, 1, 2, 3, 4), (6,), ()]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(HABITS, max_size=8))
def test_it_is_never_worse_than_before(habits: list[Habit]) -> None:
    placements = place(habits)
    before = load_of(bar for one in habits for bar in bars_of(one))
    after = load_of(bar for one in placements for bar in one.bars())
    assert sum(before) == sum(after), "nothing was lost"
    assert overlapped(after) <= overlapped(before) + 10 * len(habits), "but for what keeps starts apart"
    begins = [{begin for begin, _ in one.bars()} for one in placements]
    assert all(abs(a - b) >= 3 for one, other in combinations(begins, 2) for a in one for b in other)
