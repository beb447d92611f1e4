"""Hosts that back up at some hour of their own day, and the advice that follows, for the tests of diagnosis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from lockctl.diagnosis.schedule.advice import Advice, advise
from lockctl.repository.snapshot import FoundSnapshots, Snapshot
from lockctl.state.records import Record
from lockctl.survey.values import Survey
from tests.unit.making import make_survey

DAY, HOUR, MINUTE = 86400, 3600, 60
NOW = 1_764_072_000
"""12:00 in UTC on Tuesday, 25 November 2025, in seconds: a month after Europe put its clocks back."""
NEWER, OLDER = (0, 18), None


def backup(
    host: str = "web1",
    start: int = NOW - DAY,
    seconds: int | None = 10 * MINUTE,
    offset: int = 0,
    *,
    written: int = 0,
    paths: tuple[str, ...] = ("/home",),
    version: tuple[int, int] | None = NEWER,
    altered: bool = False,
    copied: bool = False,
) -> Snapshot:
    """One backup; of one with `seconds` None restic did not write the end. Its file is written at `written`."""
    end = None if seconds is None else start + seconds
    return Snapshot(host, start, offset, end, paths, version, altered, copied, written or end or start)


def at_hour(
    host: str,
    hour: float,
    minutes: float = 10,
    *,
    zone: str = "UTC",
    days: Iterable[int] = range(1, 29),
    weekdays: Sequence[int] = range(7),
    jitter: Sequence[int] = (0,),
    seconds: int | None = -1,
    version: tuple[int, int] | None = NEWER,
    paths: tuple[str, ...] = ("/home",),
) -> list[Snapshot]:
    """Backups so many days before NOW, at an hour of the host's own day; `jitter` are seconds, in turn."""
    found = []
    for number, ago in enumerate(days):
        midnight = datetime.fromtimestamp(NOW - ago * DAY, ZoneInfo(zone)).replace(hour=0, minute=0, second=0)
        if midnight.weekday() not in weekdays:
            continue
        wall = midnight.replace(hour=int(hour), minute=round(hour % 1 * 60))
        offset = wall.utcoffset()
        assert offset is not None
        start = int(wall.timestamp()) + jitter[number % len(jitter)]
        took = round(minutes * 60) if seconds == -1 else seconds
        found.append(backup(host, start, took, int(offset.total_seconds()), paths=paths, version=version))
    return found


def found_of(snapshots: Iterable[Snapshot], **counts: int) -> FoundSnapshots:
    """What a reading of six weeks would have given."""
    all_of = tuple(snapshots)
    numbers = {"listed": len(all_of), **dict.fromkeys(("older", "beyond", "damaged", "unreadable", "future"), 0)}
    return FoundSnapshots(all_of, NOW * 10**9, NOW - 42 * DAY, **{**numbers, **counts})


def advice_of(
    *snapshots: Iterable[Snapshot], survey: Survey | None = None, records: Iterable[Record] = (), **counts: int
) -> Advice:
    """The advice on these backups."""
    every = [one for some in snapshots for one in some]
    return advise(found_of(every, **counts), survey or make_survey(()), records)
