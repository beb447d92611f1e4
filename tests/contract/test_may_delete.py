"""Whether this user may remove what others left, which is asked without removing anything."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lockctl.errors import NotADirectory, NotFound, PermissionRefused, UnusableName
from lockctl.transport.base import Removal
from lockctl.transport.local.directory import LocalTransport
from tests.contract.places import DiskPlace, MemoryPlace, Place, connect
from tests.lab.samba import Samba
from tests.removing import remove_one

DATA = b"a lock's bytes"
OTHER_USER = "games"
WAYS = pytest.mark.parametrize("lane", [False, True], ids=["plain", "lane"])
# The mode of locks/, and whether someone else than its owner may remove what lies in it.
MODES = pytest.mark.parametrize(
    ("mode", "may"), [(0o777, True), (0o755, False), (0o773, True), (0o555, False)], ids=["777", "755", "773", "555"]
)


@contextmanager
def acting_as(user: str) -> Iterator[None]:
    """With the permissions of another user of this machine."""
    os.seteuid(pwd.getpwnam(user).pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


def test_it_may(place: Place) -> None:
    place.put("locks/stays", DATA)
    assert place.transport.may_delete("locks") is True
    assert place.names("locks") == ["stays"]
    assert place.data("locks/stays") == DATA


@pytest.mark.parametrize(("directory", "error"), [("locks", NotFound), ("file", NotADirectory), ("..", UnusableName)])
def test_what_is_no_directory_here(place: Place, directory: str, error: type[Exception]) -> None:
    place.put("file", DATA)
    with pytest.raises(error):
        place.transport.may_delete(directory)


def test_in_memory_a_test_can_forbid_it() -> None:
    """And then nothing is removed."""
    place = MemoryPlace()
    place.put("locks/stays", DATA)
    place.memory.kept.add("locks")
    (entry,) = place.transport.list_directory("locks").entries
    assert place.transport.may_delete("locks") is False
    with pytest.raises(PermissionRefused):
        remove_one(place.transport, "locks", entry, DATA)


@WAYS
@MODES
def test_another_user_over_smb(samba: Samba, lane: bool, mode: int, may: bool) -> None:
    """What the server tells is what it then does."""
    folder = f"may-delete-{mode:o}-{lane}"
    locks = samba.make_folder("backup", f"{folder}/locks")
    (locks / "lock").write_bytes(DATA)
    samba.give(locks)
    locks.chmod(mode)
    transport = connect(samba, folder, user=OTHER_USER, lane=lane)
    assert transport.may_delete("locks") is may
    transport.close()


@MODES
def test_another_user_on_a_disk(passable: Path, mode: int, may: bool) -> None:
    (passable / "locks").mkdir()
    (passable / "locks").chmod(mode)
    with acting_as(OTHER_USER):
        assert LocalTransport(str(passable)).may_delete("locks") is may


def test_a_folder_on_a_disk_in_which_each_may_remove_his_own(passable: Path) -> None:
    (passable / "locks").mkdir()
    (passable / "locks").chmod(0o1777)
    transport = LocalTransport(str(passable))
    assert transport.may_delete("locks") is True
    with acting_as(OTHER_USER):
        assert transport.may_delete("locks") is False


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder to which every user gets through."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@WAYS
def test_a_share_that_is_read_only(samba: Samba, lane: bool) -> None:
    samba.put("backup", f"read-only-{lane}/locks/lock", DATA)
    transport = connect(samba, f"read-only-{lane}", share="read-only", lane=lane)
    assert transport.may_delete("locks") is False
    transport.close()


def test_asking_hinders_nobody(shared: DiskPlace) -> None:
    """Its handle is closed when the answer comes: the directory itself can be removed at once."""
    shared.put("locks/doomed", DATA)
    assert shared.transport.may_delete("locks") is True
    (entry,) = shared.transport.list_directory("locks").entries
    assert remove_one(shared.transport, "locks", entry, DATA) is Removal.REMOVED
