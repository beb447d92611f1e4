"""The state table: each state at its edges, the order in which states are tried, and what may go without a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.liveness.evidence import Facts, State, Witness
from lockctl.liveness.judge import judge
from lockctl.repository.lock import Lock, Problem
from lockctl.state.memory import Seen
from tests.unit.making import (
    ALIVE,
    BLIND,
    DAY,
    EXPIRED,
    GONE,
    IN_AN_HOUR,
    MISSED,
    judge_one,
    make_facts,
    make_file,
    make_lock,
)


@pytest.mark.parametrize(
    ("owner", "created", "state", "code"),
    [
        (0, 0, State.ACTIVE, "renewed"),
        (MISSED, MISSED, State.ACTIVE, "renewed"),
        (MISSED + 1, 0, State.OVERDUE, "renewal-missed"),
        (0, MISSED + 1, State.OVERDUE, "renewal-missed"),
        (EXPIRED, EXPIRED, State.OVERDUE, "renewal-missed"),
        (EXPIRED + 1, EXPIRED, State.DOUBTFUL, "clocks-disagree"),
        (EXPIRED, EXPIRED + 1, State.DOUBTFUL, "clocks-disagree"),
        (EXPIRED + 1, EXPIRED + 1, State.STALE, "not-renewed"),
        (90 * DAY, 0, State.DOUBTFUL, "clocks-disagree"),
        (0, 90 * DAY, State.DOUBTFUL, "clocks-disagree"),
        (IN_AN_HOUR, 0, State.ACTIVE, "renewed"),
        (IN_AN_HOUR, EXPIRED + 1, State.DOUBTFUL, "clocks-disagree"),
        (0, -59, State.ACTIVE, "renewed"),
        (0, IN_AN_HOUR, State.DOUBTFUL, "clock-unknown"),
        (EXPIRED + 1, IN_AN_HOUR, State.DOUBTFUL, "clock-unknown"),
    ],
)
def test_two_clocks(owner: float, created: float, state: State, code: str) -> None:
    verdict = judge_one(make_file(make_lock(owner), created=created))
    assert (verdict.state, verdict.reasons[0].code) == (state, code)
    assert verdict.age == (min(max(0, owner), max(0, created)) if created != IN_AN_HOUR else None)
    assert verdict.claimed_age == max(0, owner)
    assert verdict.removable is (state is State.STALE)


@pytest.mark.parametrize(
    ("age", "finding", "state", "codes"),
    [
        (0, ALIVE, State.ACTIVE, ["owner-alive"]),
        (EXPIRED, ALIVE, State.ACTIVE, ["owner-alive"]),
        (EXPIRED + 1, ALIVE, State.ACTIVE, ["owner-hung"]),
        (0, GONE, State.ACTIVE, ["renewed", "owner-gone"]),
        (MISSED, GONE, State.ACTIVE, ["renewed", "owner-gone"]),
        (MISSED + 1, GONE, State.DEAD, ["owner-gone"]),
        (EXPIRED + 1, GONE, State.DEAD, ["owner-gone"]),
        (MISSED + 1, BLIND, State.OVERDUE, ["renewal-missed"]),
        (EXPIRED + 1, BLIND, State.STALE, ["not-renewed"]),
    ],
)
def test_what_this_machines_processes_say(age: float, finding: Witness, state: State, codes: list[str]) -> None:
    verdict = judge_one(make_file(make_lock(age), created=age), None, finding)
    assert (verdict.state, [reason.code for reason in verdict.reasons]) == (state, codes)
    assert finding in verdict.witnesses


def test_a_sign_of_life_outweighs_a_proof_of_death() -> None:
    verdict = judge_one(make_file(make_lock(DAY), created=DAY), None, GONE, ALIVE)
    assert verdict.state is State.ACTIVE


def test_death_needs_both_clocks_too() -> None:
    assert judge_one(make_file(make_lock(DAY), created=MISSED), None, GONE).state is State.DOUBTFUL


@pytest.mark.parametrize(
    ("age", "beside", "state"),
    [
        (EXPIRED + 1, make_lock(0), State.SUPERSEDED),
        (EXPIRED, make_lock(0), State.OVERDUE),
        (EXPIRED + 1, make_lock(EXPIRED + 2), State.STALE),
        (EXPIRED + 1, make_lock(EXPIRED + 1), State.STALE),
        (EXPIRED + 1, make_lock(0, pid=1), State.STALE),
        (EXPIRED + 1, make_lock(0, hostname="web2"), State.STALE),
        (EXPIRED + 1, make_lock(0, username="www-data"), State.STALE),
        (EXPIRED + 1, make_lock(0, exclusive=True), State.STALE),
    ],
)
def test_superseded_by_a_newer_lock_of_the_same_owner(age: float, beside: Lock, state: State) -> None:
    other = make_file(beside, created=0)
    verdict = judge_one(make_file(make_lock(age), created=age), make_facts(), beside=(other,))
    assert verdict.state is state


@pytest.mark.parametrize("finding", [GONE, ALIVE, BLIND])
def test_a_leftover_is_one_whether_its_owner_lives_or_not(finding: Witness) -> None:
    """The owner renews its newer lock, which nobody touches."""
    newer = make_file(make_lock(MISSED), created=MISSED)
    file = make_file(make_lock(DAY), created=DAY)
    old, new = judge((file, newer), make_facts(), {one.id: [finding] for one in (file, newer)})
    assert (old.state, new.state) == (State.SUPERSEDED, State.ACTIVE)


@pytest.mark.parametrize(
    ("owner", "created", "seen", "facts"),
    [
        (MISSED + 1, 0, 0, make_facts()),
        (0, MISSED + 1, 0, make_facts()),
        (0, DAY, 0, make_facts()),
        (0, 2 * DAY, 0, make_facts()),
        (0, 0, MISSED + 1, make_facts()),
        (0, None, 0, make_facts(directory=DAY)),
        (0, 0, 0, make_facts(keeps_creation=False, directory=DAY)),
    ],
    ids=["by its owner", "by the server", "made at once", "made before", "by our own clock", "not known", "made up"],
)
def test_a_living_owners_lock_is_no_leftover_while_the_newer_one_is_not_renewed(
    owner: float, created: float | None, seen: float, facts: Facts
) -> None:
    """A clock that was set back makes the current lease look older than a leftover from before."""
    newer = make_file(make_lock(owner), created=created)
    file = make_file(make_lock(DAY), created=DAY)
    known = replace(facts, seen={newer.id: Seen(seen)})
    assert judge_one(file, known, ALIVE, beside=(newer,)).state is State.ACTIVE
    assert judge_one(file, known, beside=(newer,)).state in (State.SUPERSEDED, State.DOUBTFUL)


@pytest.mark.parametrize(
    ("problem", "age", "state"),
    [
        (Problem.FOREIGN, DAY, State.FOREIGN),
        (Problem.UNREADABLE, DAY, State.UNREADABLE),
        (Problem.UNDECODABLE, DAY, State.UNDECODABLE),
        (Problem.INCOMPLETE, 0, State.WRITING),
        (Problem.INCOMPLETE, EXPIRED, State.WRITING),
        (Problem.INCOMPLETE, EXPIRED + 1, State.DAMAGED),
        (Problem.TEMPORARY, EXPIRED + 1, State.WRITING),
        (Problem.TEMPORARY, DAY, State.WRITING),
        (Problem.TEMPORARY, DAY + 1, State.DAMAGED),
    ],
)
def test_files_that_hold_no_lock(problem: Problem, age: float, state: State) -> None:
    verdict = judge_one(make_file(created=age, problem=problem))
    assert verdict.state is state
    assert verdict.removable is (state is State.DAMAGED)
    assert verdict.claimed_age is None


@pytest.mark.parametrize(("data", "what"), [(b"", "empty"), (b"half", "cut short or altered")])
def test_a_damaged_lock_has_the_servers_age(data: bytes, what: str) -> None:
    verdict = judge_one(make_file(created=2 * 3600, problem=Problem.INCOMPLETE, data=data))
    assert verdict.age == 2 * 3600
    assert verdict.reasons[0].text == f"{what}, and no longer being written: 2 h old"


def test_a_damaged_lock_whose_age_nobody_knows_is_kept() -> None:
    """Its creation is made up, and the directory's time was set back below a genuine creation."""
    file = make_file(created=None, written=DAY, problem=Problem.INCOMPLETE)
    beside = make_file(make_lock(0), created=60)
    verdict = judge_one(file, make_facts(directory=DAY), beside=(beside,))
    assert (verdict.state, verdict.age) == (State.WRITING, None)


@pytest.mark.parametrize(
    ("trust", "owner", "created", "state"),
    [
        (None, DAY, 0, State.DOUBTFUL),
        ("owner", DAY, MISSED + 1, State.STALE),
        ("owner", DAY, MISSED, State.DOUBTFUL),
        ("owner", 0, DAY, State.DOUBTFUL),
        ("owner", EXPIRED, DAY, State.DOUBTFUL),
        ("server", 0, DAY, State.STALE),
        ("server", DAY, 0, State.DOUBTFUL),
        ("server", 0, EXPIRED, State.OVERDUE),
    ],
)
def test_a_trusted_clock_makes_the_certain_age(trust: str | None, owner: float, created: float, state: State) -> None:
    verdict = judge_one(make_file(make_lock(owner), created=created), make_facts(trust_clock=trust))
    assert verdict.state is state


@pytest.mark.parametrize("trust", [None, "owner", "server"])
def test_what_is_alive_stays_whichever_clock_is_trusted(trust: str | None) -> None:
    verdict = judge_one(make_file(make_lock(DAY), created=DAY), make_facts(trust_clock=trust), ALIVE)
    assert verdict.state is State.ACTIVE


@pytest.mark.parametrize(
    ("created", "written", "age"),
    [
        (None, DAY, DAY),
        (DAY + 60, DAY, DAY),
        (DAY, DAY, DAY),
        (DAY - 59, DAY, DAY),
        (DAY - 61, DAY, None),
        (60, 70, None),
        (None, DAY - 59, DAY),
        (None, DAY - 61, None),
        (DAY, 10, None),
    ],
)
def test_the_directory_is_void_below_what_is_in_it(created: float | None, written: float, age: float | None) -> None:
    """It was set back, or it does not move with its files."""
    file = make_file(make_lock(DAY), created=None, written=DAY)
    beside = make_file(make_lock(60, pid=1), created=created, written=written)
    verdict = judge_one(file, make_facts(directory=DAY), beside=(beside,))
    assert verdict.age == age
    assert verdict.state is (State.DOUBTFUL if age is None else State.STALE)
    assert age is not None or verdict.reasons[0].code == "clock-unknown"


@pytest.mark.parametrize(
    ("owner", "written", "directory", "state"),
    [
        (3600, 3600, 2400, State.DOUBTFUL),
        (3600, 3600, 3600, State.STALE),
        (3600, 3600, 3598, State.STALE),
        (3600, 3600, 3597.9, State.DOUBTFUL),
        (3600, 3600, 0, State.DOUBTFUL),
        (3600, 0, 2400, State.DOUBTFUL),
    ],
    ids=["it does not move", "last change", "by two clocks", "something else", "changed just now", "fresh"],
)
@pytest.mark.parametrize("created", ["unknown", "made up"])
def test_the_directorys_time_counts_where_it_is_seen_to_move(
    owner: float, written: float, directory: float, state: State, created: str
) -> None:
    """A living lock whose owner's clock is an hour behind, where locks/ keeps no time of its own."""
    born = None if created == "unknown" else written + 0.5
    file = make_file(make_lock(owner), created=born, written=written)
    assert judge_one(file, make_facts(directory=directory, keeps_creation=False)).state is state


def test_findings_are_for_their_own_lock() -> None:
    first, second = (make_file(make_lock(DAY, pid=pid), created=DAY) for pid in (1, 2))
    verdicts = judge([first, second], make_facts(), {first.id: [ALIVE]})
    assert [verdict.state for verdict in verdicts] == [State.ACTIVE, State.STALE]


@pytest.mark.parametrize(("age", "given_up"), [(1350, False), (1351, True)])
def test_an_owner_that_has_given_up(age: float, given_up: bool) -> None:
    (reason,) = judge_one(make_file(make_lock(age), created=age)).reasons
    assert reason.code == "renewal-missed"
    assert ("given up by itself" in reason.text) is given_up


def test_a_directory_set_back_is_void_where_creation_is_not_trusted_either() -> None:
    """The lock was made a minute ago, and whoever set the directory back cannot make it older."""
    file = make_file(make_lock(2 * DAY), created=60, written=60)
    facts = make_facts(directory=2 * DAY, keeps_creation=False)
    assert judge_one(file, facts).state is State.DOUBTFUL
    assert judge_one(file, replace(facts, trust_clock="server")).state is State.DOUBTFUL
