"""Two machines of one host name: what shows it, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.repository.lock import Lock, LockFile
from lockctl.survey.values import Return
from tests.unit.diagnosis.share.observing import HOUR, found_in, live, record_of, survey_of
from tests.unit.making import ALIVE, BLIND, GONE, make_file, make_lock


def twins(found: list[Finding]) -> list[Certainty]:
    told = [one for one in found if one.code == "shared-host-name"]
    assert all(one.weight is Weight.LOOK for one in told)
    return [one.certainty for one in told]


def lock_of(age: float = 10, uid: int = 0, **fields: object) -> Lock:
    return replace(make_lock(age, **fields), uid=uid)  # type: ignore[arg-type]


def file_of(lock: Lock, created: float = 10) -> LockFile:
    return make_file(lock, created=created)


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        pytest.param(lock_of(pid=7), lock_of(pid=8), False, id="two processes"),
        pytest.param(lock_of(pid=7, exclusive=True), lock_of(pid=7), False, id="one process, shared and exclusive"),
        pytest.param(lock_of(pid=7, uid=1), lock_of(pid=7, uid=2), True, id="one PID, two uids"),
        pytest.param(lock_of(pid=7, username="a"), lock_of(pid=7, username="b"), True, id="one PID, two users"),
        pytest.param(lock_of(pid=7, username="a"), lock_of(pid=8, username="b", uid=9), False, id="two users"),
        pytest.param(lock_of(pid=7, uid=1), lock_of(pid=8, uid=2), True, id="one user name, two uids"),
        pytest.param(lock_of(pid=0, username="a"), lock_of(pid=0, username="b"), False, id="no PID"),
        pytest.param(lock_of(pid=1, username=""), lock_of(pid=2, username="", uid=3), False, id="no user names"),
        pytest.param(
            lock_of(pid=7, username="a"), lock_of(2 * HOUR, pid=7, username="b"), False, id="one is not renewed"
        ),
        pytest.param(lock_of(hostname="a", uid=1), lock_of(hostname="b", uid=2), False, id="two hosts"),
    ],
)
def test_users_and_processes(one: Lock, other: Lock, shown: bool) -> None:
    found = found_in(survey_of(file_of(one), file_of(other)))
    assert twins(found) == ([Certainty.LIKELY] if shown else [])


@pytest.mark.parametrize(
    ("one", "other", "shown"),
    [
        pytest.param(0, 0, False, id="alike"),
        pytest.param(0, 100, False, id="an upload of two minutes"),
        pytest.param(0, HOUR, True, id="one is ahead"),
        pytest.param(HOUR, 2 * HOUR, True, id="both are ahead"),
        pytest.param(0, -200, True, id="one is behind"),
        pytest.param(0, -2 * HOUR, False, id="one is so far behind that it may be a copy"),
    ],
)
def test_clocks(one: float, other: float, shown: bool) -> None:
    """Possible, and no more: a clock may just have been set."""
    files = [file_of(lock_of(10 - error, pid=pid)) for pid, error in ((7, one), (8, other))]
    assert twins(found_in(survey_of(*files))) == ([Certainty.POSSIBLE] if shown else [])


def test_renewals_of_one_owner_are_not_two_machines() -> None:
    """Even where its clock was set in between."""
    files = [file_of(lock_of(-HOUR)), file_of(lock_of(280), created=280)]
    assert twins(found_in(survey_of(*files))) == []


@pytest.mark.parametrize(
    ("said", "age", "shown"),
    [(GONE, 5, True), (GONE, 300, False), (ALIVE, 5, False), (BLIND, 5, False)],
    ids=["gone and renewed", "gone", "alive", "nothing to see"],
)
def test_a_renewal_without_a_process(said: object, age: float, shown: bool) -> None:
    first, last = live(age=300), live(age=age)
    looks = survey_of(first, said={0: said}), survey_of(last)  # type: ignore[dict-item]
    assert twins(found_in(*looks)) == ([Certainty.LIKELY] if shown else [])


@pytest.mark.parametrize(("state", "shown"), [("dead", True), ("stale", False)])
def test_an_owner_that_came_back_without_a_process(state: str, shown: bool) -> None:
    back = live()
    survey = survey_of(back)
    one = Return(record_of(live(age=600), 300, state=state), survey.verdicts[0])
    assert twins(found_in(survey, returns=(one,))) == ([Certainty.LIKELY] if shown else [])


def test_a_host_is_told_of_once() -> None:
    files = [file_of(lock_of(10 - n * 600, pid=7, uid=n, username=f"u{n}")) for n in range(5)]
    assert twins(found_in(survey_of(*files))) == [Certainty.LIKELY]


def test_what_has_just_ended_is_no_evidence() -> None:
    """Its PID may be another's by now."""
    files = [file_of(lock_of(pid=7, username="a")), file_of(lock_of(pid=7, username="b"))]
    assert twins(found_in(survey_of(*files, said={0: GONE}))) == []
