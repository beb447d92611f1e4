"""Locks that stand in the way and need not: stale, dead and superseded ones, and those of owners that hang. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.share.naming import begin_with, count, cut, ids_of, name_lock, name_locks
from lockctl.diagnosis.share.observed import Observed, how_sure
from lockctl.liveness.evidence import State, Verdict
from lockctl.survey.values import Survey

_MAKE_SURE = " 'lockctl prune --watch' first makes sure by this machine's own clock, within half an hour."
_CHECK = " After that run 'restic check': whoever held an exclusive lock did not end by itself."
_GONE = {
    State.STALE: "A restic that works renews its lock every 5 minutes, and gives up by itself after 22½ minutes "
    "without: the owner of such a lock is gone.",
    State.DEAD: "The process that held such a lock has ended without removing it: it was killed, or its machine was "
    "restarted.",
    State.SUPERSEDED: "Such a lock is a leftover: its owner has a newer one and could not remove it, for it lost the "
    "connection at that moment, or may not delete. Nobody else removes it.",
}


def find_blocking(observed: Observed) -> Iterator[Finding]:
    """Locks that can go first, those that block everybody before others; then those that only look odd."""
    survey = observed.last
    for exclusive in (True, None, False):
        for state in _GONE:
            yield from _tell_removable(state, exclusive, observed)
    yield from _tell_hung(survey)
    yield from _tell_just_gone(survey)
    yield from _tell_doubtful(survey)
    yield from _tell_overdue(survey)
    held = [v for v in survey.verdicts if v.file.id in survey.held and v.removable]
    if held:
        yield Finding(
            "restored-lock",
            Weight.NOTE,
            f"{begin_with(held)}: put back with 'lockctl restore' less than a day ago.",
            "What was restored 'lockctl prune' leaves alone for a day, whatever its state.",
            "",
            Certainty.CERTAIN,
            ids_of(held),
        )


def _tell_removable(state: State, exclusive: bool | None, observed: Observed) -> Iterator[Finding]:
    """Of one state and kind; `exclusive` is None for locks that nobody opened."""
    survey = observed.last
    found = [v for v in survey.verdicts if v.state is state and v.file.id not in survey.held]
    found = [v for v in found if _is_exclusive([v]) is exclusive]
    if not found:
        return
    sure = how_sure(found)
    kind = {True: "exclusive lock", False: "shared lock", None: "lock"}[exclusive]
    yield Finding(
        f"{state.value}-lock",
        Weight.ACT,
        _seen(found, state, kind),
        f"{_GONE[state]} {_blocks(exclusive, found)}",
        f"{observed.prune}{_MAKE_SURE if sure is Certainty.LIKELY else ''}"
        f"{_CHECK if exclusive and state is not State.SUPERSEDED else ''}",
        sure,
        ids_of(found),
    )


def _seen(found: Sequence[Verdict], state: State, kind: str) -> str:
    if len(found) == 1:
        return f"The {kind} {name_lock(found[0])} is {state.value}: {cut(found[0].why, 200)}."
    ages = sorted(verdict.age or 0.0 for verdict in found)
    since = f"for {describe_duration(ages[0])} to {describe_duration(ages[-1])}"
    return f"{count(len(found), kind)} are {state.value}, not renewed {since}: {name_locks(found)}."


def _tell_hung(survey: Survey) -> Iterator[Finding]:
    hung = [v for v in survey.verdicts if any(reason.code == "owner-hung" for reason in v.reasons)]
    if hung:
        yield Finding(
            "owner-hangs",
            Weight.LOOK,
            f"{begin_with(hung)}: the process runs, and has not renewed its lock for "
            f"{describe_duration(max(v.age or 0.0 for v in hung))}.",
            "It may hang, as on a share or a disk that does not answer, or its machine has just woken up. For all "
            "others its lock has expired: 'restic unlock' elsewhere removes it.",
            "Look at that process on its own machine. If it does nothing, end it; then run 'lockctl prune'.",
            Certainty.LIKELY,
            ids_of(hung),
        )


def _tell_just_gone(survey: Survey) -> Iterator[Finding]:
    """Known to be gone, and too young to go."""
    gone = [v for v in survey.verdicts if not v.removable and any(reason.code == "owner-gone" for reason in v.reasons)]
    if gone:
        missed = describe_duration(survey.policy.thresholds.missed)
        yield Finding(
            "owner-gone",
            Weight.LOOK,
            f"{begin_with(gone)}: no such process runs on this machine; last renewed a short time ago.",
            "That restic has just ended without removing its lock, or another machine or container has the same host "
            f"name. {_blocks(_is_exclusive(gone), gone)}",
            f"Wait: {missed} after its last renewal it counts as dead. Then run 'lockctl prune'.",
            Certainty.LIKELY,
            ids_of(gone),
        )


def _tell_overdue(survey: Survey) -> Iterator[Finding]:
    overdue = [
        v for v in survey.verdicts if v.state is State.OVERDUE and not any(r.code == "owner-gone" for r in v.reasons)
    ]
    if overdue:
        yield Finding(
            "renewal-missed",
            Weight.NOTE,
            f"{begin_with(overdue)}: not renewed for "
            f"{describe_duration(max(max(v.age or 0.0, v.claimed_age or 0.0) for v in overdue))}.",
            "A restic that works renews every 5 minutes. This one cannot reach the share at the moment, its machine "
            "sleeps, or it is gone.",
            "Wait: after half an hour it is clear. 'lockctl prune --watch' waits for it.",
            Certainty.LIKELY,
            ids_of(overdue),
        )


def _tell_doubtful(survey: Survey) -> Iterator[Finding]:
    limit = survey.policy.thresholds.expired
    doubtful = [v for v in survey.verdicts if v.state is State.DOUBTFUL and _claims_age(v, limit)]
    if doubtful:
        yield Finding(
            "doubtful-lock",
            Weight.LOOK,
            f"{begin_with(doubtful)}: {_claims(doubtful)}.",
            "By one clock its owner is gone, and no second one confirms that. If the first is right, this is a stale "
            f"lock. {_blocks(_is_exclusive(doubtful), doubtful)}",
            "Run 'lockctl prune --watch': within half an hour it has seen by its own clock which is right, and then "
            "shows what it would remove and asks.",
            Certainty.POSSIBLE,
            ids_of(doubtful),
        )


def _claims_age(verdict: Verdict, seconds: float) -> bool:
    """Whether any clock calls it older than that."""
    return any(w.says == "renewed" and w.age is not None and w.age > seconds for w in verdict.witnesses)


def _claims(doubtful: Sequence[Verdict]) -> str:
    return cut(doubtful[0].why, 200) if len(doubtful) == 1 else "their owners' clocks and the server's disagree"


def _blocks(exclusive: bool | None, locks: Sequence[Verdict]) -> str:
    """Whom they keep from starting; `exclusive` is None where nobody knows."""
    it = "It blocks" if len(locks) == 1 else "They block"
    if exclusive is None:
        it = "Whether it is exclusive is not known without the password; if so it blocks"
        return f"{it} everybody, else prune, check and forget."
    if exclusive:
        return f"{it} everybody: no backup, prune, check or forget can start."
    return f"{it} prune, check and forget; backups still run."


def _is_exclusive(verdicts: Sequence[Verdict]) -> bool | None:
    """Whether one of them is; None where that cannot be known."""
    locks = [verdict.file.lock for verdict in verdicts]
    if any(lock is not None and lock.exclusive for lock in locks):
        return True
    return None if None in locks else False
