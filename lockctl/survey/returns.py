"""Owners that came back: what a survey shows of locks that the journal says were removed. Pure.

Whoever renews after its lock was removed was alive. Rule 10: this is looked for after every look.
"""

from __future__ import annotations

from collections.abc import Iterable

from lockctl.clock.rfc3339 import parse_moment
from lockctl.liveness.evidence import State, Verdict
from lockctl.state.records import Outcome, Record
from lockctl.survey.values import Return, Survey

WINDOW = 1800 * 10**9
"""Nanoseconds after a removal within which a new lock of the same owner shows that it was alive."""
HOLD = 86400 * 10**9
"""Nanoseconds for which a lock that was put back is left alone."""
_OWNER = ("hostname", "pid", "username", "uid", "gid", "exclusive")
"""The fields of `Lock.owner`."""


def find_returned(records: Iterable[Record], survey: Survey) -> list[Return]:
    """Owners that came back under a new id within half an hour of the removal of their lock. They were alive."""
    records = list(records)
    # Held is enough: of a reply that was lost nobody knows whether the lock was put back.
    restored = {r.removed.id for r in records if r.restored_at is not None or r.held_at is not None}
    missed = [(record, owner) for record in records if (owner := _missed_owner(record, survey)) is not None]
    candidates: dict[tuple[object, ...], list[Verdict]] = {owner: [] for _, owner in missed}
    for verdict in survey.verdicts if missed else ():
        lock = verdict.file.lock
        if lock is not None and lock.owner in candidates and verdict.file.id not in restored:
            candidates[lock.owner].append(verdict)
    found = ((record, _first_return(candidates[owner], record)) for record, owner in missed)
    return [Return(record, verdict) for record, verdict in found if verdict is not None]


def _missed_owner(record: Record, survey: Survey) -> tuple[object, ...] | None:
    """Whose lease was removed in this repository, where that owner is not known to have come back."""
    lock = record.removed.lock
    if record.outcome not in (Outcome.REMOVED, Outcome.UNKNOWN) or not is_of(record, survey) or lock is None:
        return None
    # A superseded lock was not its owner's lease: that owner may well live.
    if record.returned_as is not None or record.removed.state == State.SUPERSEDED.value:
        return None
    return tuple(lock.get(name) for name in _OWNER)


def held_ids(records: Iterable[Record], now: int) -> frozenset[str]:
    """The ids of locks that were put back less than a day before `now`, in nanoseconds since 1970."""
    return frozenset(
        record.removed.id
        for record in records
        if record.held_at is not None and abs(now - parse_moment(record.held_at)) < HOLD
    )


def is_of(record: Record, survey: Survey) -> bool:
    """Whether this lock was in the repository of this survey."""
    # Neither alone does: a copy of a repository has the same config, and a place can get another repository.
    return (record.origin.config_sha256, record.origin.address) == (survey.config.sha256, survey.address)


def _first_return(verdicts: Iterable[Verdict], record: Record) -> Verdict | None:
    return next((verdict for verdict in verdicts if _is_return(verdict, record)), None)


def _is_return(verdict: Verdict, record: Record) -> bool:
    """Whether this owner renewed after the removal, by a clock that can tell.

    Its own clock tells by itself where it says so, for it wrote no such time before. The server's clock tells when the
    file came, and not when its lock was renewed: an old lock can be copied here. So where the owner's clock puts the
    renewal before the one that was removed, nobody came back.
    """
    lock, removed = verdict.file.lock, record.removed.lock
    if lock is None or removed is None or verdict.file.id == record.removed.id:
        return False
    by_owner = lock.time_ns - parse_moment(record.at)
    by_server = (verdict.file.entry.created or verdict.file.entry.written) - record.removed.server_time
    renewed = lock.time_ns >= _time_of(removed)  # owners at or below 0.9.6 leave it as it was
    return 0 <= by_owner <= WINDOW or (renewed and 0 <= by_server <= WINDOW)


def _time_of(removed: dict[str, object]) -> int:
    """The `time` of the lock that was removed, in nanoseconds since 1970; the beginning of time where it tells none."""
    try:
        return parse_moment(str(removed.get("time")))
    except (ValueError, TypeError, OverflowError):
        return 0
