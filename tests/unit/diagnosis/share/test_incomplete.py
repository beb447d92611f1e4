"""Files that are no locks, or not yet, or no longer: each is told as what it is, and no sound lock is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.diagnosis.findings import Certainty, Weight
from lockctl.repository.lock import LockFile, Problem
from tests.unit.diagnosis.share.observing import DAY, HOUR, codes, cut_short, found_in, live, survey_of
from tests.unit.making import GIVES_UP, make_file

NAME = "c" * 64


def of_problem(problem: Problem, age: float = 2 * HOUR, name: str = NAME, data: bytes | None = b"x" * 150) -> LockFile:
    return make_file(name=name, created=age, problem=problem, data=data)


@pytest.mark.parametrize(
    ("file", "code", "weight"),
    [
        pytest.param(cut_short(20), "lock-half-written", Weight.LOOK, id="half-written"),
        pytest.param(cut_short(20, b""), "lock-half-written", Weight.LOOK, id="empty so far"),
        pytest.param(cut_short(2 * HOUR), "lock-damaged", Weight.ACT, id="cut or altered"),
        pytest.param(cut_short(2 * HOUR, b""), "lock-empty", Weight.LOOK, id="empty"),
        pytest.param(of_problem(Problem.UNDECODABLE), "lock-undecodable", Weight.ACT, id="of another repository"),
        pytest.param(of_problem(Problem.UNREADABLE, data=None), "lock-unreadable", Weight.ACT, id="unreadable"),
        pytest.param(of_problem(Problem.FOREIGN, data=None), "lock-too-large", Weight.ACT, id="too large"),
        pytest.param(of_problem(Problem.FOREIGN, name="a.txt"), "foreign-file", Weight.NOTE, id="foreign"),
        pytest.param(
            of_problem(Problem.TEMPORARY, 2 * DAY, f"{NAME}-tmp-12"), "left-over-temporary", Weight.LOOK, id="left over"
        ),
        pytest.param(of_problem(Problem.SEALED, 10), "owners-unknown", Weight.NOTE, id="nobody opened it"),
    ],
)
def test_each_kind_of_file(file: LockFile, code: str, weight: Weight) -> None:
    """Beside sound locks, which are not told of."""
    told = found_in(survey_of(live(), file))
    assert codes(told) == [(code, weight)]
    assert told[0].locks in ((file.id,), ())


def test_a_temporary_file_that_is_being_written_is_nothing() -> None:
    assert found_in(survey_of(live(), of_problem(Problem.TEMPORARY, HOUR, f"{NAME}-tmp-12"))) == []


def test_a_folder_with_the_name_of_a_lock_is_foreign() -> None:
    file = of_problem(Problem.FOREIGN)
    file = replace(file, entry=replace(file.entry, is_directory=True))
    assert codes(found_in(survey_of(file))) == [("foreign-file", Weight.NOTE)]


@pytest.mark.parametrize(
    ("sizes", "code"),
    [
        ((60, 60, 60), "lock-half-written"),
        ((60, 80, 100), "lock-growing"),
        ((60, 60, 61), "lock-growing"),
        ((0, 0, 60), "lock-growing"),
        ((60,), "lock-half-written"),
    ],
)
def test_whether_it_grows(sizes: tuple[int, ...], code: str) -> None:
    told = found_in(*(survey_of(live(), cut_short(20, b"x" * size)) for size in sizes))
    assert codes(told) == [(code, Weight.LOOK)]
    assert "Do not use 'restic unlock --remove-all'" in told[0].todo
    assert "started again" in told[0].todo
    assert ("did not grow in 6 s" in told[0].seen) is (code == "lock-half-written" and len(sizes) > 1)


def test_bytes_that_change_and_grow_no_more_are_written_too() -> None:
    first = cut_short(20)
    later = replace(first, entry=replace(first.entry, written=first.entry.written + 10**9))
    assert codes(found_in(survey_of(first), survey_of(later))) == [("lock-growing", Weight.LOOK)]


def test_what_became_whole_while_it_was_watched_is_a_note() -> None:
    whole = live()
    told = found_in(survey_of(cut_short(10, name=whole.id)), survey_of(whole))
    assert codes(told) == [("lock-completed", Weight.NOTE)]
    assert "Leave it" in told[0].todo


def test_what_went_while_it_was_watched_is_nothing() -> None:
    assert found_in(survey_of(live(), cut_short(10)), survey_of(live())) == []


@pytest.mark.parametrize(("seen", "certainty"), [(0, Certainty.LIKELY), (GIVES_UP, Certainty.CERTAIN)])
def test_certain_is_what_this_machine_itself_has_seen(seen: float, certainty: Certainty) -> None:
    (told,) = found_in(survey_of(cut_short(2 * HOUR), seen=seen))
    assert told.certainty is certainty


def test_many_are_one_finding() -> None:
    files = [cut_short(2 * HOUR + n, b"x" * (50 + n), f"{n:064x}") for n in range(9)]
    (told,) = found_in(survey_of(*files))
    assert "Each of 9 lock files" in told.seen
    assert "and 6 more" in told.seen
    assert "50 to 58 bytes" in told.seen
    assert len(told.locks) == 9


def test_an_empty_file_blocks_no_newer_restic() -> None:
    (empty,) = found_in(survey_of(cut_short(20, b"")))
    (cut,) = found_in(survey_of(cut_short(20)))
    assert "0.15.1 and newer passes an empty file by" in empty.meaning
    assert "0.15 and newer does not start here" in cut.meaning


def test_what_could_be_read_a_moment_later_is_nothing() -> None:
    """Another program had it open."""
    unread = of_problem(Problem.UNREADABLE, 10, data=None)
    sound = live()
    sound = replace(sound, entry=replace(sound.entry, name=unread.id))
    assert found_in(survey_of(unread), survey_of(sound)) == []
    assert found_in(survey_of(sound), survey_of(unread)) == []
    assert codes(found_in(survey_of(unread), survey_of(unread))) == [("lock-unreadable", Weight.ACT)]
