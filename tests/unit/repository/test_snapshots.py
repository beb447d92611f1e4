"""Which files of snapshots/ are read, in what portions, and that what is wrong with one is counted and no more."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import FileError, NotFound
from lockctl.repository import snapshots
from lockctl.repository.crypto import CryptoFailure, Key, open_sealed
from lockctl.repository.locks import open_repository
from lockctl.repository.snapshot import FoundSnapshots
from tests.lab.seal import lock_bytes
from tests.lab.snapshots import Backup, moment
from tests.memory import SECOND, START, MemoryTransport
from tests.unit.envelope import MASTER, PASSWORD, config_bytes, key_bytes, sealed_with_master

DAY, WEEK = 86400, 7 * 86400
NOW = START // SECOND


class Share(MemoryTransport):
    """Keeps how many files were asked for at once, and with what limit."""

    def __init__(self) -> None:
        super().__init__({"config": config_bytes(), "keys/" + "a" * 64: key_bytes()})
        self.make_directory("snapshots")
        self.flights: list[tuple[int, int]] = []

    def begin_files(self, paths: Sequence[str], limit: int) -> Callable[[], Sequence[bytes | FileError]]:
        if paths[0].startswith("snapshots/"):
            self.flights.append((len(paths), limit))
        return super().begin_files(paths, limit)

    def add(self, data: bytes, ago: float = DAY, name: str = "") -> str:
        """Puts a file that was written so many seconds ago; its path."""
        path = f"snapshots/{name or hashlib.sha256(data).hexdigest()}"
        written = START - round(ago * SECOND)
        self.put(path, data, written, written)
        return path

    def backup(self, ago: float = DAY, written: float | None = None, host: str = "web1", format_: int = 2) -> str:
        """Puts a snapshot of so many seconds ago; its path."""
        one = Backup(host, NOW - ago, NOW - ago + 60)
        return self.add(lock_bytes(MASTER, one.fields(), format_), ago if written is None else written)


@pytest.fixture
def share() -> Share:
    return Share()


def find(share: Share, seconds: float = WEEK) -> FoundSnapshots:
    repository = open_repository(share, PASSWORD, Deadline())
    return repository.find_snapshots(seconds, lambda done, of: None)


def counts(found: FoundSnapshots) -> dict[str, int]:
    names = ("listed", "older", "beyond", "damaged", "unreadable", "future")
    numbers = {name: getattr(found, name) for name in names}
    return {"kept": len(found.snapshots), **{name: number for name, number in numbers.items() if number}}


@pytest.mark.parametrize("format_", [1, 2])
def test_both_formats(share: Share, format_: int) -> None:
    share.backup(DAY, format_=format_)
    (one,) = find(share).snapshots
    assert (one.hostname, NOW - one.start, one.end, one.written) == ("web1", DAY, one.start + 60, NOW - DAY)


def test_an_end_that_is_still_to_come_is_none(share: Share) -> None:
    one = Backup("web1", NOW - DAY, NOW + 400 * DAY)
    share.add(lock_bytes(MASTER, one.fields(), 2))
    (found,) = find(share).snapshots
    assert (NOW - found.start, found.end) == (DAY, None)


def test_an_empty_folder_and_none(share: Share) -> None:
    assert counts(find(share)) == {"kept": 0}
    del share.changed["snapshots"]
    with pytest.raises(NotFound):
        find(share)


@pytest.mark.parametrize(
    ("spoil", "counted"),
    [
        (lambda share: share.add(b"not sealed"), {"listed": 2, "damaged": 1}),
        (lambda share: share.add(sealed_with_master(b"\x03")), {"listed": 2, "damaged": 1}),
        (lambda share: share.add(sealed_with_master(b"{}")), {"listed": 2, "damaged": 1}),
        (lambda share: share.add(b"", name="f" * 64), {"listed": 2, "damaged": 1}),
        (lambda share: share.add(b"cut short", name="f" * 64), {"listed": 2, "damaged": 1}),
        (lambda share: share.refused.add(share.backup(2 * DAY)), {"listed": 2, "unreadable": 1}),
        (lambda share: share.backup(-2 * DAY), {"listed": 2, "future": 1}),
        (lambda share: share.backup(8 * DAY, written=DAY), {"listed": 2, "older": 1}),
        (lambda share: share.backup(20 * DAY), {"listed": 2, "older": 1}),
        (lambda share: share.add(b"notes", name="notes.txt"), {"listed": 1}),
        (lambda share: share.add(bytes(snapshots.MAX_SNAPSHOT_SIZE + 1), name="f" * 64), {"listed": 2, "beyond": 1}),
    ],
    ids="unsealed format no-snapshot empty cut refused future older-by-time older-by-file foreign large".split(),
)
def test_what_is_no_snapshot_is_counted(share: Share, spoil: Callable[[Share], Any], counted: dict[str, int]) -> None:
    share.backup()
    spoil(share)
    assert counts(find(share)) == {"kept": 1, **counted}


def test_one_that_is_forgotten_meanwhile_is_none(share: Share) -> None:
    path = share.backup()
    share.backup(2 * DAY)
    share.before("read_many", lambda: share.delete(path), spared=2)
    found = find(share)
    assert (len(found.snapshots), found.damaged, found.unreadable) == (1, 0, 0)


def test_what_is_old_by_its_files_times_is_not_read(share: Share) -> None:
    share.backup(30 * DAY)
    assert counts(find(share)) == {"kept": 0, "listed": 1, "older": 1}
    assert share.flights == []


def test_the_newest_are_read_where_there_are_too_many(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MAX_SNAPSHOTS", 3)
    for hours in range(5):
        share.backup(hours * 3600 + 3600)
    found = find(share)
    assert counts(found) == {"kept": 3, "listed": 5, "beyond": 2}
    assert sorted((NOW - one.start) // 3600 for one in found.snapshots) == [1, 2, 3]


def test_all_together_are_bounded_too(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    for hours in range(5):
        share.backup(hours * 3600 + 3600)
    sizes = sorted(len(file.data) for path, file in share.files.items() if path.startswith("snapshots/"))
    monkeypatch.setattr(snapshots, "MAX_ALL", sum(sizes[-3:]) - 1)
    assert find(share).beyond in (2, 3)


def test_a_flight_is_bounded_even_if_each_file_of_it_grows(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_FLIGHT", 4)
    monkeypatch.setattr(snapshots, "_FLIGHT_SIZE", 8000)
    for number in range(10):
        share.add(bytes([number]) * (100 if number != 5 else 7000), ago=number * 60)
    assert find(share).damaged == 10
    assert share.flights == [(4, 100), (1, 100), (1, 7000), (4, 100)]
    assert all(files * limit <= 8000 for files, limit in share.flights)


def test_how_far_it_is_told(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_FLIGHT", 2)
    for hours in range(5):
        share.backup(hours * 3600 + 3600)
    told: list[tuple[int, int]] = []
    repository = open_repository(share, PASSWORD, Deadline())
    repository.find_snapshots(WEEK, lambda done, of: told.append((done, of)))
    assert told == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_names_that_are_the_same_are_kept_once(share: Share) -> None:
    for hours in range(3):
        share.backup(hours * 3600 + 3600, host="".join(["web", "1"]))
    found = find(share).snapshots
    assert len({id(one.hostname) for one in found}) == len({id(one.paths) for one in found}) == 1


def test_an_unknown_form_of_plaintext_is_a_failure_of_its_own() -> None:
    key = Key(MASTER.encrypt, MASTER.mac_k, MASTER.mac_r)
    with pytest.raises(CryptoFailure, match="unknown format"):
        open_sealed(key, sealed_with_master(b"\x07..."))


def test_the_labs_moments_are_restics() -> None:
    assert moment(1_795_618_804.5, 3600) == "2026-11-25T16:00:04.500000000+01:00"
    assert moment(0) == "1970-01-01T00:00:00.000000000Z"
