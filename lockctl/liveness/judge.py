"""The judgement: facts become verdicts. Pure and total; the order of the code is the order of the states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lockctl.clock.duration import describe_duration
from lockctl.liveness.clocks import SLACK, contradict, host_clock, newer_lock, own_clock, owner_clock, server_clock
from lockctl.liveness.creation import is_own
from lockctl.liveness.evidence import REMOVABLE, Facts, Reason, State, Verdict, Witness
from lockctl.liveness.neighbours import Folder, look_over
from lockctl.repository.lock import Lock, LockFile, Problem, is_lock_name
from lockctl.settings.policy import Thresholds
from lockctl.state.memory import NEVER_SEEN, Seen


@dataclass(frozen=True, slots=True)
class _Ages:
    """What the owner's and the server's clock say, what is certain of a file's age, and what our own eyes allow."""

    owner: Witness
    server: Witness
    certain: float
    seen: Seen

    @property
    def most(self) -> float | None:
        """Seconds, at most; None where nobody knows."""
        owner, server = _age(self.owner), _age(self.server)
        return _bound(self.seen) if owner is None or server is None else max(owner, server, self.certain)

    @property
    def refuted(self) -> bool:
        """Whether a clock claims what cannot be."""
        return any(witness.says is None and witness.age is not None for witness in (self.owner, self.server))

    @property
    def claims(self) -> str:
        """What each clock says, in words."""
        said = [_claim("the owner's", self.owner), _claim("the server's", self.server)]
        if self.certain > max(self.owner.age or 0.0, self.server.age or 0.0):
            said.append(f"this machine has seen it for {describe_duration(self.certain)}")
        if self.refuted:
            said.append(f"but {describe_duration(self.seen.at_most or 0.0)} ago it was not there")
        return ", ".join(said)


def judge(
    files: Sequence[LockFile], facts: Facts, findings: Mapping[str, Sequence[Witness]] | None = None
) -> tuple[Verdict, ...]:
    """One verdict for each file. `findings` holds, by id, what processes, a restart or a probe said of the owner."""
    folder = look_over(files, lambda entry: is_own(entry, facts.keeps_creation), facts.directory_changed)
    return tuple(
        _judge_lock(file, file.lock, facts, folder, tuple((findings or {}).get(file.id, ())))
        if file.lock is not None
        else _judge_problem(file, facts, folder)
        for file in files
    )


def _judge_problem(file: LockFile, facts: Facts, folder: Folder) -> Verdict:
    seen = facts.seen.get(file.id, NEVER_SEEN)
    server, own = contradict(server_clock(file.entry, facts, folder), seen), own_clock(file.id, facts)
    if file.problem is Problem.SEALED:
        return _judge_sealed(file, server, own, facts)
    limit = facts.thresholds.temporary if file.problem is Problem.TEMPORARY else facts.thresholds.expired
    age = max(own.age or 0.0, _age(server) or 0.0)
    state, reason = _problem_state(file, age > limit, describe_duration(age))
    known = None if _age(server) is None and own.age is None else age
    wait = _wait(state, seen, facts.thresholds, limit)
    return Verdict(file, state, known, None, (reason,), (server, own), seen.at_least, wait)


def _judge_sealed(file: LockFile, server: Witness, own: Witness, facts: Facts) -> Verdict:
    """A lock that nobody opened has no owner's clock. The server's is not enough, unless a user vouches for it."""
    seen = facts.seen.get(file.id, NEVER_SEEN)
    trusted = _age(server) if facts.trust_clock == "server" else None
    certain = None if own.age is None and trusted is None else max(own.age or 0.0, trusted or 0.0)
    state, reason = _sealed_state(certain or 0.0, server, seen, facts.thresholds)
    wait = _wait(state, seen, facts.thresholds)
    return Verdict(file, state, certain, None, (reason,), (server, own), seen.at_least, wait)


def _sealed_state(certain: float, server: Witness, seen: Seen, limits: Thresholds) -> tuple[State, Reason]:
    if certain > limits.expired:
        return State.STALE, Reason("not-renewed", f"not renewed for {describe_duration(certain)}")
    claim = _claim("the server's", server)
    said = Reason("owner-unknown", f"its owner is not known; {claim}")
    most = _bound(seen) if _age(server) is None else _age(server)
    if most is None:
        return State.DOUBTFUL, Reason("clock-unknown", said.text)
    if most <= limits.missed:
        return State.ACTIVE, said
    return (State.OVERDUE if most <= limits.expired else State.DOUBTFUL), said


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
    seen = facts.seen.get(file.id, NEVER_SEEN)
    claimed, own = owner_clock(lock, facts), own_clock(file.id, facts)
    owner, server = contradict(claimed, seen), contradict(server_clock(file.entry, facts, folder), seen)
    newer = newer_lock(file, lock, facts, folder)
    ages = _Ages(owner, server, max(own.age or 0.0, _agreed_age(owner, server, facts)), seen)
    state, reason = _lock_state(ages, findings, newer, facts.thresholds)
    outlook = _outlook(state, findings, facts.thresholds)
    unknown = _age(server) is None and own.age is None and facts.trust_clock != "owner"
    witnesses = (owner, server, own, newer, host_clock(lock, folder), *findings)
    age = None if unknown else ages.certain
    # A dead owner's lock has to be seen for as long: another machine can have this one's name.
    wait = _wait(State.DEAD if outlook else state, seen, facts.thresholds)
    return Verdict(file, state, age, claimed.age, (reason, *outlook), witnesses, seen.at_least, wait)


def _agreed_age(owner: Witness, server: Witness, facts: Facts) -> float:
    """What two clocks of others agree on, in seconds. What is unknown counts as 0."""
    said = _age(server)
    if facts.trust_clock == "server":
        return said or 0.0
    # By a creation that still lies ahead too, or that our own eyes contradict: that file is young.
    just_created = server.name == "server-creation" and (said is None or said <= facts.thresholds.missed)
    # Whatever a user trusts: a file that the server has just seen made was just renewed.
    if facts.trust_clock == "owner" and not just_created:
        return _age(owner) or 0.0
    return min(_age(owner) or 0.0, said or 0.0)


def _lock_state(ages: _Ages, findings: tuple[Witness, ...], newer: Witness, limits: Thresholds) -> tuple[State, Reason]:
    age = describe_duration(ages.certain)
    said = {finding.says: finding.text for finding in findings}
    leftover = f"its owner has a newer lock; not renewed for {age}"
    # Before its owner is asked: that renews the newer lock, and a leftover need not wait for its end.
    if ages.certain > limits.expired and newer.age is not None and newer.age <= limits.missed:
        return State.SUPERSEDED, Reason("newer-lock", leftover)
    if "alive" in said:
        if ages.certain > limits.expired:
            return State.ACTIVE, Reason("owner-hung", f"{said['alive']}, but has not renewed for {age}: it may hang")
        return State.ACTIVE, Reason("owner-alive", said["alive"])
    if "gone" in said and ages.certain > limits.missed:
        return State.DEAD, Reason("owner-gone", f"{said['gone']}, and it was not renewed for {age}")
    if ages.certain > limits.expired and newer.says == "superseded":
        return State.SUPERSEDED, Reason("newer-lock", leftover)
    if ages.certain > limits.expired:
        return State.STALE, Reason("not-renewed", f"not renewed for {age}")
    return _undecided(ages, limits)


def _undecided(ages: _Ages, limits: Thresholds) -> tuple[State, Reason]:
    """The state of a lock that is not certainly expired."""
    most = ages.most
    if most is None:
        return State.DOUBTFUL, Reason("clock-unknown", ages.claims)
    if most <= limits.missed:
        text = f"renewed {describe_duration(most)} ago"
        return State.ACTIVE, Reason("renewed", f"{text} at most: {ages.claims}" if ages.refuted else text)
    if most <= limits.expired:
        given_up = "; restic has given up by itself (0.15 and newer)" if ages.certain > limits.gives_up else ""
        return State.OVERDUE, Reason("renewal-missed", f"a renewal was missed: {ages.claims}{given_up}")
    if ages.refuted:
        return State.DOUBTFUL, Reason("claim-refuted", ages.claims)
    return State.DOUBTFUL, Reason("clocks-disagree", ages.claims)


def _outlook(state: State, findings: tuple[Witness, ...], limits: Thresholds) -> tuple[Reason, ...]:
    """What is known already and counts only later: an owner that is gone, before a renewal was missed."""
    said = {finding.says for finding in findings}
    if state in REMOVABLE or "gone" not in said or "alive" in said:
        return ()
    limit = describe_duration(limits.missed)
    return (Reason("owner-gone", f"its process is gone: counts as dead after {limit}"),)


def _wait(state: State, seen: Seen, limits: Thresholds, expired: float | None = None) -> float | None:
    """Seconds until our own sight alone lets a file go unattended, 0 where it does, None where it never will."""
    if state in REMOVABLE:
        return max(0.0, limits.gives_up - seen.at_least)
    if state in (State.DOUBTFUL, State.OVERDUE, State.WRITING):
        return max(0.0, max(expired or limits.expired, limits.gives_up) - seen.at_least)
    return None


def _age(witness: Witness) -> float | None:
    """Seconds, where the witness says something."""
    return witness.age if witness.says is not None else None


def _bound(seen: Seen) -> float | None:
    return None if seen.at_most is None else seen.at_most + SLACK


def _claim(whose: str, witness: Witness) -> str:
    return f"{whose} clock says {'nothing' if witness.age is None else describe_duration(witness.age)}"
