"""What stands in locks/ at each moment, what a look shows of it, and the truth that no rule may look at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from math import inf

from bench.simulation.world import DAY, LEASE, PERIOD, Clock, Judge, Owner, World
from lockctl.liveness import process
from lockctl.liveness.evidence import Clocks
from lockctl.repository.config import RepositoryConfig
from lockctl.repository.lock import Lock, LockFile, Problem
from lockctl.survey.values import Look
from lockctl.transport.base import Entry

SECOND = 10**9
CONFIG = RepositoryConfig("simulated", 2, "0" * 64)
OVERLAP = 0.8
"""Seconds for which an owner's old lock stands beside its new one."""


class Truth(Enum):
    """What is true of a lock at one moment."""

    LIVE = "live"
    """Its owner may go on: it renewed within 22½ minutes of true time."""
    LAPSED = "lapsed"
    """Its owner slept for longer, and will go on."""
    DEAD = "dead"
    """Its owner ended, gave up, or has a newer one."""


@dataclass(frozen=True, slots=True)
class File:
    """One lock file, from its upload to its end. Moments are seconds of true time."""

    owner: Owner
    id: str
    appears: float
    dies: float
    vanishes: float

    def truth(self, at: float) -> Truth:
        """What is true of it at that moment."""
        if at >= self.dies:
            return Truth.DEAD
        return Truth.LIVE if at - self.appears <= LEASE else Truth.LAPSED


def upload_all(owner: Owner) -> Iterator[File]:
    """All the lock files of one run, one after the other."""
    at, number = owner.begins, 0
    while True:
        id_ = hashlib.sha256(f"{owner} {number}".encode()).hexdigest()
        due, asleep = _due(owner, at)
        if due - at > LEASE and not asleep and owner.ends > at + LEASE:
            yield File(owner, id_, at, at + LEASE, inf)
            return
        if owner.ends <= due:
            yield File(owner, id_, at, owner.ends, inf if owner.crashes else owner.ends)
            return
        yield File(owner, id_, at, due, due + OVERLAP)
        at, number = due, number + 1


def _due(owner: Owner, at: float) -> tuple[float, bool]:
    """The next renewal, and whether sleep put it off."""
    due, asleep = at + PERIOD, False
    for gap in owner.gaps:
        if gap.begin <= due < gap.end:
            due, asleep = gap.end + 1.0, asleep or gap.asleep
    return due, asleep


@dataclass(slots=True)
class Share:
    """The share of one rule: what it removed does not stand there any more."""

    world: World
    files: tuple[File, ...]
    removed: dict[str, float] = field(default_factory=dict)
    looks: int = 0

    def standing(self, at: float) -> list[File]:
        """The files that stand there."""
        return [file for file in self.files if file.appears <= at < self._end(file)]

    def remove(self, id_: str, at: float) -> None:
        """Removes it, where it still stands."""
        if any(file.id == id_ for file in self.standing(at)):
            self.removed[id_] = at

    def look(self, judge: Judge, at: float) -> Look:
        """What one look shows there."""
        self.looks += 1
        clock = self.world.server.clock
        files = tuple(self._show(file, number, at) for number, file in enumerate(self.standing(at)))
        clocks = Clocks(int(judge.wall(at) * 1e9), clock.nanoseconds(at))
        here = self.machine(judge, at)
        moment = judge.moment(at, clock)
        return Look(
            "share", CONFIG, clocks, moment, files, self._changed(at), self._others(), process.find(files, here)
        )

    def machine(self, judge: Judge, at: float) -> process.Machine:
        """The processes of the machine that judges."""
        boot = judge.moment(at, Clock()).boot
        born = judge.wall(at) - boot  # as the kernel tells it: it moves with the wall clock
        mine = [owner for owner in self.world.owners if owner.here and judge is self.world.judges[0]]
        running = {o.pid: born + o.begins - judge.boot(at) for o in mine if o.begins <= at < o.ends}
        return process.Machine(judge.name, born, running, restics=frozenset(running))

    def _end(self, file: File) -> float:
        return min(file.vanishes, self.removed.get(file.id, inf))

    def _changed(self, at: float) -> int:
        """The time of locks/."""
        if not self.world.server.moves:
            return self.world.server.clock.nanoseconds(-3 * DAY)
        events = [moment for file in self.files for moment in (file.appears, self._end(file)) if moment <= at]
        return self.world.server.clock.nanoseconds(max(events, default=-3 * DAY))

    def _others(self) -> tuple[Entry, ...]:
        """The directory beside locks/, which a client copied here long ago."""
        made, written = (self.world.server.clock.nanoseconds(-days * DAY) for days in (20, 10))
        kept = self.world.server.keeps_creation
        return (Entry("data", 0, made if kept else written, written, written, 1, written, is_directory=True),)

    def _show(self, file: File, number: int, at: float) -> LockFile:
        owner, server = file.owner, self.world.server
        done = at >= file.appears + owner.upload
        begun = server.clock.nanoseconds(file.appears)
        written = owner.clock.nanoseconds(file.appears + owner.upload) if done else begun
        created = begun if server.keeps_creation and owner.over_smb else made_up(written, written, begun)
        inode = int(file.id[:8], 16)
        if not server.steady:
            shift = self.looks % 2 * 3600 * SECOND
            created, written = (moment // (2 * SECOND) * 2 * SECOND + shift for moment in (created, written))
            inode = self.looks * 1000 + number
        entry = Entry(file.id, 136 if done else 0, created, written, written, inode, written)
        if not done:
            return LockFile(entry, b"", Problem.INCOMPLETE)
        time = owner.clock.nanoseconds(file.appears if owner.renews_time else owner.begins)
        lock = Lock("", time, False, owner.hostname, "root", owner.pid, 0, 0)
        return LockFile(entry, file.id.encode(), lock)


def made_up(written: int, accessed: int, changed: int) -> int:
    """What Samba shows as creation where it keeps none: the minimum of the others, of seconds and nanoseconds apart."""
    others = (written, accessed, changed)
    return min(time // SECOND for time in others) * SECOND + min(time % SECOND for time in others)
