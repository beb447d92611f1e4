"""The judgement: facts become verdicts. Pure and total; the order of the code is the order of the states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lockctl.duration import describe_duration
from lockctl.liveness.evidence import Facts, Reason, State, Verdict, Witness
from lockctl.liveness.folder import Folder, look_over
from lockctl.liveness.witnesses import (
    creation_trust,
    host_clock,
    newer_lock,
    own_clock,
    owner_clock,
    server_clock,
    why_attended,
)
from lockctl.lock import Lock, LockFile, Problem, is_lock_name
from lockctl.transport.base import Trial


@dataclass(frozen=True, slots=True)
class _Ages:
    """Seconds by the owner's and the server's clock, None where one says nothing, and what is certain of them."""

    owner: float | None
    server: float | None
    certain: float

    @property
    def most(self) -> float | None:
        """The most that anybody says; None where the owner's or the server's clock says nothing."""
        return None if self.owner is None or self.server is None else max(self.owner, self.server, self.certain)


def judge(
    files: Sequence[LockFile], facts: Facts, findings: Mapping[str, Sequence[Witness]] | None = None
) -> tuple[Verdict, ...]:
    """One verdict for each file. `findings` holds, by id, what processes, a restart or a probe said of the owner."""
    made_up = facts.trial is not None and facts.trial.outcome is Trial.FOLLOWED
    folder = look_over(files, lambda entry: creation_trust(entry, facts) is not None, made_up)
    return tuple(
        _judge_lock(file, file.lock, facts, folder, tuple((findings or {}).get(file.id, ())))
        if file.lock is not None
        else _judge_problem(file, server_clock(file.entry, facts, folder), facts)
        for file in files
    )


def _judge_problem(file: LockFile, server: Witness, facts: Facts) -> Verdict:
    limit = facts.thresholds.temporary if file.problem is Problem.TEMPORARY else facts.thresholds.expired
    own = own_clock(file.id, facts)
    if file.problem is Problem.SEALED:
        return _judge_sealed(file, server, own, facts)
    age = max(own.age or 0.0, server.age or 0.0)
    state, reason = _problem_state(file, age > limit, describe_duration(age))
    attended = _why_attended(file, own, facts)
    known = None if server.age is None and own.age is None else age
    return Verdict(file, state, known, None, (reason,), (server, own), not attended, attended)


def _judge_sealed(file: LockFile, server: Witness, own: Witness, facts: Facts) -> Verdict:
    """A lock that nobody opened has no owner's clock. The server's is not enough, unless a user vouches for it."""
    trusted = server.age if facts.trust_clock == "server" else None
    certain = None if own.age is None and trusted is None else max(own.age or 0.0, trusted or 0.0)
    state, reason = _sealed_state(certain or 0.0, server.age, facts)
    attended = _why_attended(file, own, facts)
    return Verdict(file, state, certain, None, (reason,), (server, own), not attended, attended)


def _sealed_state(certain: float, server: float | None, facts: Facts) -> tuple[State, Reason]:
    limits = facts.thresholds
    if certain > limits.expired:
        return State.STALE, Reason("not-renewed", f"not renewed for {describe_duration(certain)}")
    if server is None:
        return State.DOUBTFUL, Reason("clock-unknown", "its owner is not known, and the server's clock says nothing")
    said = Reason("owner-unknown", f"its owner is not known; the server's clock says {describe_duration(server)}")
    if server <= limits.missed:
        return State.ACTIVE, said
    return (State.OVERDUE if server <= limits.expired else State.DOUBTFUL), said


def _why_attended(file: LockFile, own: Witness, facts: Facts) -> str:
    """Why a person has to say yes, where our own clock has not seen the file for as long as a live owner can last.

    That is 22½ minutes, not the 7½ of a missed renewal: an owner that is cut off goes on until then.
    """
    return "" if (own.age or 0.0) >= facts.thresholds.gives_up else why_attended(file, facts)


def _problem_state(file: LockFile, expired: bool, age: str) -> tuple[State, Reason]:
    match file.problem:
        case Problem.FOREIGN:
            if is_lock_name(file.id) and not file.entry.is_directory:
                return State.FOREIGN, Reason("too-large", f"{file.entry.size} bytes: larger than a lock can be")
            return State.FOREIGN, Reason("not-a-lock", "its name is not a lock's")
        case Problem.UNREADABLE:
            return State.UNREADABLE, Reason("not-readable", file.detail)
        case Problem.UNDECODABLE:
            return State.UNDECODABLE, Reason("not-decodable", f"its bytes are sound, but {file.detail}")
        case Problem.TEMPORARY:
            what = "left over from before a rename"
        case _ if not file.data:
            what = "empty"
        case _:
            what = "cut short or altered"
    if expired:
        return State.DAMAGED, Reason("incomplete", f"{what}, and no longer being written: {age} old")
    return State.WRITING, Reason("being-written", f"{what}: its owner may still be writing it")


def _judge_lock(file: LockFile, lock: Lock, facts: Facts, folder: Folder, findings: tuple[Witness, ...]) -> Verdict:
    owner, own = owner_clock(lock, facts), own_clock(file.id, facts)
    server = server_clock(file.entry, facts, folder)
    newer = newer_lock(file, lock, facts, folder)
    certain = max(own.age or 0.0, _agreed_age(owner, server, facts))
    ages = _Ages(owner.age, server.age, certain)
    state, reason = _lock_state(ages, findings, newer, facts)
    reasons = (reason, *_outlook(state, findings, facts))
    # A dead one too: another machine can have this one's name, and then only a missed renewal tells.
    attended = _why_attended(file, own, facts)
    unknown = server.age is None and own.age is None and facts.trust_clock != "owner"
    witnesses = (owner, server, own, newer, host_clock(lock, folder), *findings)
    return Verdict(file, state, None if unknown else certain, owner.age, reasons, witnesses, not attended, attended)


def _agreed_age(owner: Witness, server: Witness, facts: Facts) -> float:
    """What two clocks of others agree on. What is unknown counts as 0."""
    if facts.trust_clock == "server":
        return server.age or 0.0
    just_created = server.name == "server-creation" and (server.age or 0.0) <= facts.thresholds.missed
    # Whatever a user trusts: a file that the server has just seen made was just renewed.
    if facts.trust_clock == "owner" and not just_created:
        return owner.age or 0.0
    return min(owner.age or 0.0, server.age or 0.0)


def _lock_state(ages: _Ages, findings: tuple[Witness, ...], newer: Witness, facts: Facts) -> tuple[State, Reason]:
    limits = facts.thresholds
    age = describe_duration(ages.certain)
    said = {finding.says: finding.text for finding in findings}
    superseded = State.SUPERSEDED, Reason("newer-lock", f"its owner has a newer lock; not renewed for {age}")
    # Before its owner is asked: that renews the newer lock, and a leftover need not wait for its end.
    if ages.certain > limits.expired and newer.age is not None and newer.age <= limits.missed:
        return superseded
    if "alive" in said:
        if ages.certain > limits.expired:
            return State.ACTIVE, Reason("owner-hung", f"{said['alive']}, but has not renewed for {age}: it may hang")
        return State.ACTIVE, Reason("owner-alive", said["alive"])
    if "gone" in said and ages.certain > limits.missed:
        return State.DEAD, Reason("owner-gone", f"{said['gone']}, and it was not renewed for {age}")
    if ages.certain > limits.expired and newer.says == "superseded":
        return superseded
    if ages.certain > limits.expired:
        return State.STALE, Reason("not-renewed", f"not renewed for {age}")
    return _undecided(ages, facts)


def _undecided(ages: _Ages, facts: Facts) -> tuple[State, Reason]:
    """The state of a lock that is not certainly expired."""
    limits = facts.thresholds
    if ages.most is None:
        return State.DOUBTFUL, Reason("clock-unknown", _claims(ages))
    if ages.most <= limits.missed:
        return State.ACTIVE, Reason("renewed", f"renewed {describe_duration(ages.most)} ago")
    if ages.most <= limits.expired:
        given_up = "; restic has given up by itself (0.15 and newer)" if ages.certain > limits.gives_up else ""
        return State.OVERDUE, Reason("renewal-missed", f"a renewal was missed: {_claims(ages)}{given_up}")
    return State.DOUBTFUL, Reason("clocks-disagree", _claims(ages))


def _outlook(state: State, findings: tuple[Witness, ...], facts: Facts) -> tuple[Reason, ...]:
    """What is known already and counts only later: an owner that is gone, before a renewal was missed."""
    if state is State.DEAD or not any(finding.says == "gone" for finding in findings):
        return ()
    limit = describe_duration(facts.thresholds.missed)
    return (Reason("owner-gone", f"its process is gone: counts as dead after {limit}"),)


def _claims(ages: _Ages) -> str:
    said = [
        f"{name} clock says {describe_duration(age)}" if age is not None else f"{name} clock says nothing"
        for name, age in (("the owner's", ages.owner), ("the server's", ages.server))
    ]
    if ages.certain > max(ages.owner or 0.0, ages.server or 0.0):
        said.append(f"this machine has seen it for {describe_duration(ages.certain)}")
    return ", ".join(said)
