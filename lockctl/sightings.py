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
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any

from lockctl.deadline import boottime
from lockctl.transport.base import CreationTrial, Entry, Trial

MAX_LOCKS = 20_000
"""Lock files that are remembered of one repository; what is beyond is seen for the first time each time."""
MAX_REPOSITORIES = 200
"""Repositories that are remembered; the one that nobody looked at for longest is forgotten first."""
TRIAL_SECONDS = 86400.0
"""For which the outcome of an experiment with creation times holds."""
NAMESAKE_SECONDS = 30 * 86400.0
"""For which it is remembered that another machine bears this one's name."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MACHINE_ID = Path("/etc/machine-id")
_UNKNOWN_BOOT = "unknown "
_INIT_SECONDS = 60.0
"""Within which the kernel has started init."""
_LOCK_SECONDS = 2.0

Instance = tuple[Any, ...]
_NOBODY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by this machine's clocks: which boot, seconds since it (sleep included), seconds since 1970."""

    boot_id: str
    boot: float
    wall: float

    def since(self, earlier: Moment) -> float | None:
        """Seconds since an earlier moment of the same boot, by the clock that cannot be set; None of another boot."""
        return self.boot - earlier.boot if self.boot_id == earlier.boot_id else None


@dataclass(frozen=True, slots=True)
class Sighting:
    """A lock file that was there at `first` and at `last`, and for `carried` seconds in boots before that.

    `absent` is the last look that lacked its name, where one did.
    """

    first: Moment
    last: Moment
    carried: float = 0.0
    absent: Moment | None = None

    @property
    def age(self) -> float:
        """Seconds that it has certainly stood there: by the boot-time clock, never more than the wall clock says."""
        by_boot, by_wall = self.last.boot - self.first.boot, self.last.wall - self.first.wall
        return self.carried + max(0.0, min(by_boot, by_wall))

    @property
    def at_most(self) -> float | None:
        """Seconds that it can have stood there at `last`, where that is certain: it was not there before."""
        return self.last.since(self.absent) if self.absent is not None else None

    def again(self, now: Moment) -> Sighting:
        """The same file, seen once more. While this machine was off nobody counted; since its start it stood there."""
        if now.boot_id == self.last.boot_id:
            return self if now.boot < self.last.boot else Sighting(self.first, now, self.carried, self.absent)
        # The wall clock bounds it: the folder may lie on a disk that several machines share.
        stood = 0.0 if _UNKNOWN_BOOT in now.boot_id else max(0.0, min(now.boot, now.wall - self.last.wall))
        return Sighting(Moment(now.boot_id, now.boot - stood, now.wall - stood), now, self.age)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one repository. `looked` is the last look that saw all of locks/."""

    looked: Moment | None = None
    trial: CreationTrial | None = None
    tried: Moment | None = None
    """When the experiment was made of which `trial` is the outcome."""
    strangers: frozenset[str] = frozenset()
    """Owners with this machine's name and no process on it, when it was last looked."""
    namesake: Moment | None = None
    """When such an owner was last seen to have renewed: it runs on another machine of this name."""
    sightings: dict[Instance, Sighting] = field(default_factory=dict)

    def look(self, entries: Sequence[Entry], now: Moment, strangers: Mapping[str, str] = _NOBODY) -> Memory:
        """The memory after a look that showed these files; `strangers` are such owners by the ids of their locks."""
        if self.looked is not None and (now.since(self.looked) or 0.0) < 0:
            return self  # another run has looked since, and noted it first
        names = {name for name, *_ in self.sightings}
        sightings: dict[Instance, Sighting] = {}
        for entry in entries[:MAX_LOCKS]:
            before = self.sightings.get(instance_of(entry))
            absent = None if entry.name in names else self.looked
            new = Sighting(now, now, absent=absent)
            sightings[instance_of(entry)] = new if before is None else before.again(now)
        renewed = any(name not in names and owner in self.strangers for name, owner in strangers.items())
        return Memory(
            now if len(entries) <= MAX_LOCKS else None,
            self.trial,
            self.tried,
            frozenset(strangers.values()),
            now if renewed and self.looked is not None else self.namesake,
            sightings,
        )

    def try_creation(self, trial: CreationTrial | None, now: Moment) -> Memory:
        """The memory after an experiment, or after none."""
        proves = trial is not None and trial.outcome in (Trial.KEPT, Trial.FOLLOWED)
        return replace(self, trial=trial, tried=now) if proves else self

    def forget(self, now: Moment) -> Memory:
        """The memory without what is too old to rely on."""
        tried = self.tried is not None and 0 <= now.wall - self.tried.wall < TRIAL_SECONDS
        namesake = self.namesake is not None and 0 <= now.wall - self.namesake.wall < NAMESAKE_SECONDS
        return replace(
            self,
            trial=self.trial if tried else None,
            tried=self.tried if tried else None,
            namesake=self.namesake if namesake else None,
        )


def instance_of(entry: Entry) -> Instance:
    """What tells files of one name apart, without a creation time, which may be made up."""
    return (entry.name, entry.file_id, entry.written, entry.size)


def moment_at(boot: float) -> Moment:
    """The moment when the boot-time clock said `boot`. Without a boot id each run counts for itself."""
    try:
        boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        boot_id = f"{os.getpid()}-{time.time_ns()}"
    if not is_first_start():
        boot_id = f"{_UNKNOWN_BOOT}{boot_id}"
    return Moment(boot_id, boot, time.time() - (boottime() - boot))


def is_first_start(proc: Path = Path("/proc")) -> bool:
    """Whether a new boot id means that this machine was started.

    Some containers get one each time they start, and see the uptime of their host: there init is younger than that.
    """
    try:
        fields = (proc / "1/stat").read_text(errors="replace").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # starttime in proc(5), counted from the boot
    except (OSError, ValueError, IndexError):
        return False
    return started < _INIT_SECONDS


class Sightings:
    """The memory of one repository, in `folder`."""

    def __init__(self, folder: Path, repository_id: str, address: str) -> None:
        machine = ""
        with suppress(OSError):
            machine = _MACHINE_ID.read_text(encoding="ascii").strip()
        # The id alone does not do: a copy of a repository has the same one, and machines can share a folder.
        name = f"{repository_id}\n{address}\n{machine}".encode("utf-8", "surrogateescape")
        self._folder = folder
        self._path = folder / hashlib.sha256(name).hexdigest()

    def note(
        self,
        entries: Sequence[Entry],
        now: Moment,
        trial: CreationTrial | None = None,
        strangers: Mapping[str, str] = _NOBODY,
    ) -> Memory:
        """Notes that these files stand there now, and the outcome of an experiment; returns all that is known then.

        Raises OSError where the memory cannot be kept; what it holds is counted by `recall`.
        """
        for folder in (self._folder.parent, self._folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._exclusive():
            memory = self.recall(entries, now, trial, strangers)
            unfinished = self._path.with_suffix(f".{os.getpid()}")
            unfinished.touch(mode=0o600)
            unfinished.write_text(_encode(memory), encoding="ascii")
            unfinished.replace(self._path)
            self._forget_oldest()
        return memory

    def recall(
        self,
        entries: Sequence[Entry],
        now: Moment,
        trial: CreationTrial | None = None,
        strangers: Mapping[str, str] = _NOBODY,
    ) -> Memory:
        """The same without noting anything."""
        try:
            known = _decode(self._path.read_bytes())
        except (OSError, ValueError, TypeError, IndexError, KeyError, OverflowError, RecursionError):
            known = Memory()
        return known.look(entries, now, strangers).try_creation(trial, now).forget(now)

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


def _encode(memory: Memory) -> str:
    trial = memory.trial
    return json.dumps(
        {
            "looked": _fields(memory.looked),
            "trial": [trial.outcome.value, trial.ahead, _fields(memory.tried)] if trial is not None else None,
            "strangers": sorted(memory.strangers),
            "namesake": _fields(memory.namesake),
            "locks": [[instance, *astuple(sighting)] for instance, sighting in memory.sightings.items()],
        }
    )


def _decode(data: bytes) -> Memory:
    """The memory in this file. Raises ValueError, TypeError or KeyError where it is not as it was written."""
    fields = json.loads(data)
    trial = tried = None
    if fields["trial"] is not None:
        outcome, ahead, at = fields["trial"]
        trial, tried = CreationTrial(Trial(outcome), int(ahead)), _moment(at)
    sightings = {
        (str(name), int(file_id), int(written), int(size)): Sighting(
            _moment(first), _moment(last), _finite(carried), _maybe(absent)
        )
        for (name, file_id, written, size), first, last, carried, absent in fields["locks"]
    }
    strangers = frozenset(str(owner) for owner in fields["strangers"])
    return Memory(_maybe(fields["looked"]), trial, tried, strangers, _maybe(fields["namesake"]), sightings)


def _fields(moment: Moment | None) -> tuple[Any, ...] | None:
    return astuple(moment) if moment is not None else None


def _maybe(fields: list[Any] | None) -> Moment | None:
    return _moment(fields) if fields is not None else None


def _moment(fields: list[Any]) -> Moment:
    boot_id, boot, wall = fields
    return Moment(str(boot_id), _finite(boot), _finite(wall))


def _finite(value: Any) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError("not a moment that ever was")
    return number
