"""The contract of a watch: nothing that happens after it is armed is missed, whatever happens between two waits."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest

from lockctl.errors import NotFound, Unreachable
from lockctl.transport.base import Watch
from tests.contract.places import DiskPlace, Place, connect
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository
from tests.lab.samba import Samba
from tests.removing import remove_one

SECONDS = 20.0
"""For a change to be told. A wait ends as soon as it is."""
BRIEF = 0.05


def is_told(watch: Watch, act: Callable[[int], object]) -> bool:
    """Whether the watch tells of what `act` does; it acts again and again, for Samba needs a moment until it sees what
    happens on its disk behind its back. (What happens over SMB it knows at once.)
    """
    end = time.monotonic() + SECONDS
    numbers = itertools.count()
    while time.monotonic() < end:
        act(next(numbers))
        if watch.wait(0.2):
            return True
    return False


def test_a_file_that_comes_is_told(place: Place) -> None:
    place.make_directory("locks")
    watch = place.transport.watch("locks")
    assert is_told(watch, lambda number: place.put(f"locks/{number}", b"lock"))


def test_a_file_that_goes_is_told(place: Place) -> None:
    for number in range(200):
        place.put(f"locks/{number}", b"lock")
    watch = place.transport.watch("locks")
    assert is_told(watch, lambda number: place.delete(f"locks/{number}"))


def test_a_silence_ends_in_time(place: Place) -> None:
    place.put("locks/old", b"lock")
    watch = place.transport.watch("locks")
    assert not watch.wait(BRIEF)
    assert is_told(watch, lambda number: place.put(f"locks/{number}", b"lock"))


def test_what_happens_between_two_waits_is_kept(shared: DiskPlace, samba: Samba) -> None:
    """Told once, it is armed again at once, and other clients' changes are kept until the next wait."""
    shared.make_directory("locks")
    watch = shared.transport.watch("locks")
    other = connect(samba, shared.root.name)
    for number in range(3):
        other.put_new(f"locks/{number}", f"locks/{number}-tmp", b"lock")
        assert watch.wait(SECONDS)
        while watch.wait(BRIEF):
            continue
    other.close()


def test_listing_and_reading_change_nothing(place: Place) -> None:
    """Else a watch would tell of its own looks."""
    place.put("locks/a", b"lock")
    place.transport.read_many(["locks/a"], 100)
    watch = place.transport.watch("locks")
    place.transport.list_directory("locks")
    place.transport.read_many(["locks/a"], 100)
    assert not watch.wait(BRIEF)


def test_a_directory_that_is_missing(place: Place) -> None:
    with pytest.raises(NotFound):
        place.transport.watch("locks")


def test_a_watch_hinders_no_removal(shared: DiskPlace, samba: Samba) -> None:
    """Its handle is on the directory alone: another client writes, renames and removes as ever."""
    shared.make_directory("locks")
    watch = shared.transport.watch("locks")
    folder = shared.root.name
    other = connect(samba, folder)
    other.put_new("locks/new", "locks/new-tmp", b"lock")
    (entry,) = other.list_directory("locks").entries
    remove_one(other, "locks", entry, b"lock")
    other.close()
    assert shared.names("locks") == []
    assert watch.wait(SECONDS)


def test_real_restic_works_beside_a_watch(repository: Repository) -> None:
    transport = connect(repository.samba, repository.folder)
    watch = transport.watch("locks")
    repository.run("unlock")
    repository.run("check")
    assert watch.wait(SECONDS)
    transport.close()


def test_a_lost_connection_ends_a_wait(shared: DiskPlace, samba: Samba) -> None:
    shared.make_directory("locks")
    with Proxy(samba.port) as proxy:
        transport = connect(samba, shared.root.name, port=proxy.port)
        watch = transport.watch("locks")
        proxy.cut_after(proxy.frames + 1)
        with pytest.raises(Unreachable):
            transport.list_directory("locks")
        with pytest.raises(Unreachable):
            watch.wait(SECONDS)


def test_whether_anybody_tells_of_changes(place: Place) -> None:
    place.make_directory("locks")
    watch = place.transport.watch("locks")
    watch.wait(0)
    assert watch.polls is (place.kind == "local")
