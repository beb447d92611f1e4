"""A world: clocks, a server, machines that judge, owners. Values; moments are seconds of true time."""

from __future__ import annotations

from dataclasses import dataclass

from lockctl.state.memory import Moment

BASE = 1_800_000_000
"""The moment 0, in seconds since 1970."""
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
PERIOD = 300.0
"""Seconds between renewals (restic's lock.go)."""
LEASE = 1350.0
"""Seconds without a renewal after which an owner may not go on (the same)."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What one wall clock shows. Each step is a moment and the seconds by which it was set then."""

    offset: float = 0.0
    drift: float = 0.0
    steps: tuple[tuple[float, float], ...] = ()

    def seconds(self, moment: float) -> float:
        """Seconds since 1970 that it shows."""
        steps = sum(by for when, by in self.steps if when <= moment)
        return BASE + moment + self.offset + self.drift * moment + steps

    def nanoseconds(self, moment: float) -> int:
        """The same in nanoseconds."""
        return int(self.seconds(moment) * 1e9)


@dataclass(frozen=True, slots=True)
class Server:
    """A server, and what is true of the file system below its share."""

    clock: Clock = Clock()
    keeps_creation: bool = True
    """Else it makes creation times up from the other times, as Samba does."""
    moves: bool = True
    """Whether the time of locks/ moves with its files."""
    steady: bool = True
    """Else ids and times differ at each look, and are good to two seconds."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """A suspend; `error` is by how much an RTC then sets the wall clock and the boot-time clock too far."""

    begin: float
    end: float
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Judge:
    """A machine that looks, and when."""

    name: str
    looks: tuple[float, ...]
    clock: Clock = Clock()
    boots: tuple[float, ...] = (-10 * DAY,)
    """When it was started; before the first of them nothing is looked at."""
    sleeps: tuple[Sleep, ...] = ()
    forgets: tuple[float, ...] = ()
    """When its state folder is emptied."""

    def boot(self, at: float) -> float:
        """Its last start."""
        return max(boot for boot in self.boots if boot <= at)

    def moment(self, at: float, server: Clock) -> Moment:
        """That moment by all its clocks."""
        boot = self.boot(at)
        over = [sleep for sleep in self.sleeps if sleep.end <= at]
        mine = [sleep for sleep in over if sleep.begin >= boot]
        slept = sum(sleep.end - sleep.begin for sleep in mine)
        error = sum(sleep.error for sleep in mine)
        return Moment(f"boot {boot}", at - boot - slept, at - boot + error, self.wall(at), server.seconds(at))

    def wall(self, at: float) -> float:
        """Its wall clock, which an RTC sets at waking, in seconds since 1970."""
        return self.clock.seconds(at) + sum(sleep.error for sleep in self.sleeps if sleep.end <= at)

    def is_up(self, at: float) -> bool:
        """Whether it can look then."""
        return self.boots[0] <= at and not any(sleep.begin <= at < sleep.end for sleep in self.sleeps)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which an owner cannot renew: asleep it goes on afterwards, cut off it gives up at the lease's end."""

    begin: float
    end: float
    asleep: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """One restic at work."""

    hostname: str
    pid: int
    begins: float
    ends: float
    clock: Clock = Clock()
    crashes: bool = False
    """Its last lock stays."""
    gaps: tuple[Gap, ...] = ()
    over_smb: bool = True
    """Else its files come onto the server's disk by another protocol: Samba makes their creation up."""
    renews_time: bool = True
    """Owners at or below 0.9.6 write a new file with the old time."""
    here: bool = False
    """A process of the first judge; `hostname` is that judge's."""
    upload: float = 0.3
    """Seconds until its lock can be read."""


@dataclass(frozen=True, slots=True)
class World:
    """One history, before it is played. `window` is when its hazard is there: a live lock has to stand then."""

    server: Server
    judges: tuple[Judge, ...]
    owners: tuple[Owner, ...]
    window: tuple[float, float]
