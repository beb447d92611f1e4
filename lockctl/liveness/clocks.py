"""What each clock says of one lock file. Pure functions of facts; none of them decides anything."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from lockctl.clock.duration import describe_duration
from lockctl.liveness.creation import is_own
from lockctl.liveness.evidence import Facts, Witness
from lockctl.liveness.neighbours import ClockError, Folder
from lockctl.repository.lock import Lock, LockFile
from lockctl.state.memory import NEVER_SEEN, Seen
from lockctl.transport.base import Entry

_SECOND = 10**9
_AGREES = 2.0
"""Seconds that two clocks may differ and still be said to agree."""
SLACK = 60.0
"""Seconds by which a clock may contradict our own eyes, or a directory's time what is in it: an upload's length."""

_FIRST_TIME = Witness("own-clock", None, "this machine sees it for the first time")
_NO_NEWER = Witness("newer-lock", None, "its owner has no newer lock")
"""Said of most locks; one value does for all."""


def owner_clock(lock: Lock, facts: Facts) -> Witness:
    """Our now − the lock's `time`, which its owner's clock wrote. A time in the future counts as now."""
    age = (facts.clocks.local - lock.time_ns) / 1e9
    if age < 0:
        lead = describe_duration(-age)
        return Witness("owner-clock", "renewed", f"that clock is {lead} ahead of ours, so its time counts as now", 0.0)
    return Witness("owner-clock", "renewed", f"renewed {describe_duration(age)} ago, by its own clock", age)


def server_clock(entry: Entry, facts: Facts, folder: Folder) -> Witness:
    """The server's now − creation where that is the server's own, else − the directory's last change, else nothing."""
    if is_own(entry, facts.keeps_creation) and entry.created is not None:
        age = _since(entry.created, facts)
        lead = (entry.created - facts.clocks.server) / _SECOND
        if lead > SLACK:
            text = f"created {describe_duration(lead)} from now: the server's clock was set back since"
            return Witness("server-creation", None, text)
        return Witness(
            "server-creation", "renewed", f"created {describe_duration(age)} ago, by the server's clock", age
        )
    # By less than that a file can be the later: its last write comes after its name.
    if folder.newest_time > facts.directory_changed + int(SLACK * _SECOND):
        text = "the time of locks/ was set back, or does not move: it is older than a lock in it"
        return Witness("server-directory", None, text)
    if not folder.moves:
        text = "its creation time may be its owner's, and nothing shows that the time of locks/ moves with its files"
        return Witness("server-directory", None, text)
    age = _since(facts.directory_changed, facts)
    text = f"nothing in locks/ has changed for {describe_duration(age)}, by the server's clock"
    return Witness("server-directory", "renewed", text, age)


def own_clock(id_: str, facts: Facts) -> Witness:
    """How long this machine has seen the very same file, by a clock that cannot be set."""
    seen = facts.seen.get(id_, NEVER_SEEN)
    before = f"; {describe_duration(seen.at_most)} ago it was not there" if seen.at_most is not None else ""
    if not seen.at_least:
        return Witness("own-clock", None, f"{_FIRST_TIME.text}{before}") if before else _FIRST_TIME
    text = f"this machine has seen it unchanged for {describe_duration(seen.at_least)}{before}"
    return Witness("own-clock", "unchanged", text, seen.at_least)


def contradict(witness: Witness, seen: Seen) -> Witness:
    """The same, silenced where it claims more than our own eyes allow: they saw the directory without this file."""
    if seen.at_most is None or witness.age is None or witness.age <= seen.at_most + SLACK:
        return witness
    text = f"{witness.text}, which cannot be: {describe_duration(seen.at_most)} ago it was not there"
    return replace(witness, says=None, text=text)


def newer_lock(file: LockFile, lock: Lock, facts: Facts, folder: Folder) -> Witness:
    """Whether the same owner has a newer lock, which makes this one a leftover.

    The witness's `age` is how long ago the newer lock was renewed, by the clock that says most. It is None where the
    creation times of both are not the server's own, or do not confirm which of them is newer: a clock that was set can
    make the current lease look like the older one.
    """
    newest = folder.newest[lock.owner]
    if newest.lock is None or newest.lock.time_ns <= lock.time_ns:
        return _NO_NEWER
    by_owner = max(0.0, (facts.clocks.local - newest.lock.time_ns) / 1e9)
    text = f"its owner has a newer lock, {newest.id[:8]}: {describe_duration(by_owner)} old by its clock"
    mine, others = file.entry.created, newest.entry.created
    trusted = is_own(file.entry, facts.keeps_creation) and is_own(newest.entry, facts.keeps_creation)
    if mine is None or others is None or not trusted or others <= mine:
        return Witness("newer-lock", "superseded", text)
    seen = facts.seen.get(newest.id, NEVER_SEEN).at_least
    return Witness("newer-lock", "superseded", text, max(by_owner, _since(others, facts), seen))


def host_clock(lock: Lock, folder: Folder) -> Witness:
    """How far the clock of the owner's host is off, by all its locks. Shown, and never used: it would make the owner's
    clock and the server's one witness.
    """
    return _tell_error(folder.errors.get(lock.hostname))


@lru_cache(maxsize=256)
def _tell_error(estimate: ClockError | None) -> Witness:
    """The same of all locks of a host, which has many where there are many."""
    if estimate is None:
        return Witness("host-clock", None, "how far its host's clock is off is not known: no creation time tells")
    by = f"judging by {estimate.locks} of its locks" if estimate.locks > 1 else "judging by one of its locks"
    if abs(estimate.ahead) <= _AGREES:
        text = f"its host's clock agrees with the server's, {by}"
    else:
        word = "ahead of" if estimate.ahead > 0 else "behind"
        text = f"its host's clock is {describe_duration(abs(estimate.ahead))} {word} the server's, {by}"
    return Witness("host-clock", None, text, ahead=estimate.ahead)


def _since(moment: int, facts: Facts) -> float:
    """Seconds from a moment of the server's clock to now by the same clock, at least 0."""
    return max(0.0, (facts.clocks.server - moment) / 1e9)
