"""Our own sight: what it makes certain, what it forbids others' clocks to claim, and how long it takes."""

from __future__ import annotations

import pytest

from lockctl.liveness.evidence import State, Witness
from lockctl.repository.lock import Problem
from lockctl.state.memory import Seen
from tests.unit.making import (
    ALIVE,
    DAY,
    EXPIRED,
    GIVES_UP,
    GONE,
    IN_AN_HOUR,
    MISSED,
    judge_one,
    make_facts,
    make_file,
    make_lock,
)


@pytest.mark.parametrize("problem", [None, Problem.INCOMPLETE, Problem.TEMPORARY, Problem.SEALED])
@pytest.mark.parametrize(("seen", "wait"), [(0, GIVES_UP), (GIVES_UP - 1, 1), (GIVES_UP, 0), (DAY, 0)])
def test_what_goes_has_to_be_seen_by_ourselves(problem: Problem | None, seen: float, wait: float) -> None:
    """However old it is by the clocks of others: for as long as a living owner can last without a renewal."""
    file = make_file(None if problem else make_lock(2 * DAY), created=2 * DAY, problem=problem)
    verdict = judge_one(file, make_facts(trust_clock="server", seen={file.id: Seen(seen)}))
    assert verdict.removable
    assert (verdict.seen, verdict.wait) == (seen, wait)


def test_a_dead_owners_lock_has_to_be_seen_as_well() -> None:
    """Another machine can have this one's name: then the process table speaks of the wrong machine."""
    verdict = judge_one(make_file(make_lock(DAY), created=DAY), None, GONE)
    assert (verdict.state, verdict.wait) == (State.DEAD, GIVES_UP)


@pytest.mark.parametrize(
    ("owner", "created", "finding", "wait"),
    [
        (0, DAY, None, EXPIRED - 100),
        (900, 900, None, EXPIRED - 100),
        (0, 0, None, None),
        (0, 0, GONE, GIVES_UP - 100),
        (0, 0, ALIVE, None),
        (DAY, DAY, ALIVE, None),
    ],
    ids=["doubtful", "overdue", "active", "active, its process is gone", "alive", "hung"],
)
def test_how_long_our_own_sight_takes(owner: float, created: float, finding: Witness | None, wait: float) -> None:
    file = make_file(make_lock(owner), created=created)
    facts = make_facts(seen={file.id: Seen(100)})
    assert judge_one(file, facts, *(finding,) if finding else ()).wait == wait


@pytest.mark.parametrize(
    ("seen", "owner", "server", "state"),
    [
        (0, 0, 0, State.ACTIVE),
        (GIVES_UP, 0, DAY, State.DOUBTFUL),
        (MISSED, 0, 0, State.ACTIVE),
        (MISSED + 1, 0, 0, State.OVERDUE),
        (EXPIRED, 0, 0, State.OVERDUE),
        (EXPIRED + 1, 0, 0, State.STALE),
        (EXPIRED + 1, IN_AN_HOUR, 0, State.STALE),
        (EXPIRED + 1, 0, None, State.STALE),
        (GIVES_UP, 0, None, State.DOUBTFUL),
    ],
)
def test_our_own_clock(seen: float, owner: float, server: float | None, state: State) -> None:
    """What this machine has seen for 30 minutes is stale whatever others' clocks say."""
    file = make_file(make_lock(owner), created=server)
    facts = make_facts(directory=DAY, seen={file.id: Seen(seen)})
    verdict = judge_one(file, facts)
    assert verdict.state is state
    assert "own-clock" in [witness.name for witness in verdict.witnesses]


BOTH, FORWARD = (7380, 7380), (3660, 3660)


@pytest.mark.parametrize(
    ("owner", "created", "at_most", "state", "code"),
    [
        (*BOTH, None, State.STALE, "not-renewed"),
        (*BOTH, 7320, State.STALE, "not-renewed"),
        (*BOTH, 7319, State.DOUBTFUL, "claim-refuted"),
        (*BOTH, 3600, State.DOUBTFUL, "claim-refuted"),
        (*BOTH, 1740, State.OVERDUE, "renewal-missed"),
        (*BOTH, 390, State.ACTIVE, "renewed"),
        (*FORWARD, 300, State.ACTIVE, "renewed"),
        (7380, 100, 300, State.ACTIVE, "renewed"),
        (100, 7380, 300, State.ACTIVE, "renewed"),
        (200, 100, 300, State.ACTIVE, "renewed"),
        (7380, 3600, 3600, State.DOUBTFUL, "claim-refuted"),
    ],
)
@pytest.mark.parametrize("trust", [None, "owner", "server"])
def test_our_own_eyes_void_what_clocks_claim(
    owner: float, created: float, at_most: float | None, state: State, code: str, trust: str | None
) -> None:
    """A clock that two witnesses share was set, or both are off: 5 minutes ago the file was not there."""
    file = make_file(make_lock(owner), created=created)
    verdict = judge_one(file, make_facts(trust_clock=trust, seen={file.id: Seen(0, at_most)}))
    if (trust, owner, created) == ("server", 7380, 3600):
        assert verdict.state is State.STALE, "the user vouches for a clock that nothing contradicts"
        return
    assert (verdict.state, verdict.reasons[0].code) == (state, code)
    if at_most is not None and max(owner, created) > at_most + 60:
        assert "it was not there" in verdict.why
        assert verdict.claimed_age == owner


@pytest.mark.parametrize(("at_most", "state"), [(None, State.DEAD), (60, State.ACTIVE), (600, State.OVERDUE)])
def test_our_own_eyes_outweigh_a_dead_process(at_most: float | None, state: State) -> None:
    """The process of another machine of this name is not here either."""
    file = make_file(make_lock(3600), created=3600)
    assert judge_one(file, make_facts(seen={file.id: Seen(0, at_most)}), GONE).state is state


@pytest.mark.parametrize(("at_most", "state"), [(None, State.DAMAGED), (300, State.WRITING)])
def test_our_own_eyes_and_damage(at_most: float | None, state: State) -> None:
    file = make_file(None, created=3600, problem=Problem.INCOMPLETE)
    assert judge_one(file, make_facts(seen={file.id: Seen(0, at_most)})).state is state


@pytest.mark.parametrize(
    ("seen", "state"), [(0, State.WRITING), (EXPIRED, State.WRITING), (EXPIRED + 1, State.DAMAGED)]
)
def test_our_own_clock_and_a_lock_cut_short(seen: float, state: State) -> None:
    file = make_file(None, created=0, problem=Problem.INCOMPLETE)
    assert judge_one(file, make_facts(seen={file.id: Seen(seen)})).state is state
