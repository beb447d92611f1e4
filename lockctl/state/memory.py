"""The memory of one repository: for how long this machine has certainly seen each file of locks/. Pure.

What two looks that follow each other both show has stood there in between, for the least time that any clock of this
machine says; these times add up. So a clock that is set costs the time between two looks, and makes none; neither do
two machines that write one memory by turns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

MAX_LOCKS = 20_000
"""Lock files that are remembered of one repository; what is beyond is seen for the first time each time."""


class Shown(Protocol):
    """A file as a look showed it."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def instance(self) -> tuple[str, int, int] | None:
        """What tells it from another that ever bears its name; None for a stranger's file, which is not remembered."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What this machine itself knows of a file's age in seconds: it stood there, and before that it did not."""

    at_least: float = 0.0
    at_most: float | None = None


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
    stood: float = 0.0
    """Seconds for which it has certainly stood there."""
    absent: float | None = None
    """When a look of this boot lacked its name, in seconds of the boot-time clock."""


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
        if before is not None and now.boot_id == before.boot_id and now.awake < before.awake:
            return self  # another run has looked since, and noted it first
        passed = now.since(before) if before is not None else 0.0
        same_boot = before is not None and now.boot_id == before.boot_id
        absent = before.boot if before is not None and same_boot and self.complete else None
        kept = [(file.id, file.instance) for file in files if file.instance is not None]
        sightings: dict[str, Sighting] = {}
        for name, instance in kept[:MAX_LOCKS]:
            known = self.sightings.get(name)
            if known is None:
                sightings[name] = Sighting(instance, 0.0, absent)
            else:
                stood = known.stood + passed if known.instance == instance else 0.0
                sightings[name] = Sighting(instance, stood, known.absent if same_boot else None)
        return Memory(now, len(kept) <= MAX_LOCKS, sightings)

    def seen(self) -> dict[str, Seen]:
        """By name, what our own eyes say of each file's age at the last look."""
        if self.looked is None:
            return {}
        now = self.looked.boot
        return {
            name: Seen(one.stood, None if one.absent is None else max(0.0, now - one.absent))
            for name, one in self.sightings.items()
        }
