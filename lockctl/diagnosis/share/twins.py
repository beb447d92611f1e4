"""Two machines, or containers, that seem to share one host name. Pure.

One machine has one clock, one owner for each PID at a time, and one uid for each user name; what is not renewed any
more may be of another time, and so is no evidence. What each finding rests on is in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.share.clocks import error_of
from lockctl.diagnosis.share.naming import cut, ids_of, name_lock, name_locks
from lockctl.diagnosis.share.observed import Observed
from lockctl.liveness.evidence import State, Verdict
from lockctl.liveness.neighbours import newest_by_owner
from lockctl.repository.lock import Lock
from lockctl.survey.values import Return, Survey

_APART = 120.0
"""Seconds by which the clocks of two locks of one machine do not differ: neither is an upload as long."""
_BEHIND = -450.0
"""Seconds: further behind is rather what was copied, or an owner that does not renew `time`."""
_MEANING = (
    "Two machines, or containers, write into this repository under one host name. On either of them 'restic unlock' "
    "removes the other's live locks, since no process of its own has their PID. lockctl itself removes nothing "
    "unattended on a PID's word alone."
)
_ADVICE = (
    "Give each machine or container a host name of its own (with docker: 'run --hostname NAME'). Until then do not run "
    "'restic unlock' on any of them."
)


def find_twins(observed: Observed) -> Iterator[Finding]:
    """One finding for each host name, with the best evidence that there is."""
    survey = observed.last
    told: set[str] = set()
    for evidence in (_by_returns(observed.returns), _by_renewals(observed.looks), _by_locks(survey)):
        for host, seen, sure, verdicts in evidence:
            if host not in told:
                told.add(host)
                yield Finding("shared-host-name", Weight.LOOK, seen, _MEANING, _ADVICE, sure, ids_of(verdicts))


_Evidence = Iterator[tuple[str, str, Certainty, Sequence[Verdict]]]


def _by_returns(returns: Sequence[Return]) -> _Evidence:
    """A process was gone here, and its owner came back: it runs elsewhere."""
    for one in returns:
        lock = one.verdict.file.lock
        if lock is not None and one.record.removed.state == State.DEAD.value:
            seen = f"No process on this machine held a lock of {cut(lock.hostname)}, PID {lock.pid}, and yet its "
            seen += f"owner renewed it: {name_lock(one.verdict)}."
            yield lock.hostname, seen, Certainty.LIKELY, [one.verdict]


def _by_renewals(looks: Sequence[Survey]) -> _Evidence:
    """Likewise from one look to the next: no process here at the first, and renewed by the last."""
    newest = newest_by_owner([verdict.file for verdict in looks[-1].verdicts])
    by_id = {verdict.file.id: verdict for verdict in looks[-1].verdicts}
    for verdict in looks[0].verdicts if len(looks) > 1 else ():
        lock, is_gone = verdict.file.lock, any(w.name == "process" and w.says == "gone" for w in verdict.witnesses)
        now = newest.get(lock.owner) if lock is not None and is_gone else None
        if lock is not None and now is not None and now.lock is not None and now.lock.time_ns > lock.time_ns:
            seen = f"No process with PID {lock.pid} runs on this machine, and yet {name_lock(by_id[now.id])} was "
            yield lock.hostname, f"{seen}renewed while lockctl watched.", Certainty.LIKELY, [by_id[now.id]]


def _by_locks(survey: Survey) -> _Evidence:
    for host, verdicts in _renewed_by_host(survey).items():
        yield from _by_users(host, verdicts)
        yield from _by_clocks(host, verdicts, survey)


def _renewed_by_host(survey: Survey) -> Mapping[str, list[tuple[Lock, Verdict]]]:
    """The newest lock of each owner that two clocks, or a process, call alive."""
    hosts: dict[str, list[tuple[Lock, Verdict]]] = {}
    newest = {file.id for file in newest_by_owner([verdict.file for verdict in survey.verdicts]).values()}
    for verdict in survey.verdicts:
        lock = verdict.file.lock
        is_gone = any(witness.says == "gone" for witness in verdict.witnesses)
        if lock is not None and verdict.state is State.ACTIVE and verdict.file.id in newest and not is_gone:
            hosts.setdefault(lock.hostname, []).append((lock, verdict))
    return hosts


def _by_users(host: str, locks: Sequence[tuple[Lock, Verdict]]) -> _Evidence:
    """One PID with two users at a time, or one user name with two uids."""
    pids: dict[int, tuple[Lock, Verdict]] = {}
    names: dict[str, tuple[Lock, Verdict]] = {}
    for lock, verdict in locks:
        other, known = pids.setdefault(lock.pid, (lock, verdict))
        if lock.pid and (other.username, other.uid) != (lock.username, lock.uid):
            users = f"{cut(other.username)} (uid {other.uid}) and {cut(lock.username)} (uid {lock.uid})"
            seen = f"At the same time PID {lock.pid} of {cut(host)} is a process of {users}, by two locks that are "
            yield host, f"{seen}renewed.", Certainty.LIKELY, [known, verdict]
        other, known = names.setdefault(lock.username, (lock, verdict))
        if lock.username and other.uid != lock.uid:
            seen = f"On {cut(host)} the user {cut(lock.username)} has uid {other.uid} and uid {lock.uid}, by two locks "
            yield host, f"{seen}that are renewed.", Certainty.LIKELY, [known, verdict]


def _by_clocks(host: str, locks: Sequence[tuple[Lock, Verdict]], survey: Survey) -> _Evidence:
    """Two locks that are renewed by clocks which differ. A clock that was just set makes the same for some minutes."""
    told = [(error, verdict) for _, verdict in locks if (error := error_of(verdict, survey)) is not None]
    told = sorted((one for one in told if one[0] > _BEHIND), key=lambda one: one[0])
    if len(told) > 1 and told[-1][0] - told[0][0] >= _APART:
        verdicts = [told[0][1], told[-1][1]]
        apart = describe_duration(told[-1][0] - told[0][0])
        seen = f"Two locks of {cut(host)} that are renewed now, {name_locks(verdicts)}, were written by clocks that "
        yield host, f"{seen}differ by {apart}.", Certainty.POSSIBLE, verdicts
