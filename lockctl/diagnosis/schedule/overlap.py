"""Overlap: which hosts work at the same time, and when exclusive work has to wait for them. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import chain

from lockctl.diagnosis.schedule.runs import HostRuns, Run

NEAR_SECONDS = 60
"""Starts within this: then one client may list locks/ while the other writes its lock there."""
ENTRY_SECONDS = 60
"""A pause of less is none for who waits: restic looks again every minute at the latest (`--retry-lock`)."""
SLOT_MINUTES = 30
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Pair:
    """Two hosts, and how often they worked at the same time."""

    first: str
    second: str
    together: int
    longest: int
    """Seconds for which they did at most."""
    near: int
    """How often they started within NEAR_SECONDS of each other."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time, in seconds since 1970, without a pause in which exclusive work could have started."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        """How long."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Slot:
    """Exclusive work that starts at one time of the day: on how many of the days it would have waited, and for how
    many seconds at most.
    """

    minute: int
    days: int
    blocked: int
    longest: int


@dataclass(frozen=True, slots=True)
class Overlaps:
    """How the hosts' runs lie to each other."""

    pairs: tuple[Pair, ...]
    """Those that worked at the same time or started together, the most frequent first."""
    most_at_once: int
    longest: Stretch | None
    daily: tuple[int, ...]
    """The seconds of each day's longest stretch, the shortest first; of the days on which there was one."""
    slots: tuple[Slot, ...]
    """By the time of the day of whoever asked."""


def find_overlaps(hosts: Sequence[HostRuns], offset: int) -> Overlaps:
    """`offset` is by how many seconds the day of the slots is ahead of UTC."""
    runs = sorted(chain.from_iterable(host.runs for host in hosts), key=lambda run: run.start)
    pairs, most = _sweep(runs)
    stretches = merge(runs)
    longest = max(stretches, key=lambda one: one.seconds, default=None)
    daily: dict[int, int] = {}
    for one in stretches:
        day = (one.start + offset) // _DAY
        daily[day] = max(daily.get(day, 0), one.seconds)
    return Overlaps(
        tuple(pairs), most, longest, tuple(sorted(daily.values())), tuple(_find_slots(runs, stretches, offset))
    )


def merge(runs: Iterable[Run]) -> list[Stretch]:
    """Runs, sorted by their starts, as the stretches that they make."""
    merged: list[Stretch] = []
    for run in runs:
        if merged and run.start <= merged[-1].end + ENTRY_SECONDS:
            merged[-1] = Stretch(merged[-1].start, max(merged[-1].end, run.end))
        else:
            merged.append(Stretch(run.start, run.end))
    return merged


class _Counted:
    """What is known of a pair so far."""

    def __init__(self) -> None:
        self.together = self.longest = self.near = 0


def _sweep(runs: Iterable[Run]) -> tuple[list[Pair], int]:
    """Runs of one host never overlap: so there are never more of them at work than there are hosts."""
    counted: dict[tuple[str, str], _Counted] = {}
    working: list[tuple[int, int, Run]] = []
    recent: deque[Run] = deque()
    most = 0

    def count(one: Run, other: Run) -> _Counted:
        names = (one.host, other.host) if one.host < other.host else (other.host, one.host)
        return counted.setdefault(names, _Counted())

    for number, run in enumerate(runs):
        while working and working[0][0] <= run.start:
            heappop(working)
        while recent and recent[0].start < run.start - NEAR_SECONDS:
            recent.popleft()
        for *_, other in working:
            pair = count(run, other)
            pair.together += 1
            pair.longest = max(pair.longest, min(run.end, other.end) - run.start)
        for other in recent:
            if other.host != run.host:
                count(run, other).near += 1
        if run.end > run.start:
            heappush(working, (run.end, number, run))
        recent.append(run)
        most = max(most, len(working))
    pairs = [Pair(*names, one.together, one.longest, one.near) for names, one in counted.items()]
    pairs.sort(key=lambda pair: (-pair.near, -pair.together, pair.first, pair.second))
    return pairs, most


def _find_slots(runs: Sequence[Run], stretches: Sequence[Stretch], offset: int) -> Iterable[Slot]:
    if not runs:
        return
    begins = [stretch.start for stretch in stretches]
    first = (runs[0].start + offset) // _DAY
    last = (runs[-1].start + offset) // _DAY
    for minute in range(0, _DAY // 60, SLOT_MINUTES):
        waits = []
        for day in range(first, last + 1):
            moment = day * _DAY + minute * 60 - offset
            number = bisect_right(begins, moment) - 1
            wait = stretches[number].end - moment if number >= 0 else 0
            waits.append(max(0, wait))
        yield Slot(minute, len(waits), sum(1 for wait in waits if wait), max(waits))
