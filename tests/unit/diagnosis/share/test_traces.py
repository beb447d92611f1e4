"""What the journal tells: owners that came back, damaged lines, and when locks pile up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lockctl.clock.rfc3339 import format_moment
from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.repository.lock import LockFile
from lockctl.state.records import Origin, Outcome
from lockctl.survey.values import Return
from tests.unit.diagnosis.share.observing import DAY, HOUR, codes, found_in, journal_of, live, record_of, survey_of
from tests.unit.making import NOW, make_file, make_lock


def aged(age: float, hostname: str = "laptop") -> LockFile:
    return make_file(make_lock(age, hostname=hostname, pid=int(age)), created=age)


def removed(ages: Sequence[float], **changes: object) -> list[object]:
    return [record_of(aged(age), age, **changes) for age in ages]


def piles(found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.code == "locks-pile-up"]


def test_an_owner_that_came_back_comes_first() -> None:
    survey = survey_of(live(), aged(2 * HOUR))
    record = record_of(live(age=600), 300)
    (first, *_) = found_in(survey, returns=(Return(record, survey.verdicts[0]),), journal=journal_of(record))
    assert (first.code, first.weight, first.certainty) == ("owner-came-back", Weight.ACT, Certainty.CERTAIN)
    assert "restic check" in first.todo
    assert first.locks[0] == record.removed.id


@pytest.mark.parametrize(("ago", "told"), [(HOUR, True), (6 * DAY, True), (8 * DAY, False)])
def test_one_that_came_back_before_is_told_for_a_week(ago: float, told: bool) -> None:
    record = record_of(live(), ago, returned_as="f" * 64)
    found = found_in(survey_of(), journal=journal_of(record))
    assert codes(found) == ([("owner-came-back", Weight.LOOK)] if told else [])


def test_other_repositories_are_none_of_this_ones_business() -> None:
    record = record_of(live(), HOUR, returned_as="f" * 64, origin=Origin("smb://other/share", None, "6" * 64))
    assert found_in(survey_of(), journal=journal_of(record)) == []


def test_the_journal_itself() -> None:
    journal = journal_of(damaged=("line 3 of x is damaged and was passed over",), distrusted=("x can be written",))
    assert codes(found_in(survey_of(), journal=journal)) == [
        ("journal-damaged", Weight.LOOK),
        ("journal-open", Weight.LOOK),
    ]
    broken = journal_of(error="cannot read x: Permission denied. Give a folder")
    assert codes(found_in(survey_of(), journal=broken)) == [("journal-unusable", Weight.ACT)]


@pytest.mark.parametrize(
    ("standing", "before", "told"),
    [
        pytest.param([], [], False, id="none"),
        pytest.param([2 * HOUR], [], False, id="one"),
        pytest.param([2 * HOUR + n for n in range(10)], [], False, id="one bad night"),
        pytest.param([2 * HOUR + n for n in range(20)], [], True, id="twenty at once"),
        pytest.param([n * DAY + HOUR for n in range(7)], [], True, id="one a day, all there"),
        pytest.param([], [n * DAY + HOUR for n in range(7)], True, id="one a day, removed"),
        pytest.param([2 * HOUR], [n * DAY + HOUR for n in range(1, 7)], True, id="one a day, removed but the last"),
        pytest.param([], [n * DAY + HOUR for n in range(6)], False, id="less than one a day"),
        pytest.param([], [n * DAY + HOUR for n in range(7, 40)], False, id="long ago"),
    ],
)
def test_when_locks_pile_up(standing: list[float], before: list[float], told: bool) -> None:
    survey = survey_of(*(aged(age) for age in standing))
    found = piles(found_in(survey, journal=journal_of(*removed(before))))  # type: ignore[arg-type]
    assert len(found) == told
    for one in found:
        assert one.weight is Weight.LOOK
        assert "laptop" in one.seen


@pytest.mark.parametrize(
    "changes",
    [{"outcome": Outcome.KEPT}, {"outcome": None}, {"restored_at": format_moment(NOW)}],
    ids=["kept", "not finished", "restored"],
)
def test_what_was_not_left_behind_is_not_counted(changes: dict[str, object]) -> None:
    records = removed([n * DAY + HOUR for n in range(7)], **changes)
    assert piles(found_in(survey_of(), journal=journal_of(*records))) == []  # type: ignore[arg-type]


def test_a_pile_tells_how_many_a_day_and_of_whom() -> None:
    files = [aged(n * DAY + HOUR, "laptop") for n in range(7)] + [aged(n * DAY + 2 * HOUR, "desk") for n in range(3)]
    (pile,) = piles(found_in(survey_of(*files)))
    assert "10 locks left behind in 7 days, 1.4 a day, most by laptop (7) and desk (3). There now: 10." in pile.seen
