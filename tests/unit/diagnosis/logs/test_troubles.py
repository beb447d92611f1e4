"""Trouble in a log that is followed: told when it begins, not again, and when it is over."""

from __future__ import annotations

import pytest

from lockctl.diagnosis.logs import troubles
from lockctl.diagnosis.logs.runs import LogReader
from lockctl.diagnosis.logs.troubles import Troubles
from lockctl.diagnosis.logs.whereabouts import Known
from lockctl.liveness.evidence import State
from lockctl.render.stories import trouble_line
from tests.unit.diagnosis.logs.reading import BLOCKED, BREAKER, GAVE_UP, LOCK, OUTGROWN, SAVED
from tests.unit.making import NOW, make_file, make_lock, make_survey, make_verdict


class Followed:
    """A log that grows."""

    def __init__(self, known: Known | None = None) -> None:
        self._reader, self._troubles, self._known = LogReader(), Troubles(), known

    def grows(self, text: str) -> list[tuple[str, bool]]:
        """What is told then: the code, and whether it is over."""
        return [(trouble.story.finding.code, trouble.is_over) for trouble in self._note(text)]

    def tells(self, text: str) -> list[str]:
        return [trouble_line(trouble, NOW) for trouble in self._note(text)]

    def _note(self, text: str):  # type: ignore[no-untyped-def]
        ended = list(self._reader.feed(text.encode()))
        return self._troubles.note(ended, self._reader.open_runs, self._known)


def test_a_breaker_from_its_first_try_to_the_next_success() -> None:
    log = Followed()
    assert log.grows("nothing\n") == []
    assert log.grows(OUTGROWN) == [("outgrown-lock", False)]
    assert log.grows(OUTGROWN * 5) == []
    assert log.grows(GAVE_UP + BREAKER) == [("circuit-breaker", False)]
    assert log.grows("") == []
    assert log.grows(SAVED) == [("circuit-breaker", True)]
    assert log.grows(SAVED) == []


def test_one_that_is_over_by_itself() -> None:
    log = Followed()
    assert log.grows(OUTGROWN * 3) == [("outgrown-lock", False)]
    recovered = f"Load(<lock/{LOCK}>, 0, 0) operation successful after 3 retries\n"
    assert log.grows(recovered) == [("outgrown-lock", True)]


def test_a_backup_that_goes_on_is_no_trouble() -> None:
    log = Followed()
    assert log.grows("no parent snapshot found, will read all files\n") == []
    assert log.grows("Save(<data/0a>) returned error, retrying after 1s: connection reset\n") == []


def test_the_same_failure_of_the_next_night_is_told_again() -> None:
    log = Followed()
    assert log.grows(BLOCKED) == [("blocked", False)]
    assert log.grows(BLOCKED) == [("blocked", False)]


def test_each_program_has_its_own_troubles() -> None:
    log = Followed()
    one, two = (f"Nov 24 02:00:07 {host} restic[1]: " for host in ("a", "b"))
    assert log.grows(one + OUTGROWN + two + OUTGROWN) == [("outgrown-lock", False)] * 2
    saved = "".join(f"{one}{line}\n" for line in SAVED.splitlines())
    assert log.grows(saved) == [("outgrown-lock", True)]


def test_the_line_names_lock_and_owner_and_counts() -> None:
    verdict = make_verdict(make_file(make_lock(60), name=LOCK + "0" * 54), State.ACTIVE, text="renewed 1 min ago")
    log = Followed(Known(make_survey([verdict])))
    (begun,) = log.tells(OUTGROWN * 4)
    assert begun.startswith("2027-01-15T08:00:00Z log     outgrown-lock c6632a54 of web1 (PID 4209, root), number 1: ")
    assert "Remove nothing" in begun
    over, *_ = log.tells(SAVED)
    assert over.endswith("over: outgrown-lock c6632a54 of web1 (PID 4209, root), after 4 lines in 6 s")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "MAX_TROUBLES", 50)
    log = Followed()
    for number in range(100):
        log.grows(f"Nov 24 02:00:07 h{number} r[1]: unable to refresh lock: x\n")
    assert len(log._troubles._told) <= 50
