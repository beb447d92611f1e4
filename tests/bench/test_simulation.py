"""The simulator that compares rules: it must repeat itself, hold all that it promises, and be able to fail."""

from __future__ import annotations

from random import Random
from xml.etree import ElementTree

import pytest

from bench.simulation.clients import Step, next_step
from bench.simulation.clocks import Clock
from bench.simulation.files import Times, Truth, made_up
from bench.simulation.machines import PLACES, VERSIONS
from bench.simulation.measure import AFTER, Tally
from bench.simulation.report import plot, table
from bench.simulation.share import play
from bench.verdicts import OURS, simulate

SECOND = 10**9


@pytest.fixture(scope="module")
def tally() -> Tally:
    """A small run."""
    return simulate(25_000, seed=2, days=5)


def test_the_same_seed_gives_the_same_figures_and_another_gives_others() -> None:
    once, again, other = (simulate(1500, seed=seed, days=2) for seed in (1, 1, 2))
    assert table(once) == table(again)
    assert table(once) != table(other)


def test_processes_do_not_change_the_figures() -> None:
    assert table(simulate(1500, seed=1, jobs=2, days=2)) == table(simulate(1500, seed=1, days=2))


def test_there_are_live_locks_lapsed_ones_and_dead_ones(tally: Tally) -> None:
    assert tally.live_hours > 5000
    assert tally.lapsed_hours > 50
    assert tally.dead > 200
    assert tally.temporary > 0


@pytest.mark.parametrize(
    "what",
    [
        *PLACES,
        *(f"restic {version}" for version in VERSIONS),
        *(f"clock {kind}" for kind in ("right", "seconds off", "minutes off", "hours off", "drifting", "jumping")),
        *("rclone", "mount", "asleep", "hung", "cut off", "server away", "PID taken by another process"),
        *("killed", "host crashed", "superseded", "upload cut short", "temporary file left over"),
        *("could not remove its lock", "gave up, cut off", "killed, had hung", "copied from elsewhere"),
    ],
)
def test_each_scenario_occurs(tally: Tally, what: str) -> None:
    assert tally.met[what] > 0


def test_each_kind_of_server_occurs() -> None:
    servers = [play(5, number, 3600.0, 0.2).server for number in range(80)]
    assert len({server.kind for server in servers}) == 5
    assert {server.clock.kind for server in servers} >= {"right", "off", "wrong after boot"}


def test_lockctl_removes_no_live_lock_in_a_small_run(tally: Tally) -> None:
    assert tally.scores[OURS].live.total() == 0, tally.scores[OURS].examples


def test_lockctl_leaves_hardly_a_dead_lock(tally: Tally) -> None:
    assert tally.scores[OURS].left[2].total() < 0.02 * tally.old_enough[2]


def test_the_other_rules_remove_live_locks_so_that_the_check_can_fail(tally: Tally) -> None:
    assert all(score.live.total() > 0 for name, score in tally.scores.items() if name != OURS)


def test_totals_add_up(tally: Tally) -> None:
    for score in tally.scores.values():
        assert score.dead <= tally.dead
        assert score.temporary <= tally.temporary
        assert score.lock_hours >= score.live.total() + score.lapsed.total() + score.dead + score.temporary
        assert all(score.left[hours].total() <= tally.old_enough[hours] for hours in AFTER)
        assert score.unknowable <= score.live.total()
    assert tally.dead >= tally.old_enough[1] >= tally.old_enough[2] >= tally.old_enough[24] > 0


def test_each_live_owner_has_one_live_lock_but_for_the_instant_of_renewal() -> None:
    history = play(5, 3, 3600.0, 3)
    files = [file for arrived in history.arrivals for file in arrived]
    assert files
    for moment in history.moments:
        standing = [f for f in files if f.appears <= moment < f.vanishes and f.truth(moment) is Truth.LIVE]
        owners = [id(file.owner) for file in standing if moment - file.appears > 3]
        assert len(owners) == len(set(owners))


@pytest.mark.parametrize(
    ("version", "since", "trouble", "step"),
    [
        ("0.16", 1300, "cut off", Step.RENEW),
        ("0.16", 1400, "cut off", Step.ABANDON),
        ("0.16", 1400, "asleep", Step.RENEW),
        ("0.15", 1400, "asleep", Step.LEAVE),
        ("0.14", 9999, "cut off", Step.RENEW),
        ("0.9.6", 9999, "asleep", Step.RENEW),
    ],
)
def test_what_a_version_does_that_lost_its_lease(version: str, since: float, trouble: str, step: Step) -> None:
    assert next_step(version, since, trouble) is step


def test_a_clock_is_set_and_drifts() -> None:
    clock = Clock("", offset=5, drift=0.001, steps=((100, 60),))
    assert clock.error(99) == pytest.approx(5.099)
    assert clock.error(1000) == pytest.approx(66)


def test_a_made_up_creation_is_the_minimum_and_never_after_the_last_write() -> None:
    random = Random(1)
    for _ in range(100):
        written, now = (random.randrange(10**18, 10**18 + 10**11) for _ in range(2))
        created = made_up(Times(now, written, written), now).created
        assert min(written, now) - SECOND < created <= min(written, now)


def test_the_plot_is_xml_and_names_each_rule(tally: Tally) -> None:
    text = " ".join(ElementTree.fromstring(plot(tally)).itertext())
    assert all(name in text for name in tally.scores)
