"""Files in locks/ as a server shows them, each with the truth about its owner that no rule may look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import inf

from bench.simulation.clocks import Clock
from bench.simulation.machines import Host, Server
from lockctl.lock import Lock, LockFile, Problem
from lockctl.transport.base import Entry

LEASE = 1350.0
"""Seconds without a renewal after which an owner may not go on (restic's lock.go)."""
SECOND = 10**9


class Truth(Enum):
    """What is true of a lock file at one moment."""

    LIVE = "live"
    """Its owner runs and is entitled to go on: renewed within 22½ minutes of true time."""
    LAPSED = "lapsed"
    """Its owner sleeps, hangs or is cut off, longer than it may."""
    DEAD = "dead"
    """It will never be renewed: the owner ended, or has a newer file, or never finished writing this one."""


@dataclass(frozen=True, slots=True)
class Owner:
    """One run of restic."""

    host: Host
    hostname: str
    pid: int
    version: str
    exclusive: bool


@dataclass(slots=True, eq=False)
class File:
    """A file in locks/: what a look at it shows, then the truth. Moments are seconds of true time."""

    owner: Owner
    appears: float
    complete: float
    vanishes: float
    shown: LockFile
    unfinished: LockFile
    """What is shown until `complete`."""
    dies: float = inf
    cause: str = ""
    """Why it died."""
    trouble: str = ""
    """What kept the owner from renewing it in time."""
    returns: float | None = None
    """When an owner that lost its lease comes back."""

    @property
    def temporary(self) -> bool:
        """Whether restic would never take it for a lock."""
        return self.shown.problem is Problem.TEMPORARY

    def truth(self, moment: float) -> Truth:
        """What is true of it at that moment."""
        if moment >= self.dies:
            return Truth.DEAD
        return Truth.LIVE if moment - self.appears <= LEASE else Truth.LAPSED

    def look(self, moment: float) -> LockFile:
        """What a look shows at that moment."""
        return self.shown if moment >= self.complete else self.unfinished


@dataclass(frozen=True, slots=True)
class Times:
    """The times of one file in nanoseconds since 1970, as the server shows them."""

    created: int
    written: int
    accessed: int


def times_of_upload(server: Server, host: Clock, way: str, moment: float) -> tuple[Times, Times]:
    """While it is being written, and after. rclone sets last write and access to its client's clock at the end."""
    begun = server.clock.nanoseconds(moment)
    unfinished = Times(begun, begun + SECOND // 100, begun)
    if way == "rclone":
        set_by_client = host.nanoseconds(moment)
        finished = Times(begun, set_by_client, set_by_client)
    else:
        finished = Times(begun, begun + SECOND // 200, begun)
    if server.own_creation:
        return unfinished, finished
    return made_up(unfinished, begun), made_up(finished, begun)


def made_up(times: Times, changed: int) -> Times:
    """Without a creation time of its own Samba shows the minimum of the others, of seconds and nanoseconds apart."""
    others = (times.written, times.accessed, changed)
    created = min(time // SECOND for time in others) * SECOND + min(time % SECOND for time in others)
    return Times(created, times.written, times.accessed)


def show(name: str, number: int, times: Times, data: bytes, content: Lock | Problem) -> LockFile:
    """The file as lockctl's reader would give it."""
    size = 136 if isinstance(content, Lock) else len(data)
    entry = Entry(name, size, times.created, times.written, times.written, number, times.accessed)
    if isinstance(content, Lock):
        return LockFile(entry, data, content, None)
    return LockFile(entry, data, None, content)


def lock_of(owner: Owner, time_ns: int) -> Lock:
    """What the JSON of a lock says. Nothing that judges reads the text of its time."""
    user = "root" if not owner.host.contained else "backup"
    return Lock("", time_ns, owner.exclusive, owner.hostname, user, owner.pid, 0, 0)
