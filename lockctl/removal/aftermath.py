"""What later looks make of the journal: open intents, holds, owners that came back. Rule 10."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lockctl.clock.rfc3339 import format_moment, parse_moment
from lockctl.liveness.evidence import State, Verdict
from lockctl.state.journal import Journal
from lockctl.state.records import Origin, Outcome, Record
from lockctl.survey.values import Survey

HOLD = 86400 * 10**9
"""Nanoseconds for which a lock that was put back is left alone."""
RETURN_WINDOW = 1800 * 10**9
"""Nanoseconds after a removal within which a new lock of the same owner shows that it was alive."""


@dataclass(frozen=True, slots=True)
class Return:
    """An owner whose lock was removed and that has come back: it was alive."""

    record: Record
    verdict: Verdict


def close_intents(journal: Journal, survey: Survey) -> list[Record]:
    """Closes the intents that a run left open when it was ended, as far as the survey shows; returns them."""
    standing = {verdict.file.id for verdict in survey.verdicts}
    closed: list[Record] = []
    for record in (r for r in journal.records() if r.outcome is None and is_of(r, survey)):
        if record.removed.id in standing:
            outcome, text = Outcome.KEPT, "the run was ended before it removed this lock: it still stands"
        else:
            outcome = Outcome.UNKNOWN
            text = "the run was ended here, and the lock is gone: removed by that run or by its owner"
        journal.finish(record.key, outcome, text, _now())
        closed.append(replace(record, outcome=outcome, outcome_text=text))
    return closed


def held_ids(records: Iterable[Record]) -> frozenset[str]:
    """The ids of locks that were put back less than a day ago."""
    now = time.time_ns()
    return frozenset(
        record.removed.id
        for record in records
        if record.held_at is not None and now - parse_moment(record.held_at) < HOLD
    )


def find_returned(records: Iterable[Record], survey: Survey) -> list[Return]:
    """Owners that came back under a new id within half an hour of the removal of their lock. They were alive."""
    returned: list[Return] = []
    for record in records:
        if record.outcome not in (Outcome.REMOVED, Outcome.UNKNOWN) or not is_of(record, survey):
            continue
        fields = record.removed.lock
        # A superseded lock was not its owner's lease: that owner may well live.
        if fields is None or record.returned_as is not None or record.removed.state == State.SUPERSEDED.value:
            continue
        for verdict in survey.verdicts:
            if _is_return(verdict, record, fields):
                returned.append(Return(record, verdict))
                break
    return returned


def _is_return(verdict: Verdict, record: Record, fields: dict[str, object]) -> bool:
    lock = verdict.file.lock
    if lock is None or verdict.file.id == record.removed.id:
        return False
    if any(getattr(lock, name) != fields[name] for name in ("hostname", "pid", "username", "uid", "gid", "exclusive")):
        return False
    by_server = (verdict.file.entry.created or verdict.file.entry.written) - record.removed.server_time
    by_owner = lock.time_ns - parse_moment(record.at)
    return 0 <= by_server <= RETURN_WINDOW or 0 <= by_owner <= RETURN_WINDOW


def origin_of(survey: Survey) -> Origin:
    """Where the locks of this survey are."""
    return Origin(survey.address, survey.config.id, survey.config.sha256)


def is_of(record: Record, survey: Survey) -> bool:
    """Whether this lock was in the repository of this survey."""
    # Neither alone does: a copy of a repository has the same config, and a place can get another repository.
    return (record.origin.config_sha256, record.origin.address) == (survey.config.sha256, survey.address)


def _now() -> str:
    return format_moment(time.time_ns())
