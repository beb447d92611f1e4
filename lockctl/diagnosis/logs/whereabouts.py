"""Whereabouts: what became of a lock that a log names, by the share as it is now and by the journal. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.logs.events import Holder
from lockctl.liveness.evidence import State, Verdict
from lockctl.repository.lock import Lock
from lockctl.state.records import Outcome, Record
from lockctl.survey.values import Survey

ALIVE = frozenset({State.ACTIVE, State.OVERDUE, State.DOUBTFUL})
"""Whoever has such a lock may be at work."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the log: a survey of the share, and the journal of this machine."""

    survey: Survey
    records: Sequence[Record] = ()

    def is_of(self, repository: str) -> bool:
        """Whether this is the repository whose id begins so; a log that says nothing is taken to be of it."""
        own = self.survey.config.id
        return not repository or own is None or own.startswith(repository)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What became of one lock: it stands (`verdict`), lockctl removed it (`record`), or it is gone.

    `newer` is another lock of the same owner. Where `is_known` is false there was nothing to look at.
    """

    is_known: bool
    verdict: Verdict | None = None
    record: Record | None = None
    newer: Verdict | None = None

    @property
    def state(self) -> State | None:
        """The state of the lock that stands there, None where none does."""
        return self.verdict.state if self.verdict is not None else None

    @property
    def is_gone(self) -> bool:
        """Whether the share was looked at, and the lock was not there."""
        return self.is_known and self.verdict is None

    @property
    def is_exclusive(self) -> bool:
        """Whether the lock that stands there keeps everybody out."""
        lock = self.verdict.file.lock if self.verdict is not None else None
        return lock is not None and lock.exclusive

    @property
    def owner_lives(self) -> bool:
        """Whether its owner may be at work: with this lock, or with one that it wrote since."""
        return self.state in ALIVE or (self.newer is not None and self.newer.state in ALIVE)

    @property
    def owner(self) -> str:
        """Whose it is: `web1 (PID 4209, root)`, '' where that is not known."""
        if self.verdict is not None and self.verdict.file.lock is not None:
            return name_owner(self.verdict.file.lock)
        if self.record is not None and self.record.removed.lock is not None:
            lock = self.record.removed.lock
            return f"{lock.get('hostname')} (PID {lock.get('pid')}, {lock.get('username')})"
        return ""


NOT_LOOKED = Whereabouts(is_known=False)
"""Nothing but the log was there."""


def name_owner(owner: Lock | Holder) -> str:
    """`web1 (PID 4209, root)`."""
    return f"{owner.hostname} (PID {owner.pid}, {owner.username})"


def find_out(known: Known | None, lock: str, holder: Holder | None = None) -> Whereabouts:
    """What became of the lock whose id begins so; `holder` is whom the log names as its owner."""
    if known is None:
        return NOT_LOOKED
    verdicts = known.survey.verdicts
    verdict = next((one for one in verdicts if lock and one.file.id.startswith(lock)), None)
    removed = (one for one in reversed(known.records) if lock and one.removed.id.startswith(lock))
    record = next((one for one in removed if one.outcome in (Outcome.REMOVED, Outcome.UNKNOWN)), None)
    owner = _identity(verdict.file.lock if verdict is not None else holder)
    if owner is None and record is not None and record.removed.lock is not None:
        fields = record.removed.lock
        owner = (str(fields.get("hostname")), int(fields.get("pid") or 0), str(fields.get("username")))
    others = (one for one in verdicts if one is not verdict and _identity(one.file.lock) == owner)
    is_replaced = owner is not None and verdict is None
    newer = min(others, key=lambda one: one.age or 0.0, default=None) if is_replaced else None
    return Whereabouts(True, verdict, record, newer)


def _identity(owner: Lock | Holder | None) -> tuple[str, int, str] | None:
    return None if owner is None else (owner.hostname, owner.pid, owner.username)


def tell(place: Whereabouts) -> str:
    """One or two sentences: whether the lock is there now, whether it is sound, and whether its owner lives."""
    if not place.is_known:
        return "Only the log was read: with -r lockctl also says what became of the lock."
    if place.verdict is not None:
        return _tell_standing(place, place.verdict)
    newer = f" Its owner has a newer lock, {place.newer.file.id[:8]}: {place.newer.why}." if place.newer else ""
    if place.record is not None:
        return f"lockctl removed it at {place.record.at}: {place.record.removed.reason}.{newer}"
    return f"It is not there any more: its owner renewed it under another name, or ended.{newer}"


def _tell_standing(place: Whereabouts, verdict: Verdict) -> str:
    owner = f" of {place.owner}" if place.owner else ""
    match verdict.state:
        case State.ACTIVE | State.OVERDUE:
            return f"The lock{owner} stands there now and is sound, and its owner is at work: {verdict.why}."
        case State.DOUBTFUL:
            return f"The lock{owner} stands there now and is sound; whether its owner lives is in doubt: {verdict.why}."
        case State.DEAD | State.STALE | State.SUPERSEDED:
            return f"The lock{owner} stands there now and is sound, but {verdict.state.value}: {verdict.why}."
        case State.WRITING:
            age = f" for {describe_duration(verdict.age)}" if verdict.age else ""
            return f"The lock stands there now{age} and is not whole: its owner may still be writing it."
        case State.DAMAGED:
            return f"The lock stands there now and is damaged: {verdict.why}."
        case _:
            return f"The lock stands there now and could not be judged: {verdict.why}."
