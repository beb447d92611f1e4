"""What happened to the locks between two looks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from lockctl.liveness.evidence import Verdict


class Event(Enum):
    """What can happen to a lock."""

    STANDS = "stands"
    """It was there when the watch began."""
    CAME = "came"
    RENEWED = "renewed"
    """A new file of an owner whose lock was there: the older one goes without a further word."""
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
    known = {verdict.file.id: verdict for verdict in before}
    standing = {verdict.file.id for verdict in after}
    changes = [_change(verdict, known, before) for verdict in after]
    gone = [Change(Event.GONE, v, v) for v in before if v.file.id not in standing and _newest(v, after) is None]
    return [change for change in changes if change is not None] + gone


def find_renewal(verdict: Verdict, after: Sequence[Verdict]) -> Verdict | None:
    """The lock by which the owner of this one has renewed it, where it has."""
    newest = _newest(verdict, after)
    lock, newer = verdict.file.lock, newest.file.lock if newest is not None else None
    return newest if lock is not None and newer is not None and newer.time_ns > lock.time_ns else None


def _change(verdict: Verdict, known: dict[str, Verdict], before: Sequence[Verdict]) -> Change | None:
    same = known.get(verdict.file.id)
    if same is None:
        older = _newest(verdict, before)
        return Change(Event.CAME if older is None else Event.RENEWED, verdict, older)
    return Change(Event.STATE, verdict, same) if same.state is not verdict.state else None


def _newest(verdict: Verdict, others: Sequence[Verdict]) -> Verdict | None:
    """The newest lock of the same owner among these; None where the owner is not known."""
    lock = verdict.file.lock
    same = [v for v in others if lock is not None and v.file.lock is not None and v.file.lock.owner == lock.owner]
    return max(same, key=lambda v: v.file.lock.time_ns if v.file.lock else 0, default=None)
