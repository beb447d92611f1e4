"""What may help after a command has failed: nearly always nothing."""

from __future__ import annotations

import pytest

from lockctl.diagnosis.logs.whereabouts import Known
from lockctl.liveness.evidence import State, Verdict
from lockctl.repository.lock import Problem
from lockctl.supervision.decide import Act, decide
from tests.unit.diagnosis.logs.reading import BLOCKED, BREAKER, INVALID, LOCK, OUTGROWN, SAVED, runs_of
from tests.unit.making import make_file, make_lock, make_survey, make_verdict

READ, HELD = LOCK + "0" * 54, "31d3f10a" + "0" * 56
BROKEN = {
    State.WRITING: Problem.INCOMPLETE,
    State.DAMAGED: Problem.INCOMPLETE,
    State.UNREADABLE: Problem.UNREADABLE,
    State.UNDECODABLE: Problem.UNDECODABLE,
}


def standing(state: State, lock_id: str) -> Verdict:
    problem = BROKEN.get(state)
    lock = None if problem else make_lock(60)
    return make_verdict(make_file(lock, name=lock_id, problem=problem), state)


def share(*verdicts: Verdict) -> Known:
    return Known(make_survey(verdicts))


@pytest.mark.parametrize("log", [BREAKER, OUTGROWN * 3, INVALID])
@pytest.mark.parametrize(
    ("state", "act"),
    [
        (None, Act.AGAIN),
        (State.ACTIVE, Act.AGAIN),
        (State.OVERDUE, Act.AGAIN),
        (State.DOUBTFUL, Act.AGAIN),
        (State.STALE, Act.AGAIN),
        (State.DEAD, Act.AGAIN),
        (State.WRITING, Act.WAIT),
        (State.DAMAGED, Act.PRUNE),
        (State.UNREADABLE, Act.STOP),
        (State.UNDECODABLE, Act.STOP),
    ],
)
def test_a_lock_that_was_misread(log: str, state: State | None, act: Act) -> None:
    decision = decide(runs_of(log), share(*([standing(state, READ)] if state else [])))
    assert decision.act is act
    assert decision.why
    assert decision.reading or act is Act.STOP


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (None, Act.AGAIN),
        (State.ACTIVE, Act.STOP),
        (State.OVERDUE, Act.STOP),
        (State.DOUBTFUL, Act.PRUNE),
        (State.STALE, Act.PRUNE),
        (State.DEAD, Act.PRUNE),
        (State.SUPERSEDED, Act.PRUNE),
        (State.UNREADABLE, Act.STOP),
    ],
)
def test_a_lock_that_was_in_the_way(state: State | None, act: Act) -> None:
    decision = decide(runs_of(BLOCKED), share(*([standing(state, HELD)] if state else [])))
    assert decision.act is act
    assert not decision.reading


def test_an_owner_that_renewed_meanwhile_is_at_work() -> None:
    renewed = make_verdict(make_file(make_lock(5), name="e" * 64), State.ACTIVE)
    assert decide(runs_of(BLOCKED), share(renewed)).act is Act.STOP


@pytest.mark.parametrize(
    "log",
    [
        "",
        SAVED,
        BREAKER + SAVED,
        "Fatal: wrong password or no key found\n",
        "Fatal: whatever\n",
        "unable to refresh lock: x\nFatal: failed to refresh lock in time\n",
        "Load(<lock/c6632a542a>, 0, 0) failed: <lock/c6632a542a> does not exist\n",
    ],
)
def test_all_else_is_never_repeated(log: str) -> None:
    decision = decide([run for run in runs_of(log) if "snapshot" not in log or run.is_saved], share())
    assert decision.act is Act.STOP


def test_a_script_that_tried_again_by_itself_is_settled() -> None:
    """What it fails by after that is another matter, of which it said nothing."""
    assert decide(runs_of(BREAKER + SAVED), share()).act is Act.STOP
    assert decide(runs_of(SAVED + BREAKER), share()).act is Act.AGAIN


@pytest.mark.parametrize("log", [BREAKER, BLOCKED, INVALID])
def test_nothing_is_done_where_the_share_is_not_known(log: str) -> None:
    assert decide(runs_of(log), None).act is Act.STOP
    other = f"repository 12345678 opened (version 2)\n{log}"
    assert decide(runs_of(other), share()).act is Act.STOP, "that is another repository's log"
