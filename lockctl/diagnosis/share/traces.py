"""What this machine's journal tells: owners that came back, lines that are damaged, locks that pile up. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lockctl.clock.rfc3339 import parse_moment
from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.share.naming import MAX_IDS, NAMED, count, cut, enumerate_some, name_lock, short
from lockctl.diagnosis.share.observed import Observed
from lockctl.state.records import Outcome, Record
from lockctl.survey.returns import is_of

DAYS = 7
"""For which locks that were left behind are counted, and owners that came back are told of."""
_DAY = 86400 * 10**9
MANY = 7
"""Locks left behind within those days: less than one a day is no pile."""
_SPREAD = 3
"""Days on which they were left: one night without a network is no habit."""
_HEAP = 20
"""Locks left behind that are many whenever they came."""


@dataclass(frozen=True, slots=True)
class _Left:
    """A lock that its owner left behind: when, in nanoseconds since 1970, on which host, and whether it is there."""

    at: int
    host: str
    id: str
    stands: bool


def find_traces(observed: Observed) -> Iterator[Finding]:
    """What came back first: nothing is more important to know."""
    yield from _tell_returns(observed)
    yield from _tell_journal(observed)
    yield from _tell_pile(observed)


def _tell_returns(observed: Observed) -> Iterator[Finding]:
    meaning = (
        "That owner was alive. While its lock was missing another restic may have locked exclusively and removed what "
        "it had just written."
    )
    todo = (
        "Run 'restic check'. Then find out why its lock looked stale: a clock, or a host name that two machines have."
    )
    for one in observed.returns[:NAMED]:
        yield Finding(
            "owner-came-back",
            Weight.ACT,
            f"Lock {short(one.record.removed.id)}, which was removed at {one.record.at[:19]}Z, has its owner back, as "
            f"{name_lock(one.verdict)}.",
            meaning,
            todo,
            Certainty.CERTAIN,
            (one.record.removed.id, one.verdict.file.id),
        )
    now = {one.record.key for one in observed.returns}
    before = [r for r in _recent(observed) if r.returned_as is not None and r.key not in now]
    if before:
        names = enumerate_some([short(record.removed.id) for record in before[:NAMED]], len(before))
        yield Finding(
            "owner-came-back",
            Weight.LOOK,
            f"In the last {DAYS} days {count(len(before), 'owner')} came back after lockctl had removed its lock: "
            f"{names}. An earlier run told it; 'lockctl history' shows more.",
            meaning,
            f"If that was not done since: {todo[0].lower()}{todo[1:]}",
            Certainty.CERTAIN,
            tuple(record.removed.id for record in before[:MAX_IDS]),
        )


def _tell_journal(observed: Observed) -> Iterator[Finding]:
    journal = observed.journal
    if journal.error:
        yield Finding(
            "journal-unusable",
            Weight.ACT,
            f"{cut(journal.error, 300).rstrip('.')}.",
            "Without its journal lockctl removes nothing and cannot tell what it removed before.",
            "Do what that error says; 'lockctl history' shows whether it helped.",
            Certainty.CERTAIN,
        )
    if journal.damaged:
        yield Finding(
            "journal-damaged",
            Weight.LOOK,
            f"{cut('; '.join(journal.damaged), 300)}.",
            "A crash, a full disk or a person altered it. What these lines told of removals is lost; all else is "
            "read, and nothing is removed because of it.",
            "Keep the file. If it is in the way, move it to another name: a new journal is begun.",
            Certainty.CERTAIN,
        )
    for text in journal.distrusted:
        yield Finding(
            "journal-open",
            Weight.LOOK,
            f"{cut(text, 300)}.",
            "Whoever can write there can make lockctl forget what it removed, or believe what it did not see.",
            "Look at it, then take that from them: chmod go-w.",
            Certainty.CERTAIN,
        )


def _tell_pile(observed: Observed) -> Iterator[Finding]:
    survey = observed.last
    left = list(_left_behind(observed))
    recent = [one for one in left if survey.clocks.server - one.at <= DAYS * _DAY]
    days = len({one.at // _DAY for one in recent})
    stand = [one for one in left if one.stands]
    if (len(recent) < MANY or days < _SPREAD) and len(stand) < _HEAP:
        return
    hosts = Counter(one.host for one in recent or stand)
    by = enumerate_some([f"{cut(host)} ({number})" for host, number in hosts.most_common(NAMED)], len(hosts))
    if recent:
        seen = f"{count(len(recent), 'lock')} left behind in {DAYS} days, {len(recent) / DAYS:.1f} a day"
    else:
        seen = f"{count(len(stand), 'lock')} left behind more than {DAYS} days ago"
    yield Finding(
        "locks-pile-up",
        Weight.LOOK,
        f"{seen}, most by {by}. There now: {len(stand)}.",
        "Backups there end without removing their lock: they are killed, lose the network, their machine goes to "
        "sleep, or they may not delete.",
        "See on these hosts how their backups end: 'journalctl', cron's mail. Meanwhile let cron run 'lockctl prune "
        "--yes --quiet' every hour.",
        Certainty.CERTAIN,
        tuple(one.id for one in stand[:MAX_IDS]),
    )


def _left_behind(observed: Observed) -> Iterator[_Left]:
    """Locks without an owner that stand there, and those that the journal says were removed."""
    survey = observed.last
    for verdict in survey.verdicts:
        if verdict.removable:
            lock = verdict.file.lock
            host = lock.hostname if lock is not None else "an owner that is not known"
            at = survey.clocks.server - int((verdict.age or 0.0) * 1e9)
            yield _Left(at, host, verdict.file.id, stands=True)
    for record in _recent(observed):
        if record.outcome is Outcome.REMOVED and record.restored_at is None:
            lock_fields = record.removed.lock or {}
            at = parse_moment(record.at) - int((record.removed.age_seconds or 0.0) * 1e9)
            host = str(lock_fields.get("hostname", "an owner that is not known"))
            yield _Left(at, host, record.removed.id, stands=False)


def _recent(observed: Observed) -> Sequence[Record]:
    """The journal's records of this repository from the last days."""
    survey = observed.last
    earliest = survey.clocks.local - DAYS * _DAY
    return [r for r in observed.journal.records if is_of(r, survey) and parse_moment(r.at) >= earliest]
