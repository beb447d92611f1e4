"""What happened in locks/ of one share, as far as it can be seen at the moments of judgement."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from math import inf
from random import Random

from bench.simulation.files import SECOND, File, Owner, Times, lock_of, made_up, show, times_of_upload
from bench.simulation.machines import Host, Judge, Server
from lockctl.lock import Problem


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the judge's machine; `inner` is its PID in a namespace of its own."""

    pid: int
    begins: float
    ends: float
    inner: int | None = None
    restic: bool = True


@dataclass(slots=True)
class History:
    """One share over its span. `moments` are those of the judgements, in seconds of true time."""

    random: Random
    span: float
    moments: list[float]
    server: Server
    judge: Judge
    hosts: list[Host]
    arrivals: list[list[File]] = field(default_factory=list)
    """By the number of the first moment that sees it."""
    changes: list[float] = field(default_factory=list)
    """By moment: when locks/ last changed since the moment before, 0 for never."""
    set_back: dict[float, int] = field(default_factory=dict)
    """Changes that a copying client gave a last-write time of its own, in nanoseconds since 1970."""
    processes: list[Process] = field(default_factory=list)
    met: Counter[str] = field(default_factory=Counter)
    """How often each thing happened that a history can hold."""
    _number: int = 0

    def change(self, moment: float) -> None:
        """Notes that locks/ changed then."""
        index = bisect_left(self.moments, moment)
        if index < len(self.moments) and self.changes[index] < moment:
            self.changes[index] = moment

    def upload(self, owner: Owner, appears: float, vanishes: float, started: float) -> File | None:
        """One lock file; None where no judgement sees it. `started` is when its owner began to work."""
        self.change(appears)
        self.change(vanishes)
        index = bisect_left(self.moments, appears)
        if index >= len(self.moments) or self.moments[index] >= vanishes:
            return None
        takes = 10 ** self.random.uniform(-1, 1.5)
        name, number = self._name()
        clock = owner.host.clock
        during, after = times_of_upload(self.server, clock, owner.host.way, appears)
        said = clock.nanoseconds(started if owner.version == "0.9.6" else appears)
        unfinished = show(name, number, during, b"cut", Problem.INCOMPLETE)
        shown = show(name, number, after, b"whole", lock_of(owner, said))
        complete = appears + takes if owner.host.way == "rclone" else appears
        file = File(owner, appears, complete, vanishes, shown, unfinished)
        self.arrivals[index].append(file)
        return file

    def abandon(self, owner: Owner, moment: float, cause: str) -> None:
        """An upload that broke off: a file cut short, or what was to be renamed."""
        self.change(moment)
        index = bisect_left(self.moments, moment)
        if index >= len(self.moments):
            return
        name, number = self._name()
        during, _ = times_of_upload(self.server, owner.host.clock, owner.host.way, moment)
        problem = Problem.INCOMPLETE if owner.host.way == "rclone" else Problem.TEMPORARY
        name = name if problem is Problem.INCOMPLETE else f"{name}-tmp-{number}"
        shown = show(name, number, during, self.random.choice((b"", b"cut")), problem)
        cause = cause if problem is Problem.INCOMPLETE else "temporary file left over"
        self.arrivals[index].append(File(owner, moment, moment, inf, shown, shown, moment, cause))
        self.met[cause] += 1

    def copy_in(self, owner: Owner, moment: float, written: float) -> None:
        """A lock that `rsync -a` copied from elsewhere at `moment`; nobody will ever renew it here."""
        index = bisect_left(self.moments, moment)
        if index >= len(self.moments):
            return
        name, number = self._name()
        now, then = self.server.clock.nanoseconds(moment), owner.host.clock.nanoseconds(written)
        times = Times(now, then, now + SECOND // 100)
        times = times if self.server.own_creation else made_up(times, now)
        shown = show(name, number, times, b"whole", lock_of(owner, then))
        self.arrivals[index].append(File(owner, moment, moment, inf, shown, shown, moment, "copied from elsewhere"))
        self.met["copied from elsewhere"] += 1
        self.change(moment)
        self.set_back[moment] = then

    def _name(self) -> tuple[str, int]:
        self._number += 1
        return f"{self.random.getrandbits(256):064x}", self._number
