"""Many files over SMB: few credits make it wait and never fail, and a long listing comes in pages. And the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from lockctl.transport.base import Removal
from tests.contract.places import DiskPlace, connect
from tests.lab.samba import Samba
from tests.removing import remove_one

SECOND = 10**9
NAMES = 6000
FILES = 300


@pytest.fixture(scope="module")
def frugal_samba() -> Iterator[Samba]:
    """A server to restart with other options, and its files."""
    with Samba() as running:
        folder = running.make_folder("backup", "repo/locks")
        for number in range(FILES):
            (folder / str(number)).write_bytes(b"%d" % number * 100)
        (folder / "large").write_bytes(bytes(200_000))
        running.give(folder)
        yield running


@pytest.mark.parametrize("lane", [False, True], ids=["plain", "lane"])
@pytest.mark.parametrize("credits_granted", [1, 2, 3, 8, 64, 100])
def test_few_credits_are_waited_for(frugal_samba: Samba, credits_granted: int, lane: bool) -> None:
    """With less than 64 there is no lane."""
    frugal_samba.restart({"smb2 max credits": str(credits_granted)})
    transport = connect(frugal_samba, "repo", lane=lane)
    listing = transport.list_directory("locks")
    assert len(listing.entries) == FILES + 1
    read = transport.read_many([f"locks/{number}" for number in range(FILES)], 65536)
    assert read == [b"%d" % number * 100 for number in range(FILES)]
    assert transport.read_many(["locks/large"], 10**6) == [bytes(200_000)]
    many = [f"locks/{name}" for number in range(100) for name in (number, "large")]
    assert transport.read_many(many, 70_000)[1::2] == [bytes(70_001)] * 100
    transport.put_new("locks/new", "locks/new-tmp-1", b"bytes")
    entry = next(e for e in transport.list_directory("locks").entries if e.name == "new")
    assert remove_one(transport, "locks", entry, b"bytes") is Removal.REMOVED
    transport.close()


@pytest.mark.parametrize("lane", [False, True], ids=["plain", "lane"])
@pytest.mark.parametrize("most", [8192, 65536])
def test_a_server_that_reads_and_writes_little_at_a_time(frugal_samba: Samba, most: int, lane: bool) -> None:
    """What it says in NEGOTIATE holds: it answers a longer READ or WRITE with an error."""
    limits = {f"smb2 max {what}": str(most) for what in ("read", "write", "trans")}
    frugal_samba.restart(limits)
    transport = connect(frugal_samba, "repo", lane=lane)
    assert len(transport.list_directory("locks").entries) == FILES + 1
    paths = ["locks/7", "locks/large", "locks/8"]
    assert transport.read_many(paths, 10**6) == [b"7" * 100, bytes(200_000), b"8" * 100]
    assert transport.read_many(["locks/large"], 8191) == [bytes(8192)]
    assert transport.read_many(["locks/large"], 8192) == [bytes(8193)]
    data = bytes(range(256)) * 300
    transport.put_new("locks/new", "locks/new-tmp-1", data)
    assert transport.read_many(["locks/new"], 10**6) == [data]
    entry = next(e for e in transport.list_directory("locks").entries if e.name == "new")
    assert remove_one(transport, "locks", entry, data[:-1] + b"x") is Removal.CHANGED
    assert remove_one(transport, "locks", entry, data[:8192]) is Removal.CHANGED
    assert remove_one(transport, "locks", entry, data + b"x") is Removal.CHANGED
    assert remove_one(transport, "locks", entry, data) is Removal.REMOVED
    transport.close()


def test_a_long_listing_is_complete(shared: DiskPlace) -> None:
    shared.make_directory("locks")
    names = {f"{number:064x}" for number in range(NAMES)}
    for name in names:
        (shared.root / "locks" / name).touch()
    listed = [entry.name for entry in shared.transport.list_directory("locks").entries]
    assert len(listed) == NAMES
    assert set(listed) == names


def test_the_servers_clock(shared: DiskPlace) -> None:
    assert abs(shared.transport.now() - time.time_ns()) < 2 * SECOND
