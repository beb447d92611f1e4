"""The share: permission to delete, how it is spoken to, and which of its times say something."""

from __future__ import annotations

import pytest

from lockctl.diagnosis.findings import Certainty, Weight
from lockctl.transport.base import Protection
from tests.unit.diagnosis.share.observing import ENCRYPTED, HOUR, codes, found_in, live, survey_of
from tests.unit.making import make_file, make_lock


@pytest.mark.parametrize(
    ("protection", "certainty"), [(ENCRYPTED, Certainty.LIKELY), (None, Certainty.CERTAIN)], ids=["smb", "path"]
)
def test_no_permission_to_delete(protection: Protection | None, certainty: Certainty) -> None:
    (told,) = found_in(survey_of(live()), may_delete=False, protection=protection)
    assert (told.code, told.weight, told.certainty) == ("may-not-delete", Weight.LOOK, certainty)
    assert ("server" in told.seen) is (protection is not None), "a path has none"
    assert "Unless locks/ has a sticky bit" in told.meaning, "there each may remove what is its own"


@pytest.mark.parametrize(
    ("protection", "told"),
    [
        (ENCRYPTED, []),
        (None, []),
        (Protection("SMB 3.0", encrypted=True), []),
        (Protection("SMB 3.1.1", encrypted=False), [("not-encrypted", Weight.NOTE)]),
        (Protection("SMB 2.1", encrypted=False), [("not-encrypted", Weight.NOTE)]),
        (Protection("SMB 2.0.2", encrypted=False), [("old-dialect", Weight.LOOK)]),
    ],
    ids=str,
)
def test_the_connection(protection: Protection | None, told: list[tuple[str, Weight]]) -> None:
    assert codes(found_in(survey_of(live()), protection=protection)) == told


@pytest.mark.parametrize(("tells", "told"), [(True, False), (None, False), (False, True)])
def test_whether_the_server_tells_of_changes(tells: bool | None, told: bool) -> None:
    found = found_in(survey_of(live()), tells_changes=tells)
    assert codes(found) == ([("changes-not-told", Weight.NOTE)] if told else [])


def test_creation_times_that_are_made_up() -> None:
    """A note; and something to look at where a lock is in doubt for that."""
    young = make_file(make_lock(10), created=10, written=10)
    assert codes(found_in(survey_of(young, keeps_creation=False, directory=10))) == [("no-own-creation", Weight.NOTE)]
    old = make_file(make_lock(2 * HOUR), created=2 * HOUR, written=2 * HOUR)
    doubtful, told = found_in(survey_of(old, keeps_creation=False, directory=HOUR))
    assert codes([doubtful, told]) == [("doubtful-lock", Weight.LOOK), ("no-own-creation", Weight.LOOK)]
    assert told.locks == (old.id,)


def test_on_a_path_nothing_has_to_show_that_creation_times_are_the_kernels() -> None:
    young = make_file(make_lock(10), created=10, written=10)
    assert found_in(survey_of(young, keeps_creation=False, directory=10), protection=None) == []


def test_without_a_lock_creation_times_are_of_no_interest() -> None:
    assert found_in(survey_of(keeps_creation=False)) == []


@pytest.mark.parametrize(("directory", "told"), [(10, False), (60, False), (HOUR, True), (0, False)])
def test_the_time_of_the_folder(directory: float, told: bool) -> None:
    found = found_in(survey_of(live(age=10), directory=directory))
    assert codes(found) == ([("folder-time", Weight.NOTE)] if told else [])
