"""The memory of one repository: for how long this machine has certainly seen each file of locks/. Pure.

What two looks that follow each other both show has stood there in between, for the least time that any clock of this
machine says; these times add up. So a clock that is set costs the time between two looks, and makes none; neither do
two machines that write one memory by turns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

MAX_LOCKS = 100_000
"""Lock files that are remembered of one repository; what is beyond is seen for the first time each time."""
UNREAD = (-1, -1)
"""Instead of size and last write, where a file could not be read: what it is then says nothing of what it was."""
_LATE = 60.0
"""Seconds, at most, after which a run notes what it saw."""
_LONG = 1350.0
"""Seconds after which something of what was seen has to count, if ever it does."""
_HARDLY = 0.001
"""The share of it that is next to nothing: of a machine that is on for five minutes a day more counts."""


class Shown(Protocol):
    """A file as a look showed it."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def instance(self) -> tuple[str, int, int] | None:
        """What tells it from another that ever bears its name, UNREAD behind the name where that cannot be known.

        None for a stranger's file, which is not remembered.
        """


@dataclass(frozen=True, slots=True)
class Seen:
    """What this machine itself knows of a file's age, in seconds."""

    at_least: float = 0.0
    """For how long looks have certainly shown it."""
    at_most: float | None = None
    """How long ago a look did not show it, None where none did since this machine's start."""


NEVER_SEEN = Seen()


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by every clock there is, in seconds."""

    boot_id: str
    awake: float
    """Since this machine's start, without the time that it slept: nothing can set it (CLOCK_MONOTONIC)."""
    boot: float
    """The same with that time, which an RTC tells at waking (CLOCK_BOOTTIME)."""
    wall: float
    """Since 1970."""
    server: float
    """Since 1970, by the server's clock."""
    started: bool = True
    """Whether a new boot id means that this machine was started: containers get one with each start of their own."""

    def since(self, earlier: Moment) -> float:
        """Seconds that have certainly passed: the least that any clock says.

        After a restart only the time since then is certain by a clock of our own; the wall clock and the server's
        confirm that the earlier look was before it, and not another machine's.
        """
        if self.boot_id == earlier.boot_id:
            passed = (self.awake - earlier.awake, self.boot - earlier.boot, self.wall - earlier.wall)
        else:
            passed = (self.awake if self.started else 0.0, self.wall - earlier.wall, self.server - earlier.server)
        return max(0.0, min(passed))


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file as the last look showed it."""

    instance: tuple[str, int, int]
    first: tuple[float, float]
    """When it was seen for the first time, by the wall clock and the server's. Both can be set: for words alone."""
    stood: float = 0.0
    """Seconds for which it has certainly stood there."""
    absent: float | None = None
    """When a look of this boot lacked it, in seconds of the boot-time clock."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered after a look."""

    looked: Moment | None = None
    complete: bool = True
    """Whether that look is remembered whole: then what it lacks was not there."""
    sightings: Mapping[str, Sighting] = field(default_factory=dict)
    """By name."""

    def look(self, files: Sequence[Shown], now: Moment) -> Memory:
        """The memory after a look at `now` that showed these files."""
        before = self.looked
        went_back = before is not None and now.boot_id == before.boot_id and now.awake < before.awake
        if before is not None and went_back and now.server - before.server < _LATE:
            return self  # another run has looked since, and noted it first
        # Else this machine goes on from a snapshot, which has the same boot id: it is as if it were another.
        passed = now.since(before) if before is not None else 0.0
        last = before.boot if before is not None and now.boot_id == before.boot_id and not went_back else None
        shown = sorted((file.id, file.instance) for file in files if file.instance is not None)
        sightings = {name: self._see(name, instance, now, passed, last) for name, instance in shown[:MAX_LOCKS]}
        return Memory(now, len(shown) <= MAX_LOCKS, sightings)

    def _see(
        self, name: str, instance: tuple[str, int, int], now: Moment, passed: float, last: float | None
    ) -> Sighting:
        """`last` is when this boot looked before, None where it did not."""
        known = self.sightings.get(name)
        if known is None:
            return Sighting(instance, (now.wall, now.server), absent=last if self.complete else None)
        absent = known.absent if last is not None else None
        if known.instance == instance:
            return Sighting(instance, known.first, known.stood + passed, absent)
        unread = UNREAD in (known.instance[1:], instance[1:])
        return Sighting(instance, (now.wall, now.server), absent=absent if unread else last)

    @property
    def stands_still(self) -> bool:
        """Whether next to nothing counts of the time since something was first seen, so that it may never go."""
        now = self.looked
        if now is None:
            return False
        since = ((one, min(now.wall - one.first[0], now.server - one.first[1])) for one in self.sightings.values())
        return any(passed > _LONG and one.stood < passed * _HARDLY for one, passed in since)

    def seen(self) -> dict[str, Seen]:
        """By name, what our own eyes say of each file's age at the last look."""
        if self.looked is None:
            return {}
        now = self.looked.boot
        return {
            name: Seen(one.stood, None if one.absent is None else max(0.0, now - one.absent))
            for name, one in self.sightings.items()
        }
