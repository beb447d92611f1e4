"""Removal over SMB beside other programs and against the server's permissions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from lockctl.errors import InUse, PermissionRefused
from lockctl.transport.base import Entry, Removal
from tests.contract.places import DiskPlace, connect, samba_place
from tests.contract.wires import SHARE_ALL, SHARE_READ, OtherClient
from tests.lab.samba import Samba
from tests.removing import remove_one

DATA = b"a lock's bytes"


@pytest.fixture
def other(samba: Samba) -> Iterator[OtherClient]:
    """Somebody else on the share."""
    client = OtherClient(samba)
    yield client
    client.close()


def entry_of(place: DiskPlace, name: str = "lock") -> Entry:
    return next(entry for entry in place.transport.list_directory("locks").entries if entry.name == name)


def test_a_handle_that_shares_no_delete_keeps_the_file(shared: DiskPlace, other: OtherClient) -> None:
    shared.make_directory("locks")
    shared.transport.put_new("locks/lock", "locks/lock-tmp-1", DATA)
    entry = entry_of(shared)
    handle = other.open(f"{shared.root.name}/locks/lock", SHARE_READ)
    with pytest.raises(InUse):
        remove_one(shared.transport, "locks", entry, DATA)
    assert shared.data("locks/lock") == DATA
    handle.close()
    assert remove_one(shared.transport, "locks", entry, DATA) is Removal.REMOVED


def test_a_handle_that_shares_delete_holds_a_marked_file(shared: DiskPlace, other: OtherClient) -> None:
    shared.put("locks/lock", DATA)
    handle = other.open(f"{shared.root.name}/locks/lock", SHARE_ALL)
    assert remove_one(shared.transport, "locks", entry_of(shared), DATA) is Removal.MARKED
    assert shared.names("locks") == ["lock"]
    handle.close()
    assert shared.names("locks") == []


def test_a_file_that_another_has_marked_is_gone(shared: DiskPlace, other: OtherClient) -> None:
    shared.put("locks/lock", DATA)
    entry = entry_of(shared)
    handle = other.open(f"{shared.root.name}/locks/lock", SHARE_ALL)
    assert remove_one(shared.transport, "locks", entry, DATA) is Removal.MARKED
    assert remove_one(shared.transport, "locks", entry, DATA) is Removal.GONE
    handle.close()


def test_reading_hinders_nobody(shared: DiskPlace, other: OtherClient) -> None:
    shared.put("locks/lock", DATA)
    assert shared.transport.read_many(["locks/lock"], 100) == [DATA]
    assert remove_one(shared.transport, "locks", replace(entry_of(shared), written=0), DATA) is Removal.CHANGED
    other.open(f"{shared.root.name}/locks/lock", 0, 0x10001).close()  # DELETE and READ_DATA, shared with nobody


def test_reading_what_another_has_open(shared: DiskPlace, other: OtherClient) -> None:
    shared.put("locks/closed", DATA)
    shared.put("locks/open", DATA)
    closed = other.open(f"{shared.root.name}/locks/closed", 0)
    shown = other.open(f"{shared.root.name}/locks/open", SHARE_READ)
    refused, read = shared.transport.read_many(["locks/closed", "locks/open"], 100)
    assert isinstance(refused, InUse)
    assert read == DATA
    closed.close()
    shown.close()


def test_the_read_only_attribute_is_cleared(shared: DiskPlace, other: OtherClient) -> None:
    shared.put("locks/lock", DATA)
    other.make_read_only(f"{shared.root.name}/locks/lock")
    entry = entry_of(shared)
    assert entry.read_only
    assert remove_one(shared.transport, "locks", entry, DATA) is Removal.REMOVED
    assert shared.names("locks") == []


def test_the_read_only_attribute_stays_on_what_is_kept(shared: DiskPlace, other: OtherClient) -> None:
    shared.put("locks/lock", DATA)
    other.make_read_only(f"{shared.root.name}/locks/lock")
    assert remove_one(shared.transport, "locks", entry_of(shared), DATA[::-1]) is Removal.CHANGED
    assert entry_of(shared).read_only


def test_no_permission_in_a_directory_that_may_not_be_written(shared: DiskPlace) -> None:
    shared.put("locks/lock", DATA)
    (shared.root / "locks").chmod(0o555)
    with pytest.raises(PermissionRefused):
        remove_one(shared.transport, "locks", entry_of(shared), DATA)
    assert shared.data("locks/lock") == DATA


def test_no_permission_for_what_others_wrote_in_a_sticky_directory(shared: DiskPlace) -> None:
    """As where another account of the server wrote the lock. Only root can prepare it."""
    shared.put("locks/lock", DATA)
    for path in (shared.root / "locks/lock", shared.root / "locks"):
        os.chown(path, 0, 0)
    (shared.root / "locks").chmod(0o1777)
    with pytest.raises(PermissionRefused):
        remove_one(shared.transport, "locks", entry_of(shared), DATA)
    assert shared.data("locks/lock") == DATA


def test_no_permission_to_read(shared: DiskPlace) -> None:
    shared.put("locks/lock", DATA)
    (shared.root / "locks/lock").chmod(0)
    (read,) = shared.transport.read_many(["locks/lock"], 100)
    assert isinstance(read, PermissionRefused)


def test_no_permission_to_put(shared: DiskPlace) -> None:
    shared.make_directory("locks")
    (shared.root / "locks").chmod(0o555)
    with pytest.raises(PermissionRefused):
        shared.transport.put_new("locks/new", "locks/new-tmp-1", DATA)
    assert shared.names("locks") == []


def test_of_many_each_is_refused_or_held_by_itself(shared: DiskPlace, other: OtherClient) -> None:
    """What another program has open, in each way, and what only needs its attribute cleared, among what just goes."""
    names = ["first", "held", "marked", "read-only", "last"]
    for name in names:
        shared.put(f"locks/{name}", DATA)
    other.make_read_only(f"{shared.root.name}/locks/read-only")
    entries = {entry.name: entry for entry in shared.transport.list_directory("locks").entries}
    handles = [
        other.open(f"{shared.root.name}/locks/held", SHARE_READ),
        other.open(f"{shared.root.name}/locks/marked", SHARE_ALL),
    ]
    results = shared.transport.remove_many("locks", [(entries[name], DATA) for name in names])
    assert isinstance(results[1], InUse)
    removed = Removal.REMOVED
    assert [results[0], *results[2:]] == [removed, Removal.MARKED, removed, removed]
    for handle in handles:
        handle.close()
    assert shared.names("locks") == ["held"]
    assert remove_one(shared.transport, "locks", entries["held"], DATA) is removed, "no handle of ours stayed open"


def test_of_many_each_is_permitted_by_itself(shared: DiskPlace) -> None:
    """As where another account of the server wrote one of them. Only root can prepare it."""
    for name in "abc":
        shared.put(f"locks/{name}", DATA)
    entries = sorted(shared.transport.list_directory("locks").entries, key=lambda entry: entry.name)
    for path in (shared.root / "locks/b", shared.root / "locks"):
        os.chown(path, 0, 0)
    (shared.root / "locks").chmod(0o1777)
    first, refused, last = shared.transport.remove_many("locks", [(entry, DATA) for entry in entries])
    assert (first, last) == (Removal.REMOVED, Removal.REMOVED)
    assert isinstance(refused, PermissionRefused)
    assert shared.names("locks") == ["b"]


def test_a_read_only_share_refuses_all_but_reading(samba: Samba, shared: DiskPlace) -> None:
    shared.put("locks/lock", DATA)
    transport = connect(samba, shared.root.name, "read-only")
    (entry,) = transport.list_directory("locks").entries
    assert transport.read_many(["locks/lock"], 100) == [DATA]
    with pytest.raises(PermissionRefused):
        remove_one(transport, "locks", entry, DATA)
    with pytest.raises(PermissionRefused):
        transport.put_new("locks/new", "locks/new-tmp-1", DATA)
    assert shared.names("locks") == ["lock"]
    transport.close()


def test_where_creation_is_made_up_a_file_is_known_by_its_last_write(samba: Samba) -> None:
    """Its creation moves when it is read on the server."""
    place = samba_place(samba, "follows", "undated")
    place.put("locks/lock", DATA)
    entry = entry_of(place)
    path = place.root / "locks/lock"
    os.utime(path, ns=(entry.written - 3600 * 10**9, path.stat().st_mtime_ns))
    assert entry_of(place).created != entry.created
    assert remove_one(place.transport, "locks", entry, DATA) is Removal.REMOVED
    place.transport.close()


def test_a_link_is_not_followed(shared: DiskPlace) -> None:
    shared.put("locks/real", DATA)
    (shared.root / "locks/link").symlink_to("/etc/passwd")
    (read,) = shared.transport.read_many(["locks/link"], 100)
    assert not isinstance(read, bytes)
