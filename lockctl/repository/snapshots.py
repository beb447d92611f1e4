"""Snapshots: a Reader becomes what is needed of snapshots/. Lists and reads only; what is damaged is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from lockctl.errors import FileError, NotFound
from lockctl.repository.lock import is_complete, is_lock_name
from lockctl.repository.scrypt import CryptoFailure, TooCostly
from lockctl.repository.snapshot import FoundSnapshots, Snapshot, UndecodableSnapshot, parse_snapshot
from lockctl.transport.base import Entry, Reader

MAX_SNAPSHOTS = 100_000
"""Files that are read, the newest first."""
MAX_SNAPSHOT_SIZE = 256 * 1024
"""Bytes. One with thousands of paths and excludes has fewer."""
MAX_ALL = 256 * 2**20
"""Bytes of all that is read."""
_DAY = 86400
_AHEAD = _DAY
"""Seconds by which a snapshot's time may be ahead of the server's clock."""
_FLIGHT, _FLIGHT_SIZE = 2000, 8 * 2**20
"""Files and bytes that are asked for at once."""


def find_snapshots(
    reader: Reader, decode: Callable[[bytes], bytes], seconds: float, tell: Callable[[int, int], None]
) -> FoundSnapshots:
    """The snapshots of the last `seconds`. `decode` opens what is sealed; `tell` hears how far it is.

    A file is written when its backup ends: of one that was created and written before that time nothing is read.
    Raises the transport's errors.
    """
    listing = reader.list_directory("snapshots")
    now = reader.now()
    since = round(now / 10**9 - seconds)
    named = [entry for entry in listing.entries if is_lock_name(entry.name) and not entry.is_directory]
    recent = [entry for entry in named if _touched(entry) >= (since - _DAY) * 10**9]
    chosen = _choose(recent)
    reading = _Reading(decode, since, now // 10**9 + _AHEAD)
    done = 0
    tell(0, len(chosen))
    for entries, contents in _read(reader, chosen):
        for entry, content in zip(entries, contents, strict=True):
            reading.take(entry, content)
        done += len(entries)
        tell(done, len(chosen))
    return FoundSnapshots(
        snapshots=tuple(reading.snapshots),
        now=now,
        since=since,
        listed=len(named),
        older=len(named) - len(recent) + reading.older,
        beyond=len(recent) - len(chosen),
        damaged=reading.damaged,
        unreadable=reading.unreadable,
        future=reading.future,
    )


class _Reading:
    """What was read so far. Of names and paths that are the same only one is kept."""

    def __init__(self, decode: Callable[[bytes], bytes], since: int, until: int) -> None:
        self.snapshots: list[Snapshot] = []
        self.older = self.damaged = self.unreadable = self.future = 0
        self._decode = decode
        self._since, self._until = since, until
        self._names: dict[str, str] = {}
        self._paths: dict[tuple[str, ...], tuple[str, ...]] = {}

    def take(self, entry: Entry, content: bytes | FileError) -> None:
        """Decodes one file and keeps what is of the time that was asked for."""
        if isinstance(content, NotFound):
            return  # it was forgotten meanwhile
        if isinstance(content, FileError):
            self.unreadable += 1
            return
        if not is_complete(entry.name, content):
            self.damaged += 1
            return
        try:
            snapshot = parse_snapshot(self._decode(content))
        except (CryptoFailure, TooCostly, UndecodableSnapshot):
            self.damaged += 1
            return
        if snapshot.start < self._since:
            self.older += 1
        elif snapshot.start > self._until:
            self.future += 1
        else:
            self.snapshots.append(
                replace(
                    snapshot,
                    hostname=self._names.setdefault(snapshot.hostname, snapshot.hostname),
                    paths=self._paths.setdefault(snapshot.paths, snapshot.paths),
                    # An end that is still to come is a clock that jumped: its run would swallow all that follow.
                    end=snapshot.end if (snapshot.end or 0) <= self._until else None,
                    written=entry.written // 10**9,
                )
            )


def _touched(entry: Entry) -> int:
    return max(entry.written, entry.created or 0)


def _choose(entries: Sequence[Entry]) -> list[Entry]:
    """The newest, as many as the bounds let."""
    chosen: list[Entry] = []
    left = MAX_ALL
    for entry in sorted(entries, key=_touched, reverse=True):
        if len(chosen) >= MAX_SNAPSHOTS or left <= 0:
            break
        if entry.size <= min(MAX_SNAPSHOT_SIZE, left):
            left -= entry.size
            chosen.append(entry)
    return chosen


def _read(reader: Reader, entries: Sequence[Entry]) -> Iterator[tuple[Sequence[Entry], Sequence[bytes | FileError]]]:
    """Flight by flight; the next one is under way while the one before is decoded."""
    before: tuple[Sequence[Entry], Callable[[], Sequence[bytes | FileError]]] | None = None
    for flight in _flights(entries):
        limit = max(entry.size for entry in flight)
        begun = reader.begin_files([f"snapshots/{entry.name}" for entry in flight], limit)
        if before is not None:
            yield before[0], before[1]()
        before = flight, begun
    if before is not None:
        yield before[0], before[1]()


def _flights(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Each within the bounds even where every file of it is as large as its largest."""
    flight: list[Entry] = []
    largest = 1
    for entry in entries:
        larger = max(largest, entry.size)
        if flight and (len(flight) >= _FLIGHT or larger * (len(flight) + 1) > _FLIGHT_SIZE):
            yield flight
            flight, larger = [], max(1, entry.size)
        flight.append(entry)
        largest = larger
    if flight:
        yield flight
