"""The loop, with a command, a share and a clock that do as they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from lockctl.diagnosis.logs.runs import Run
from lockctl.diagnosis.logs.whereabouts import Known
from lockctl.errors import Interrupted, Unreachable
from lockctl.liveness.evidence import State
from lockctl.supervision.loop import MAX_BLOCKED, Ended, Wish, supervise
from tests.unit.diagnosis.logs.reading import BLOCKED, BREAKER, INVALID, OUTGROWN, SAVED, runs_of
from tests.unit.supervision.test_decide import HELD, READ, share, standing


class Played:
    """An attendant: each start takes ten minutes and says the next log; the share shows the next state, or the last."""

    def __init__(self, *logs: str, shares: Sequence[Known] = (share(),), statuses: Sequence[int] = ()) -> None:
        self.logs, self.shares = list(logs), list(shares)
        self.statuses = list(statuses)
        self.clock = 0.0
        self.said: list[str] = []
        self.rests: list[float] = []
        self.prunes: list[float] = []
        self.looks = 0
        self.starts = 0
        self.stop = False
        self.away = False

    def start(self, is_in_vain: Callable[[Sequence[Run]], bool]) -> Ended:
        self.starts += 1
        self.clock += 600
        log = self.logs.pop(0)
        self.in_vain = is_in_vain(runs_of(log))
        status = self.statuses.pop(0) if self.statuses else int("saved" not in log)
        return Ended(status, runs_of(log), self.stop)

    def look(self) -> Known:
        self.looks += 1
        if self.away:
            raise Unreachable("nas does not answer")
        return self.shares.pop(0) if len(self.shares) > 1 else self.shares[0]

    def prune(self, seconds: float) -> int:
        self.prunes.append(seconds)
        if self.away:
            raise Unreachable("nas does not answer")
        return 1

    def rest(self, least: float) -> None:
        self.rests.append(least)
        self.clock += least

    def tell(self, text: str) -> None:
        self.said.append(text)

    def run(self, **wish: float) -> int:
        return supervise(self, Wish(**wish), lambda: self.clock)  # type: ignore[arg-type]


def test_a_success_is_passed_on_and_nothing_is_looked_at() -> None:
    played = Played(SAVED)
    assert played.run(restarts=3) == 0
    assert (played.starts, played.looks, played.said) == (1, 0, [])


def test_a_breaker_is_started_again_and_the_summary_says_so() -> None:
    played = Played(BREAKER, SAVED)
    assert played.run(restarts=1) == 0
    assert played.said == [
        "that lock is gone: starting it again",
        "started 2 times in 20 min 2 s; the last ended with 0",
    ]
    assert played.rests == [2.0]


def test_as_often_as_was_allowed() -> None:
    played = Played(*[BREAKER] * 5, statuses=[1, 1, 7])
    assert played.run(restarts=2) == 7
    assert played.starts == 3
    assert played.said[-2] == "not started again: that lock is gone, and --restart-on-breaker allows 2 more starts"


def test_not_after_the_time_is_over() -> None:
    played = Played(*[BREAKER] * 5)
    assert played.run(restarts=9, seconds=1000) == 1
    assert played.starts == 2
    assert "16 min 40 s are over (--for)" in played.said[-2]


def test_without_an_allowance_nothing_is_looked_at_and_the_failure_is_explained() -> None:
    played = Played(BREAKER)
    assert played.run() == 1
    assert (played.starts, played.looks) == (1, 0)
    assert "circuit breaker" in played.said[0]
    assert "Remove nothing. Start the backup again" in played.said[0]


def test_a_lock_that_is_being_written_is_waited_for() -> None:
    writing, sound = share(standing(State.WRITING, READ)), share(standing(State.ACTIVE, READ))
    played = Played(INVALID, SAVED, shares=[writing, writing, writing, sound])
    assert played.run(restarts=1) == 0
    assert played.looks == 4
    assert "that lock is being written: waiting for it" in played.said


def test_one_that_never_comes_to_an_end_is_given_up() -> None:
    played = Played(INVALID, shares=[share(standing(State.WRITING, READ))])
    assert played.run(restarts=1, seconds=700) == 1
    assert played.starts == 1
    assert played.clock >= 700


def test_a_stale_lock_in_the_way() -> None:
    stale = share(standing(State.STALE, HELD))
    played = Played(BLOCKED, SAVED, shares=[stale, share()])
    assert played.run(prune=True) == 0
    assert played.prunes == [0.0, 3000.0], "once before the start, and then for as long as there is"


def test_one_that_may_not_go_yet() -> None:
    played = Played(BLOCKED, shares=[share(standing(State.STALE, HELD))])
    assert played.run(prune=True) == 1
    assert "may not go yet without a person's word" in played.said[-1]


def test_a_stale_lock_without_the_allowance() -> None:
    played = Played(BLOCKED, shares=[share(standing(State.STALE, HELD))])
    assert played.run(restarts=3) == 1
    assert played.prunes == []
    assert "--prune-stale was not given" in played.said[-1]


def test_stale_locks_again_and_again() -> None:
    gone = share()
    shares = [one for _ in range(9) for one in (share(standing(State.STALE, HELD)), gone)]
    played = Played(*[BLOCKED] * 9, shares=shares)
    assert played.run(prune=True, seconds=100_000) == 1
    assert played.starts == MAX_BLOCKED + 1


def test_a_live_owner_is_no_reason() -> None:
    played = Played(BLOCKED, shares=[share(standing(State.ACTIVE, HELD))])
    assert played.run(prune=True, restarts=5) == 1
    assert played.starts == 1
    assert played.said[-1] == "not started again: its owner is at work"


def test_a_share_that_is_away() -> None:
    played = Played(BREAKER)
    played.away = True
    assert played.run(restarts=5, prune=True) == 1
    assert played.starts == 1
    assert played.said[0].startswith("nothing was pruned: nas does not answer")
    assert "the share could not be looked at" in played.said[-1]


def test_after_a_signal_nothing_is_started() -> None:
    played = Played(BREAKER, statuses=[130])
    played.stop = True
    assert played.run(restarts=5) == 130
    assert played.starts == 1


def test_a_signal_between_two_starts() -> None:
    played = Played(BREAKER, BREAKER)

    def interrupted(least: float) -> None:
        raise Interrupted(15)

    played.rest = interrupted  # type: ignore[method-assign]
    with pytest.raises(Interrupted):
        played.run(restarts=5)


@pytest.mark.parametrize(
    ("log", "state", "restarts", "in_vain"),
    [
        (OUTGROWN * 3, State.ACTIVE, 1, True),
        (OUTGROWN * 2, State.ACTIVE, 1, False),
        (OUTGROWN * 3, State.ACTIVE, 0, False),
        (OUTGROWN * 3, None, 1, False),
        (OUTGROWN * 3, State.WRITING, 1, False),
        (OUTGROWN * 3 + SAVED, State.ACTIVE, 1, False),
        (BREAKER, State.ACTIVE, 1, False),
    ],
)
def test_a_restic_that_tries_in_vain(log: str, state: State | None, restarts: int, in_vain: bool) -> None:
    played = Played(log, SAVED, shares=[share(*([standing(state, READ)] if state else []))])
    played.run(restarts=restarts)
    starts_first = played.said[0] if played.said else ""
    assert ("it is ended" in starts_first) is in_vain


@pytest.mark.parametrize("status", [3])
def test_a_snapshot_without_some_files_is_a_snapshot(status: int) -> None:
    """Where standard output is not read, nothing but the status tells that there is one."""
    played = Played(OUTGROWN * 3, statuses=[status])
    assert played.run(restarts=3, prune=True) == status
    assert played.starts == 1


def test_locks_that_come_and_go_end_as_stale_ones_do() -> None:
    played = Played(*[BLOCKED] * 9)
    assert played.run(prune=True, seconds=100_000) == 1
    assert played.starts == MAX_BLOCKED + 1
    assert "locks were in the way 3 times" in played.said[-2]


def test_nothing_is_waited_for_where_no_start_is_left() -> None:
    played = Played(INVALID, shares=[share(standing(State.WRITING, READ))])
    assert played.run(prune=True) == 1
    assert played.rests == []


def test_a_damaged_lock_that_was_removed_is_as_a_stale_one() -> None:
    played = Played(INVALID, SAVED, shares=[share(standing(State.DAMAGED, READ)), share()])
    assert played.run(prune=True) == 0
    assert played.starts == 2


def test_a_restic_that_went_on_without_a_word_is_left_at_work() -> None:
    """restic 0.14 gives up reading a lock, and backs up: its last line still tells of the lock."""
    played = Played(SAVED, shares=[share(standing(State.WRITING, READ)), share(standing(State.ACTIVE, READ))])
    asked: list[bool] = []

    def start(is_in_vain: Callable[[Sequence[Run]], bool]) -> Ended:
        runs = runs_of(OUTGROWN * 4)
        for seconds in (0, 16, 60, 60):
            played.clock += seconds
            asked.append(is_in_vain(runs))
        return Ended(0, runs_of(SAVED))

    played.start = start  # type: ignore[method-assign]
    played.shares = [share(standing(State.WRITING, READ))] * 2 + [share(standing(State.ACTIVE, READ))]
    assert played.run(restarts=1) == 0
    assert asked == [False, False, False, False]
    assert played.looks == 2, "after that it is not asked any more"


def test_what_was_ended_is_started_again_though_the_share_went_away_meanwhile() -> None:
    played = Played(OUTGROWN * 3, SAVED, shares=[share(standing(State.ACTIVE, READ))], statuses=[130, 0])
    started = played.start

    def start(is_in_vain: Callable[[Sequence[Run]], bool]) -> Ended:
        ended = started(is_in_vain)
        played.away = True
        return ended

    played.start = start  # type: ignore[method-assign]
    assert played.run(restarts=1) == 0
    assert played.starts == 2


def test_nothing_is_ended_that_may_not_be_started_again() -> None:
    """--for is over when it begins to misread: it is left to itself."""
    played = Played(OUTGROWN * 3, shares=[share(standing(State.ACTIVE, READ))])
    assert played.run(restarts=1, seconds=60) == 1
    assert not played.in_vain
    assert played.starts == 1
