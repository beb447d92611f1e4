"""Sightings: which lock files this machine has seen, and for how long, by a clock that nobody can set.

For each repository one file in the state folder. It is a memory and never needed: where it is lost, damaged or cannot
be written, all locks are seen for the first time, and the other witnesses stand.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from lockctl.deadline import boottime
from lockctl.transport.base import Entry

MAX_LOCKS = 20_000
"""Lock files that are remembered of one repository; what is beyond is seen for the first time each time."""
MAX_REPOSITORIES = 200
"""Repositories that are remembered; the one that nobody looked at for longest is forgotten first."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LOCK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by this machine's clocks: which boot, seconds since it (sleep included), seconds since 1970."""

    boot_id: str
    boot: float
    wall: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """A lock file that was there at `first` and at `last`, and for `carried` seconds in boots before that."""

    first: Moment
    last: Moment
    carried: float = 0.0

    @property
    def age(self) -> float:
        """Seconds that it has certainly stood there: by the boot-time clock, never more than the wall clock says."""
        by_boot, by_wall = self.last.boot - self.first.boot, self.last.wall - self.first.wall
        return self.carried + max(0.0, min(by_boot, by_wall))

    def again(self, now: Moment) -> Sighting:
        """The same file, seen once more. What passed while this machine was off is not certain and does not count."""
        if now.boot_id != self.last.boot_id:
            return Sighting(now, now, self.age)
        return self if now.boot < self.last.boot else Sighting(self.first, now, self.carried)


def moment_at(boot: float) -> Moment:
    """The moment when the boot-time clock said `boot`. Without a boot id each run counts for itself."""
    try:
        boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        boot_id = f"{os.getpid()}-{time.time_ns()}"
    return Moment(boot_id, boot, time.time() - (boottime() - boot))


class Sightings:
    """The memory of one repository, in `folder`."""

    def __init__(self, folder: Path, repository_id: str, address: str) -> None:
        # The id alone does not do: a copy of a repository has the same one.
        name = hashlib.sha256(f"{repository_id}\n{address}".encode("utf-8", "surrogateescape")).hexdigest()
        self._folder = folder
        self._path = folder / name

    def note(self, entries: Sequence[Entry], now: Moment) -> dict[str, float]:
        """Notes that these files stand there now; returns for each name the seconds for which that is certain.

        Raises OSError where the memory cannot be kept; what it holds is counted by `recall`.
        """
        for folder in (self._folder.parent, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._exclusive():
            sightings = self._seen(entries, now)
            unfinished = self._path.with_suffix(f".{os.getpid()}")
            unfinished.touch(mode=0o600)
            unfinished.write_text(_encode(sightings), encoding="ascii")
            unfinished.replace(self._path)
            self._forget_oldest()
        return {name: sighting.age for (name, *_), sighting in sightings.items()}

    def recall(self, entries: Sequence[Entry], now: Moment) -> dict[str, float]:
        """The same without noting anything."""
        return {name: sighting.age for (name, *_), sighting in self._seen(entries, now).items()}

    def _seen(self, entries: Sequence[Entry], now: Moment) -> dict[tuple[Any, ...], Sighting]:
        known = self._read()
        seen: dict[tuple[Any, ...], Sighting] = {}
        for entry in entries[:MAX_LOCKS]:
            instance = (entry.name, entry.file_id, entry.written, entry.size)
            before = known.get(instance)
            seen[instance] = Sighting(now, now) if before is None else before.again(now)
        return seen

    def _read(self) -> dict[tuple[Any, ...], Sighting]:
        try:
            lines = json.loads(self._path.read_bytes())
            return {
                tuple(instance): Sighting(_moment(first), _moment(last), float(carried))
                for instance, first, last, carried in lines
            }
        except (OSError, ValueError, TypeError, IndexError, KeyError, RecursionError):
            return {}

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Two runs at once must not lose each other's first sight of a lock."""
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            end = time.monotonic() + _LOCK_SECONDS
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.01)
            yield
        finally:
            os.close(descriptor)

    def _forget_oldest(self) -> None:
        kept = sorted(
            (path for path in self._folder.iterdir() if len(path.name) == 64), key=lambda p: p.stat().st_mtime
        )
        for path in kept[: max(0, len(kept) - MAX_REPOSITORIES)]:
            path.unlink(missing_ok=True)


def _moment(fields: list[Any]) -> Moment:
    boot_id, boot, wall = fields
    return Moment(str(boot_id), float(boot), float(wall))


def _encode(sightings: Mapping[tuple[Any, ...], Sighting]) -> str:
    return json.dumps([[instance, *astuple(sighting)] for instance, sighting in sightings.items()])
