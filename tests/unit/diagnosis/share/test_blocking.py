"""Locks that stand in the way: whom they block, what to do, and that live ones are not told of."""

from __future__ import annotations

import pytest

from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.liveness.evidence import Witness
from lockctl.repository.lock import LockFile, Problem
from tests.unit.diagnosis.share.observing import HOUR, codes, found_in, live, survey_of
from tests.unit.making import ALIVE, GIVES_UP, GONE, make_file, make_lock

EVERYBODY, NOT_BACKUPS = "no backup, prune, check or forget can start", "prune, check and forget; backups still run"


def aged(age: float = 2 * HOUR, **fields: object) -> LockFile:
    return make_file(make_lock(age, **fields), created=age)  # type: ignore[arg-type]


def twice(exclusive: bool) -> tuple[LockFile, ...]:
    """An old lock, and its owner's newer one."""
    return aged(exclusive=exclusive), aged(10, exclusive=exclusive)


@pytest.mark.parametrize("exclusive", [True, False], ids=["exclusive", "shared"])
@pytest.mark.parametrize(
    ("code", "said"), [("stale-lock", None), ("dead-lock", GONE), ("superseded-lock", None)], ids=lambda one: str(one)
)
def test_what_can_go_and_whom_it_blocks(code: str, said: Witness | None, exclusive: bool) -> None:
    files = twice(exclusive) if code == "superseded-lock" else (aged(exclusive=exclusive),)
    told = found_in(survey_of(*files, said={0: said} if said else None))
    assert codes(told) == [(code, Weight.ACT)]
    assert (EVERYBODY if exclusive else NOT_BACKUPS) in told[0].meaning
    assert "'lockctl prune'" in told[0].todo
    assert ("restic check" in told[0].todo) is (exclusive and code != "superseded-lock")
    assert told[0].locks == (files[0].id,)
    assert told[0].certainty is Certainty.LIKELY


def test_what_this_machine_has_seen_for_long_is_certain() -> None:
    (told,) = found_in(survey_of(aged(), seen=GIVES_UP))
    assert told.certainty is Certainty.CERTAIN
    assert "--watch" not in told.todo


def test_who_may_not_delete_is_not_told_to_prune() -> None:
    stale, *_ = found_in(survey_of(aged()), may_delete=False)
    assert "as a user who may delete" in stale.todo


def test_locks_of_one_kind_are_one_finding() -> None:
    files = [aged(2 * HOUR + n * HOUR, hostname=f"h{n}") for n in range(5)]
    (told,) = found_in(survey_of(*files))
    assert "5 shared locks are stale, not renewed for 2 h to 6 h" in told.seen
    assert "and 2 more" in told.seen
    assert "They block" in told.meaning


def test_without_the_password_the_kind_is_not_known() -> None:
    file = make_file(name="d" * 64, created=2 * HOUR, problem=Problem.SEALED)
    stale, *_ = found_in(survey_of(file, seen=2 * HOUR))
    assert (stale.code, stale.weight) == ("stale-lock", Weight.ACT)
    assert "not known without the password" in stale.meaning


def test_an_owner_that_hangs() -> None:
    (told,) = found_in(survey_of(aged(), said={0: ALIVE}))
    assert (told.code, told.weight) == ("owner-hangs", Weight.LOOK)
    assert "2 h" in told.seen


@pytest.mark.parametrize("age", [60, 1500], ids=["active", "overdue"])
def test_an_owner_that_is_gone_and_too_young_to_go(age: float) -> None:
    """At first only its process tells; after 7½ minutes it is dead."""
    (told,) = found_in(survey_of(aged(age, exclusive=True), said={0: GONE}))
    assert (told.code, told.weight) == (("owner-gone", Weight.LOOK) if age < 450 else ("dead-lock", Weight.ACT))
    assert EVERYBODY in told.meaning


def test_a_missed_renewal_is_a_note() -> None:
    (told,) = found_in(survey_of(live(age=900)))
    assert (told.code, told.weight) == ("renewal-missed", Weight.NOTE)


def doubts(*findings: Finding) -> list[Finding]:
    return [finding for finding in findings if finding.code == "doubtful-lock"]


def test_clocks_that_disagree() -> None:
    (told,) = doubts(*found_in(survey_of(make_file(make_lock(2 * HOUR), created=60))))
    assert told.certainty is Certainty.POSSIBLE
    assert "'lockctl prune --watch'" in told.todo


def test_a_doubt_in_which_no_clock_calls_it_old_is_nothing() -> None:
    """As of a young lock on a server that says nothing."""
    file = make_file(make_lock(100), created=100, written=100)
    assert doubts(*found_in(survey_of(file, keeps_creation=False, directory=HOUR))) == []


def test_what_was_restored_is_left_alone() -> None:
    file = aged()
    assert codes(found_in(survey_of(file, held=[file]))) == [("restored-lock", Weight.NOTE)]
