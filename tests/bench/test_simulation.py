"""The simulator that compares rules: it must repeat itself, put live locks at risk, and be able to fail."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.simulation.hazards import HAZARDS, NOTHING, draw
from bench.simulation.measure import AFTER, Tally, files_of, interval, play
from bench.simulation.report import chance, plot, table
from bench.simulation.rules import OURS, PERSON, UNLOCK
from bench.simulation.share import File, Truth, made_up, upload_all
from bench.simulation.world import HOUR, LEASE, MINUTE, PERIOD, Clock, Gap, Judge, Owner, Server, Sleep, World
from bench.verdicts import NAMES, simulate

SECOND = 10**9
TRIALS = 12
JUDGE_ON_SERVER = "judge and server on one clock that steps"
NEW_STATE = "the same, and the state folder is new each time"


@pytest.fixture(scope="module")
def tallies() -> dict[str, Tally]:
    """A small run."""
    return simulate(TRIALS, seed=2)


def test_the_same_seed_gives_the_same_figures_and_another_gives_others() -> None:
    some = [JUDGE_ON_SERVER, NOTHING]
    once, again, other = (table(simulate(6, seed, hazards=some), NAMES) for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_processes_do_not_change_the_figures() -> None:
    some = [JUDGE_ON_SERVER]
    assert simulate(30, 1, jobs=2, hazards=some) == simulate(30, 1, hazards=some)


@pytest.mark.parametrize("hazard", HAZARDS)
def test_each_hazard_puts_live_locks_at_risk(tallies: dict[str, Tally], hazard: str) -> None:
    """Else its figure says nothing."""
    assert tallies[hazard].at_risk[Truth.LIVE] >= TRIALS * 3 // 4


def test_sleepers_are_told_apart(tallies: dict[str, Tally]) -> None:
    assert tallies["an owner's machine sleeps"].at_risk[Truth.LAPSED] == TRIALS


@pytest.mark.parametrize("hazard", HAZARDS)
def test_unattended_no_live_lock_goes(tallies: dict[str, Tally], hazard: str) -> None:
    assert tallies[hazard].lost[Truth.LIVE][OURS] == 0


def test_without_own_sight_live_locks_go_so_that_the_check_can_fail(tallies: dict[str, Tally]) -> None:
    """A person who always says yes is the same code, and asks for no sight."""
    assert tallies[NEW_STATE].lost[Truth.LIVE][PERSON] > 0
    for name in NAMES:
        assert name == OURS or any(tally.lost[Truth.LIVE][name] for tally in tallies.values()), name


def test_dead_locks_go_where_memory_is_kept_and_stay_where_not(tallies: dict[str, Tally]) -> None:
    assert tallies[NOTHING].died[24] > 0
    assert tallies[NOTHING].left[24][OURS] == 0
    assert tallies[NEW_STATE].left[2][OURS] == tallies[NEW_STATE].died[2] > 0


def test_totals_add_up(tallies: dict[str, Tally]) -> None:
    for tally in tallies.values():
        assert all(tally.lost[truth][name] <= tally.at_risk[truth] <= TRIALS for truth in tally.lost for name in NAMES)
        assert all(tally.left[hours][name] <= tally.died[hours] for hours in AFTER for name in NAMES)


def test_what_stood_at_a_step_still_stands_at_the_look_after_it() -> None:
    for number in range(20):
        world = draw(JUDGE_ON_SERVER, 3, number)
        begin, end = world.window
        looks = [at for at in world.judges[0].looks if begin <= at < end]
        assert any(file.appears < begin and at < file.dies for file in files_of(world) for at in looks)


def owner(**changes: Any) -> Owner:
    plain: dict[str, Any] = {"hostname": "web1", "pid": 7, "begins": 0.0, "ends": HOUR}
    return Owner(**{**plain, **changes})


def lives(files: list[File]) -> list[tuple[float, float]]:
    return [(file.appears, file.dies) for file in files]


def test_an_owner_renews_and_leaves_nothing_behind() -> None:
    files = list(upload_all(owner(ends=700.0)))
    assert lives(files) == [(0, PERIOD), (PERIOD, 2 * PERIOD), (2 * PERIOD, 700)]
    assert files[-1].vanishes == 700
    assert len({file.id for file in files}) == 3


def test_who_crashes_leaves_its_last_lock() -> None:
    last = list(upload_all(owner(crashes=True)))[-1]
    assert (last.dies, last.vanishes) == (HOUR, float("inf"))


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (Gap(200, 1200), [(0, 1201), (1201, 1300)]),
        (Gap(200, 2000), [(0, LEASE)]),
        (Gap(200, 2000, asleep=True), [(0, 2001), (2001, 2100)]),
    ],
)
def test_an_owner_that_cannot_renew(gap: Gap, expected: list[tuple[float, float]]) -> None:
    """Cut off for longer than its lease it gives up; asleep it goes on afterwards."""
    files = list(upload_all(owner(gaps=(gap,), ends=gap.end + 100)))
    assert lives(files) == expected
    if gap.end - gap.begin > LEASE:
        assert files[0].truth(LEASE + 1) is (Truth.LAPSED if gap.asleep else Truth.DEAD)


def test_a_judges_clocks() -> None:
    judge = Judge("judge", (), Clock(5.0), (-100.0, 1000.0), (Sleep(0.0, 50.0, 3600.0),))
    before, after = (judge.moment(at, Clock(-7.0)) for at in (60.0, 1010.0))
    assert (before.awake, before.boot, before.server) == (110, 3760, judge.clock.seconds(60) - 12)
    assert before.wall == judge.clock.seconds(60) + 3600
    assert (after.awake, after.boot) == (10, 10)
    assert before.boot_id != after.boot_id
    assert not judge.is_up(20.0)


def test_a_clock_is_set_and_drifts() -> None:
    clock = Clock(offset=5, drift=0.001, steps=((100, 60),))
    right = Clock()
    assert clock.seconds(99) - right.seconds(99) == pytest.approx(5.099)
    assert clock.seconds(1000) - right.seconds(1000) == pytest.approx(66)


def test_a_made_up_creation_is_the_minimum_and_never_after_the_last_write() -> None:
    random = Random(1)
    for _ in range(100):
        written, now = (random.randrange(10**18, 10**18 + 10**11) for _ in range(2))
        created = made_up(written, written, now)
        assert min(written, now) - SECOND < created <= min(written, now)


def test_unlock_spares_what_is_young_and_takes_what_is_old(tmp_path: Path) -> None:
    """The rule of others is played as it is: 30 minutes by its own clock, and not a minute less."""
    looks = (29 * MINUTE, 31 * MINUTE)
    world = World(Server(), (Judge("judge", looks),), (owner(ends=299.0, crashes=True),), (0, 1))
    assert list(play(world, UNLOCK, tmp_path).removed.values()) == [looks[1]]


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"), [(0, 2000, 0, 0.0019), (10, 10, 0.722, 1), (5, 10, 0.237, 0.763)]
)
def test_an_interval(hits: int, trials: int, low: float, high: float) -> None:
    """Against the formula by hand."""
    assert interval(hits, trials)[0] == pytest.approx(low, abs=6e-4)
    assert interval(hits, trials)[1] == pytest.approx(high, abs=6e-4)


def test_no_chance_without_its_uncertainty() -> None:
    assert chance(0, 2000) == "0 (< 0.19)"
    assert chance(2000, 2000) == "100 (> 99.81)"
    assert chance(500, 1000) == "50 (47–53)"
    assert chance(0, 0) == "–"


def test_the_plot_is_xml_and_names_each_rule_and_hazard(tallies: dict[str, Tally]) -> None:
    text = " ".join(ElementTree.fromstring(plot(tallies, NAMES)).itertext())
    assert all(name in text for name in (*NAMES, *HAZARDS))
