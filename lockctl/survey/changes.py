"""What happened to the locks between two looks. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from lockctl.liveness.evidence import Verdict


class Event(Enum):
    """What can happen to a lock."""

    STANDS = "stands"
    """It was there when the watch began."""
    CAME = "came"
    RENEWED = "renewed"
    """A newer file of an owner whose lock was there. Where that went at the same time, nothing more is said of it."""
    GONE = "gone"
    STATE = "state"
    """The same file is judged otherwise than before."""


@dataclass(frozen=True, slots=True)
class Change:
    """One event. `before` is the lock as the look before saw it: of RENEWED the older lock, of STATE the same."""

    event: Event
    verdict: Verdict
    before: Verdict | None = None


def find_changes(before: Sequence[Verdict] | None, after: Sequence[Verdict]) -> list[Change]:
    """The events that lead from one look to the next; without one before, every lock just stands."""
    if before is None:
        return [Change(Event.STANDS, verdict) for verdict in after]
    known, owners = {verdict.file.id: verdict for verdict in before}, _newest_by_owner(before)
    standing = {verdict.file.id for verdict in after}
    changes = [change for verdict in after if (change := _change(verdict, known, owners)) is not None]
    renewed = {change.before.file.id for change in changes if change.event is Event.RENEWED and change.before}
    gone = [v for v in before if v.file.id not in standing and v.file.id not in renewed]
    return changes + [Change(Event.GONE, verdict, verdict) for verdict in gone]


def find_renewal(verdict: Verdict, after: Sequence[Verdict]) -> Verdict | None:
    """The lock by which the owner of this one has renewed it, where it has."""
    lock = verdict.file.lock
    newest = _newest_by_owner(after).get(lock.owner) if lock is not None else None
    return newest if newest is not None and _time(newest) > _time(verdict) else None


def _change(verdict: Verdict, known: Mapping[str, Verdict], owners: Mapping[Hashable, Verdict]) -> Change | None:
    same, lock = known.get(verdict.file.id), verdict.file.lock
    if same is not None:
        return Change(Event.STATE, verdict, same) if same.state is not verdict.state else None
    older = owners.get(lock.owner) if lock is not None else None
    if older is None or _time(older) >= _time(verdict):
        return Change(Event.CAME, verdict)
    return Change(Event.RENEWED, verdict, older)


def _newest_by_owner(verdicts: Sequence[Verdict]) -> dict[Hashable, Verdict]:
    """Of each owner that is known its newest lock."""
    oldest_first = sorted((verdict for verdict in verdicts if verdict.file.lock is not None), key=_time)
    return {verdict.file.lock.owner: verdict for verdict in oldest_first if verdict.file.lock is not None}


def _time(verdict: Verdict) -> int:
    return verdict.file.lock.time_ns if verdict.file.lock is not None else 0
