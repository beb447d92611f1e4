"""Names that are usable, and those that are not: the whole of them is held against each transport in tests/contract."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockctl.errors import FileError, UnusableName
from lockctl.transport.names import check_directory, check_entry, check_path, is_usable

LOCK = hashlib.sha256(b"lock").hexdigest()


@pytest.mark.parametrize(
    "path", ["config", f"locks/{LOCK}", f"locks/{LOCK}-tmp-123", "data/00/x", ".hidden", "a b", "ünï/日本", "\udcff"]
)
def test_what_restic_makes_and_other_plain_names(path: str) -> None:
    assert check_path(path) == path
    assert check_directory(path) == path


def test_an_entry_of_a_directory() -> None:
    assert check_entry("locks", LOCK) == f"locks/{LOCK}"
    assert check_entry("", "config") == "config"
    assert check_directory("") == ""
    with pytest.raises(UnusableName):
        check_entry("locks", "inner/lock")
    with pytest.raises(UnusableName):
        check_entry("locks", "")
    with pytest.raises(UnusableName):
        check_path("")


@given(st.text())
def test_what_is_usable_has_nothing_that_leads_elsewhere(path: str) -> None:
    if not is_usable(path):
        with pytest.raises(FileError) as caught:
            check_path(path)
        assert "\n" not in str(caught.value)
        return
    for part in path.split("/"):
        assert part not in ("", ".", "..")
        assert not set(part) & set('\\:*?"<>|\0')
        assert part == part.rstrip(". ")
