"""Clocks that are wrong: of owners, of the server, of this machine. Pure.

Of two clocks that differ nobody knows which is wrong; each further host that agrees with one of them is a witness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.share.naming import cut, enumerate_some, ids_of, name_locks
from lockctl.diagnosis.share.observed import Observed
from lockctl.liveness.creation import is_own
from lockctl.liveness.evidence import Verdict
from lockctl.survey.values import Survey

AGREES = 60.0
"""Seconds that two clocks may differ without a word: an upload's length, and more."""
_FEW = 3
"""Locks of which it can be told that they were copied."""
_AT_ONCE = 600 * 10**9
"""Nanoseconds within which what is copied comes."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host's clock against the server's, by its locks."""

    name: str
    ahead: float
    verdicts: tuple[Verdict, ...]
    steady: bool
    """Whether locks that came at different times say the same."""
    is_ours: bool

    @property
    def is_sure(self) -> bool:
        """Behind may also be what was copied, and an owner that does not renew `time`: ahead is nothing else."""
        return self.ahead > 0 or self.steady


def find_clock_errors(observed: Observed) -> Iterator[Finding]:
    """The server's or ours first, then those of hosts that it does not explain."""
    survey = observed.last
    hosts = list(find_hosts(survey))
    apart = (survey.clocks.server - survey.clocks.local) / 1e9
    explained: set[str] = set()
    if abs(apart) >= AGREES:
        with_us = [host for host in hosts if abs(host.ahead + apart) <= min(AGREES, abs(host.ahead))]
        with_server = [host for host in hosts if abs(host.ahead) <= min(AGREES, abs(host.ahead + apart))]
        yield _tell_two_clocks(apart, with_us, with_server, survey)
        explained = {host.name for host in with_us}
    unsound = [h for h in hosts if abs(h.ahead) >= AGREES and h.name not in explained]
    copied = _find_copied(hosts)
    if copied:
        yield _tell_copied(copied)
        unsound = [host for host in unsound if host.ahead > 0]
    yield from _tell_hosts(unsound, survey)


def error_of(verdict: Verdict, survey: Survey) -> float | None:
    """Seconds by which the owner's clock was ahead of the server's when this lock came; None where nothing tells.

    What was put back by `restore` has a new creation, and says nothing.
    """
    lock, entry = verdict.file.lock, verdict.file.entry
    if lock is None or entry.created is None or verdict.file.id in survey.held:
        return None
    return (lock.time_ns - entry.created) / 1e9 if is_own(entry, survey.keeps_creation) else None


def find_hosts(survey: Survey) -> Iterator[Host]:
    """Each host of which a lock tells how far its clock is off."""
    locks: dict[str, list[tuple[float, Verdict]]] = {}
    for verdict in survey.verdicts:
        error = error_of(verdict, survey)
        if error is not None and verdict.file.lock is not None:
            locks.setdefault(verdict.file.lock.hostname, []).append((error, verdict))
    for name, told in locks.items():
        # Whatever comes between an owner's clock and the server's makes the difference smaller.
        ahead = max(error for error, _ in told)
        ours = any(witness.name == "process" for _, verdict in told for witness in verdict.witnesses)
        agreeing = [verdict.file.entry.created or 0 for error, verdict in told if ahead - error <= AGREES]
        steady = max(agreeing) - min(agreeing) > AGREES * 1e9
        yield Host(name, ahead, tuple(verdict for _, verdict in told), steady, ours)


def _find_copied(hosts: Sequence[Host]) -> list[Verdict]:
    """Locks that came here at one time, though their owners wrote them at times far apart."""
    late = [verdict for host in hosts for verdict in host.verdicts if host.ahead <= -AGREES]
    times = [(verdict.file.entry.created or 0, verdict.file.lock.time_ns) for verdict in late if verdict.file.lock]
    if len(times) < _FEW:
        return []
    came, written = (max(each) - min(each) for each in zip(*times, strict=True))
    return late if came <= _AT_ONCE < written else []


def _tell_copied(copied: Sequence[Verdict]) -> Finding:
    return Finding(
        "locks-copied",
        Weight.LOOK,
        f"{len(copied)} locks came here within minutes of each other, though their owners wrote them at times far "
        f"apart: {name_locks(copied)}.",
        "The repository was copied or restored here together with its locks. Nobody renews them, and the time at which "
        "they came says nothing of their owners.",
        "If no restic works in the original and in the copy at once: run 'lockctl prune --watch', which goes by what "
        "it sees itself.",
        Certainty.LIKELY,
        ids_of(copied),
    )


def _tell_two_clocks(apart: float, with_us: Sequence[Host], with_server: Sequence[Host], survey: Survey) -> Finding:
    """The server's clock and ours differ. Our own locks agree with us, and are no witness."""
    for_us = [host for host in with_us if not host.is_ours]
    far = f"The server's clock is {describe_duration(abs(apart))} {_side(apart)} this machine's"
    weight = _weight(apart, survey)
    if for_us and not with_server:
        names = enumerate_some([cut(host.name) for host in for_us])
        return Finding(
            "server-clock-off",
            weight,
            f"{far}, and {names} agree{'s' if len(for_us) == 1 else ''} with this machine.",
            "The server's clock is wrong. lockctl then judges by other clocks, which takes longer.",
            "Set the server's clock, and let it follow a time server (NTP).",
            Certainty.LIKELY,
        )
    if with_server and not for_us:
        names = enumerate_some([cut(host.name) for host in with_server])
        return Finding(
            "own-clock-off",
            weight,
            f"{far}, and {names} agree{'s' if len(with_server) == 1 else ''} with the server.",
            f"This machine's clock is wrong. {_harm(-apart)}",
            "Set this machine's clock, and let it follow a time server (NTP): see 'timedatectl'.",
            Certainty.LIKELY,
        )
    return Finding(
        "clocks-differ",
        weight,
        f"{far}.",
        "One of both is wrong, and no other host's lock tells which. A clock that is half an hour off makes live locks "
        "look stale, or stale ones live.",
        "Compare both with a clock that is right, and let both follow a time server (NTP).",
        Certainty.POSSIBLE,
    )


def _tell_hosts(hosts: Sequence[Host], survey: Survey) -> Iterator[Finding]:
    groups: dict[tuple[Weight, Certainty, bool], list[Host]] = {}
    for host in hosts:
        sure = Certainty.LIKELY if host.is_sure else Certainty.POSSIBLE
        weight = _weight(host.ahead, survey)
        if weight is Weight.NOTE and sure is Certainty.POSSIBLE:
            continue  # next to nothing, and not even sure
        weight = Weight.LOOK if sure is Certainty.POSSIBLE else weight
        groups.setdefault((weight, sure, host.ahead > 0), []).append(host)
    for (weight, sure, _), found in groups.items():
        yield Finding(
            "owner-clock-off",
            weight,
            f"By the time in {'its' if len(found) == 1 else 'their'} locks, "
            f"{enumerate_some([_describe(host) for host in found])}.",
            f"{_harm(found[0].ahead) if weight is not Weight.NOTE else _HARMLESS}"
            f"{'' if sure is Certainty.LIKELY else _OR_NOT}",
            "Set that clock, and let it follow a time server (NTP): see 'timedatectl' there."
            if weight is not Weight.NOTE
            else "",
            sure,
            ids_of(verdict for host in found for verdict in host.verdicts),
        )


_HARMLESS = "It is not enough to harm: locks are judged by minutes."
_OR_NOT = (
    " Or nothing is wrong with it: the file was copied here later, came late over a bad connection, or its restic is "
    "0.9.6 or older."
)


def _harm(ahead: float) -> str:
    """What a host's clock error does."""
    if ahead > 0:
        return (
            "To such a host the locks of all others look that much older: 'restic unlock' there can remove live ones. "
            "Its own locks look younger, and block for longer after a crash."
        )
    return (
        "To all other hosts its locks look that much older: their 'restic unlock' can remove its live ones. To itself "
        "the locks of others look younger, and block it for longer."
    )


def _weight(ahead: float, survey: Survey) -> Weight:
    limits = survey.policy.thresholds
    if abs(ahead) < limits.missed:
        return Weight.NOTE
    # With one renewal missed, which is nothing, half an hour is full.
    return Weight.ACT if abs(ahead) >= limits.gives_up else Weight.LOOK


def _describe(host: Host) -> str:
    return f"the clock of {cut(host.name)} is {describe_duration(abs(host.ahead))} {_side(host.ahead)} the server's"


def _side(ahead: float) -> str:
    return "ahead of" if ahead > 0 else "behind"
