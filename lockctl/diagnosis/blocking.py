"""Locks that stand in the way and need not: stale, dead and superseded ones, and those of owners that hang. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.naming import count, cut, ids_of, name_lock, name_locks
from lockctl.diagnosis.observed import Observed
from lockctl.liveness.evidence import State, Verdict
from lockctl.survey.values import Survey

_PRUNE = "Run 'lockctl prune': it shows what it would remove, asks, and removes that alone."
_CHECK = " After that run 'restic check': whoever held an exclusive lock did not end by itself."
_GONE = {
    State.STALE: "A restic that works renews its lock every 5 minutes, and gives up by itself after 22½ minutes "
    "without. So the owner is gone, by all clocks that count.",
    State.DEAD: "The process that held it has ended without removing it: it was killed, or its machine was restarted.",
    State.SUPERSEDED: "Its owner has a newer lock and could not remove this one: it lost the connection at that "
    "moment, or may not delete. Nobody else removes it.",
}
_EVERYBODY = "It blocks everybody: no backup, prune, check or forget can start."
_EXCLUSIVE_WORK = "It blocks prune, check and forget; backups still run."
_NOBODY_KNOWS = "Whether it is exclusive is not known without the password; if so it blocks everybody, else prune, "
_NOBODY_KNOWS += "check and forget."


def find_blocking(observed: Observed) -> Iterator[Finding]:
    """Locks that can go first, those that block everybody before others; then those that only look odd."""
    survey = observed.last
    for exclusive in (True, None, False):
        for state in _GONE:
            yield from _tell_removable(state, exclusive, survey)
    yield from _tell_hung(survey)
    yield from _tell_doubtful(survey)
    held = [v for v in survey.verdicts if v.file.id in survey.held and v.removable]
    if held:
        yield Finding(
            "restored-lock",
            Weight.NOTE,
            f"{name_locks(held)}: put back with 'lockctl restore' less than a day ago.",
            "'lockctl prune' leaves what was restored alone for a day, whatever its state.",
            "",
            Certainty.CERTAIN,
            ids_of(held),
        )


def _tell_removable(state: State, exclusive: bool | None, survey: Survey) -> Iterator[Finding]:
    """Of one state and kind; `exclusive` is None for locks that nobody opened."""
    found = [v for v in survey.verdicts if v.state is state and v.file.id not in survey.held]
    found = [v for v in found if (v.file.lock.exclusive if v.file.lock is not None else None) is exclusive]
    if not found:
        return
    blocks = {True: _EVERYBODY, False: _EXCLUSIVE_WORK, None: _NOBODY_KNOWS}[exclusive]
    kind = {True: "exclusive lock", False: "shared lock", None: "lock"}[exclusive]
    yield Finding(
        f"{state.value}-lock",
        Weight.ACT,
        _seen(found, state, kind),
        f"{_GONE[state]} {blocks}",
        f"{_PRUNE}{_CHECK if exclusive and state is not State.SUPERSEDED else ''}",
        _sure(found),
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
            f"{name_locks(hung)}: the process runs, and has not renewed its lock for "
            f"{describe_duration(max(v.age or 0.0 for v in hung))}.",
            "It may hang, as on a share or a disk that does not answer, or its machine has just woken up. For all "
            "others its lock has expired: 'restic unlock' elsewhere removes it.",
            "Look at that process on its own machine. If it does nothing, end it; then run 'lockctl prune'.",
            Certainty.LIKELY,
            ids_of(hung),
        )


def _tell_doubtful(survey: Survey) -> Iterator[Finding]:
    limit = survey.policy.thresholds.expired
    doubtful = [v for v in survey.verdicts if v.state is State.DOUBTFUL and _claims_age(v, limit)]
    if doubtful:
        yield Finding(
            "doubtful-lock",
            Weight.LOOK,
            f"{name_locks(doubtful)}: {_claims(doubtful)}.",
            "One clock says that its owner is gone, and another does not. One of them is wrong; if it is the second, "
            f"this is a stale lock. {_EVERYBODY if _blocks_all(doubtful) else _EXCLUSIVE_WORK}",
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


def _blocks_all(verdicts: Sequence[Verdict]) -> bool:
    return any("backup" in verdict.blocks for verdict in verdicts)


def _sure(verdicts: Sequence[Verdict]) -> Certainty:
    """Certain is what this machine itself has seen for long enough, or whose end was seen by its processes."""
    unsure = any(verdict.wait and verdict.state is not State.DEAD for verdict in verdicts)
    return Certainty.LIKELY if unsure else Certainty.CERTAIN
