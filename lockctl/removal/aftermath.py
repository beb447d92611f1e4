"""What became of removals that were begun: intents that a run left open when it was ended (rule 7)."""

from __future__ import annotations

from collections.abc import Collection
from time import time_ns

from lockctl.clock.rfc3339 import format_moment
from lockctl.removal.report import gather
from lockctl.state.records import Outcome, Record
from lockctl.survey.returns import is_of
from lockctl.survey.session import Session
from lockctl.survey.values import Survey

_KEPT = "the run was ended before it removed this lock: it still stands"
_PUT_BACK = "the run was ended here, and the lock was put back since: whether it had been removed is not known"
_GONE = "the run was ended here, and the lock is gone: removed by that run or by its owner"
_OF_MANY = {
    _KEPT: "the run was ended before it removed these locks: they still stand",
    _PUT_BACK: "the run was ended here, and the locks were put back since: whether they had been removed is not known",
    _GONE: "the run was ended here, and the locks are gone: removed by that run or by their owners",
}


def close_left_open(session: Session, survey: Survey) -> Survey:
    """Closes what a run left open, unless a run on this machine is just removing something there.

    Returns the survey that showed what became of it, or the one that was given.
    """
    if not any(record.outcome is None and is_of(record, survey) for record in session.journal.records()):
        return survey
    with session.journal.exclusive(survey.key) as held:
        # Looked at only now: what another run did meanwhile must not be told as left undone.
        return close_intents(session, session.look()) if held else survey


def close_intents(session: Session, survey: Survey) -> Survey:
    """Closes the intents of this repository that are open, as far as the survey shows, and tells each.

    Call it where no other run of this machine removes something there. What was removed after all may have come back:
    so the survey is compared once more.
    """
    standing = {verdict.file.id for verdict in survey.verdicts}
    left = [record for record in session.journal.records() if record.outcome is None and is_of(record, survey)]
    if not left:
        return survey
    outcomes = [(record.key, *_outcome(record, standing)) for record in left]
    session.journal.finish(outcomes, format_moment(time_ns()))
    told = ((record.removed.id[:8], text) for record, (_, _, text) in zip(left, outcomes, strict=True))
    for who, text in gather(told):
        one = f"a run was ended at lock {who[0]}: {text}"
        many = f"a run was ended at locks {', '.join(who)}: {_OF_MANY[text]}; see 'lockctl history'"
        session.teller.warn(one if len(who) == 1 else many)
    return session.compare(survey)


def _outcome(record: Record, standing: Collection[str]) -> tuple[Outcome, str]:
    if record.held_at is not None:
        return Outcome.UNKNOWN, _PUT_BACK
    return (Outcome.KEPT, _KEPT) if record.removed.id in standing else (Outcome.UNKNOWN, _GONE)
