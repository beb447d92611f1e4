"""Runs: snapshots become the times at which each host worked in the repository. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from lockctl.repository.snapshot import Snapshot

CHAIN_SECONDS = 180
"""Backups of one host that follow each other within this are one run: a script that backs up several folders."""
MAX_SECONDS = 3 * 86400
"""No backup that a file's time tells of is taken for longer."""
_FIRST_RETRY_LOCK = (0, 16)
_TRUSTED = 0.9
"""Of the snapshots without an end of their own, the part whose files' times must be possible ends."""


class End(Enum):
    """By what it is known when a run ended."""

    SUMMARY = "summary"
    """restic wrote it into the snapshot (0.17 and newer)."""
    FILE = "file"
    """The last write of the snapshot's file, which is the last that a backup writes."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Run:
    """A time in which a host worked, in seconds since 1970. `end` is `start` where it is not known."""

    host: str
    start: int
    end: int
    known: End
    offset: int
    """Seconds by which the host's local time was ahead of UTC."""

    @property
    def seconds(self) -> int | None:
        """How long it took, where that is known."""
        return None if self.known is End.UNKNOWN else self.end - self.start


@dataclass(frozen=True, slots=True)
class HostRuns:
    """All runs of one host, the oldest first."""

    host: str
    runs: tuple[Run, ...]
    paths: tuple[str, ...]
    """What it backs up; empty where that differs from run to run, or is too much to tell."""
    version: tuple[int, int] | None
    """Of its restic, by its newest snapshot; None before 0.16, which does not say."""

    @property
    def has_retry_lock(self) -> bool:
        """Whether its restic knows `--retry-lock` (its changelog, 719)."""
        return self.version is not None and self.version >= _FIRST_RETRY_LOCK

    @property
    def offsets(self) -> tuple[int, ...]:
        """Of its local time, the present one first; more than one where its clocks are put forward."""
        return tuple(dict.fromkeys(run.offset for run in reversed(self.runs)))


def gather_runs(snapshots: Iterable[Snapshot]) -> list[HostRuns]:
    """The runs of each host, by name. What was copied here from elsewhere, or written twice, does not count."""
    own = {(one.hostname, one.start, one.paths): one for one in snapshots if not one.is_copied}.values()
    trusts_files = _can_trust_files(own)
    hosts: dict[str, list[Snapshot]] = {}
    for one in own:
        hosts.setdefault(one.hostname, []).append(one)
    found = []
    for host, mine in sorted(hosts.items()):
        mine.sort(key=lambda one: one.start)
        runs = _chain([_run_of(one, trusts_files) for one in mine])
        paths = {one.paths for one in mine}
        found.append(HostRuns(host, runs, mine[-1].paths if len(paths) == 1 else (), mine[-1].version))
    return found


def count_ends(runs: Iterable[Run]) -> Mapping[End, int]:
    """How many runs' ends are known by what."""
    counted = dict.fromkeys(End, 0)
    for run in runs:
        counted[run.known] += 1
    return counted


def _can_trust_files(snapshots: Iterable[Snapshot]) -> bool:
    """Whether the files' times are those of their making: in a repository that was copied whole they are not."""
    told = [one for one in snapshots if not one.is_altered]
    possible = sum(1 for one in told if 0 <= one.written - (one.end or one.start) + 1 <= MAX_SECONDS)
    wrong = sum(1 for one in told if one.end is not None and one.written - one.end > CHAIN_SECONDS)
    return possible >= _TRUSTED * len(told) and wrong <= (1 - _TRUSTED) * len(told)


def _run_of(one: Snapshot, trusts_files: bool) -> Run:
    if one.end is not None:
        return Run(one.hostname, one.start, one.end, End.SUMMARY, one.offset)
    if trusts_files and not one.is_altered and 0 <= one.written - one.start + 1 <= MAX_SECONDS:
        return Run(one.hostname, one.start, max(one.start, one.written), End.FILE, one.offset)
    return Run(one.hostname, one.start, one.start, End.UNKNOWN, one.offset)


def _chain(runs: Sequence[Run]) -> tuple[Run, ...]:
    chained: list[Run] = []
    for run in runs:
        last = chained[-1] if chained else None
        if last is None or run.start > last.end + CHAIN_SECONDS:
            chained.append(run)
            continue
        ends = max((last, run), key=lambda one: one.end)
        chained[-1] = Run(run.host, last.start, ends.end, ends.known, last.offset)
    return tuple(chained)
