"""Advice: snapshots, the locks now and the journal become a schedule that keeps the hosts apart. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil

from lockctl.clock.rfc3339 import parse_moment
from lockctl.diagnosis.schedule.habits import LEAST_RUNS, Habit, HostHabits, find_habits, part_of
from lockctl.diagnosis.schedule.overlap import Overlaps, Stretch, find_overlaps
from lockctl.diagnosis.schedule.placement import (
    WIDE_MINUTES,
    Placement,
    Window,
    bars_of,
    find_window,
    load_of,
    overlapped,
    place,
)
from lockctl.diagnosis.schedule.runs import End, HostRuns, count_ends, gather_runs
from lockctl.repository.snapshot import FoundSnapshots
from lockctl.state.records import Outcome, Record
from lockctl.survey.values import Survey

MAX_HOSTS = 100
"""Those with the most runs; to lay out more takes too long, and nobody reads it."""
MARGIN = 1.25
"""By which `--retry-lock` is longer than the longest wait that was seen."""
MAX_RETRY = 12 * 3600
"""Seconds; what would have to wait longer comes too late for its next turn."""
LEFT_DAYS = 90
"""Days of the journal in which the locks that a host left behind are counted."""
MANY_LEFT = 3
_LARGE_SHARE = 0.25
"""Of the day: a host that is at work for longer leaves too little to the others."""


@dataclass(frozen=True, slots=True)
class Retry:
    """What `--retry-lock` should be, in seconds, and the longest wait that it comes from."""

    seconds: int
    longest: Stretch
    usual: int
    """Seconds that the longest wait of nine of ten days keeps to."""
    runs: int
    """Whose ends are known."""


@dataclass(frozen=True, slots=True)
class OwnRepository:
    """A host that would do better with a repository of its own, and why, in a few words."""

    host: str
    why: str


@dataclass(frozen=True, slots=True)
class LeftLocks:
    """Locks that a host left behind: removed according to the journal, and standing now."""

    host: str
    removed: int
    standing: int


@dataclass(frozen=True, slots=True)
class Advice:
    """All that `advise` tells."""

    survey: Survey
    found: FoundSnapshots
    hosts: tuple[HostHabits, ...]
    left_out: int
    """Hosts beyond MAX_HOSTS."""
    offset: int
    """Seconds by which the local time of most hosts is ahead of UTC: the chart's."""
    overlaps: Overlaps
    placements: tuple[Placement, ...]
    meeting: tuple[int, int]
    """Minutes a day that a host works beside another one, each counted: as it is, and as proposed."""
    window: Window | None
    retry: Retry | None
    own: tuple[OwnRepository, ...]
    left: tuple[LeftLocks, ...]

    @property
    def ends(self) -> dict[End, int]:
        """How many runs' ends are known by what."""
        return dict(count_ends(chain.from_iterable(host.runs for host in self.hosts)))

    @property
    def copied(self) -> int:
        """Snapshots that may never have been made here."""
        return sum(1 for one in self.found.snapshots if one.is_copied)

    @property
    def runs(self) -> int:
        """Of all hosts."""
        return sum(len(host.runs) for host in self.hosts)


def advise(found: FoundSnapshots, survey: Survey, records: Iterable[Record]) -> Advice:
    """What follows from what was found."""
    everyone = sorted(gather_runs(found.snapshots), key=lambda host: (-len(host.runs), host.host))
    sources = sorted(everyone[:MAX_HOSTS], key=lambda host: host.host)
    hosts = tuple(find_habits(host, found.now // 10**9) for host in sources)
    habits = [habit for host in hosts for habit in host.habits]
    placements = tuple(place(habits))
    before = load_of(bar for habit in habits for bar in bars_of(habit))
    after = load_of(bar for one in placements for bar in one.bars())
    offset = _usual_offset(sources)
    overlaps = find_overlaps(sources, offset)
    window = find_window(placements)
    left = tuple(_find_left(survey, records, found.now))
    return Advice(
        survey=survey,
        found=found,
        hosts=hosts,
        left_out=len(everyone) - len(sources),
        offset=offset,
        overlaps=overlaps,
        placements=placements,
        meeting=(overlapped(before), overlapped(after)),
        window=window,
        retry=_find_retry(sources, overlaps),
        own=tuple(_find_own(placements, window, left)) if len(hosts) > 1 else (),
        left=left,
    )


def _usual_offset(hosts: Sequence[HostRuns]) -> int:
    counted = Counter(host.offsets[0] for host in hosts)
    return max(counted, key=lambda offset: (counted[offset], offset), default=0)


def _find_retry(hosts: Sequence[HostRuns], overlaps: Overlaps) -> Retry | None:
    longest = overlaps.longest
    ends = count_ends(chain.from_iterable(host.runs for host in hosts))
    known = ends[End.SUMMARY] + ends[End.FILE]
    if known < LEAST_RUNS or longest is None:
        return None
    wanted = min(longest.seconds * MARGIN, MAX_RETRY)
    step = 300 if wanted <= 3600 else 900 if wanted <= 4 * 3600 else 1800
    return Retry(max(900, ceil(wanted / step) * step), longest, part_of(overlaps.daily, 0.9), known)


def _find_left(survey: Survey, records: Iterable[Record], now: int) -> Iterable[LeftLocks]:
    """Whose locks had to be removed, or have to be, the most first."""
    since = now - LEFT_DAYS * 86400 * 10**9
    removed = Counter(
        str(record.removed.lock["hostname"])
        for record in records
        if record.removed.lock is not None
        and record.origin.config_sha256 == survey.config.sha256
        and record.outcome is Outcome.REMOVED
        and record.returned_as is None
        and parse_moment(record.at) >= since
    )
    standing = Counter(one.file.lock.hostname for one in survey.verdicts if one.removable and one.file.lock is not None)
    for host in sorted({*removed, *standing}, key=lambda name: (-removed[name] - standing[name], name)):
        yield LeftLocks(host, removed[host], standing[host])


def _find_own(
    placements: Sequence[Placement], window: Window | None, left: Iterable[LeftLocks]
) -> Iterable[OwnRepository]:
    often = {one.host: one.removed + one.standing for one in left if one.removed + one.standing >= MANY_LEFT}
    free = window.minutes if window is not None else 0
    hosts = list(dict.fromkeys(one.habit.host for one in placements))
    for host in hosts:
        share = _share_of([one.habit for one in placements if one.habit.host == host])
        others = find_window([one for one in placements if one.habit.host != host])
        without = others.minutes if others is not None else 0
        if share > _LARGE_SHARE:
            yield OwnRepository(host, f"it is at work for {share * 24:.0f} hours of the day")
        elif free < WIDE_MINUTES <= without and len(hosts) > 1:
            yield OwnRepository(host, f"without it {without // 60} hours a day would be free for exclusive work")
        elif host in often:
            yield OwnRepository(host, f"it left {often[host]} locks behind, which block the others' exclusive work")
    for host in sorted(often.keys() - set(hosts)):
        yield OwnRepository(host, f"it left {often[host]} locks behind, which block the others' exclusive work")


def _share_of(habits: Iterable[Habit]) -> float:
    """The part of a week for which a host is at work as a rule."""
    load = load_of(bar for habit in habits if habit.minutes is not None for bar in bars_of(habit))
    return sum(1 for number in load if number) / len(load)
