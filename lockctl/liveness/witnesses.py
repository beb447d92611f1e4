"""What each clock says of one lock file. Pure functions of facts; none of them decides anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lockctl.duration import describe_duration
from lockctl.liveness.evidence import NEVER_SEEN, Facts, Trust, Witness
from lockctl.liveness.folder import Folder
from lockctl.lock import Lock, LockFile, Problem
from lockctl.transport.base import CreationTrial, Entry, Trial

_SECOND = 10**9
_AGREES = 2.0
"""Seconds that two clocks may differ and still be said to agree."""
_SAME_EVENT = 60.0
"""Seconds between a lock's `time` and its creation where both tell of one upload."""


def owner_clock(lock: Lock, facts: Facts) -> Witness:
    """Our now − the lock's `time`, which its owner's clock wrote. A time in the future counts as now."""
    age = (facts.clocks.local - lock.time_ns) / 1e9
    if age < 0:
        lead = describe_duration(-age)
        return Witness("owner-clock", "renewed", f"that clock is {lead} ahead of ours, so its time counts as now", 0.0)
    return Witness("owner-clock", "renewed", f"renewed {describe_duration(age)} ago, by its own clock", age)


def server_clock(entry: Entry, facts: Facts, folder: Folder) -> Witness:
    """The server's now − creation where that is the server's own, else − the directory's last change, else nothing."""
    trust = creation_trust(entry, facts)
    if trust is not None and entry.created is not None:
        age = max(0.0, (server_now(facts) - entry.created) / 1e9)
        whose = "the server's own clock" if trust is Trust.PROVEN else "what is likely the server's own clock"
        text = f"created {describe_duration(age)} ago, by {whose}"
        return Witness("server-creation", "renewed", text, age, trust)
    # By less than that a made-up creation can be the later: of a file whose last change came after its directory's.
    if folder.newest_creation > facts.directory_changed + int(_SAME_EVENT * _SECOND):
        return Witness("server-directory", None, "the time of locks/ was set back: it is older than a lock in it")
    age = max(0.0, (server_now(facts) - facts.directory_changed) / 1e9)
    text = f"nothing in locks/ has changed for {describe_duration(age)}, by the server's clock"
    if entry.created is not None and facts.trial is None:
        text += "; its creation time may be made up from its owner's, which prune tests"
    return Witness("server-directory", "renewed", text, age)


def own_clock(id_: str, facts: Facts) -> Witness:
    """How long this machine has seen the very same file, by a clock that cannot be set."""
    seen = facts.seen.get(id_, NEVER_SEEN)
    before = f"; {describe_duration(seen.at_most)} ago it was not there" if seen.at_most is not None else ""
    if not seen.at_least:
        return Witness("own-clock", None, f"this machine sees it for the first time{before}")
    text = f"this machine has seen it unchanged for {describe_duration(seen.at_least)}{before}"
    return Witness("own-clock", "unchanged", text, seen.at_least)


def newer_lock(file: LockFile, lock: Lock, facts: Facts, folder: Folder) -> Witness:
    """Whether the same owner has a newer lock, which makes this one a leftover.

    Its age is the most that any clock says of the newer lock, where both their creation times are the server's own and
    confirm the order; else None: a clock that was set can make the current lease look like the older one.
    """
    newest = folder.newest[lock.owner]
    if newest.lock is None or newest.lock.time_ns <= lock.time_ns:
        return Witness("newer-lock", None, "its owner has no newer lock")
    by_owner = max(0.0, (facts.clocks.local - newest.lock.time_ns) / 1e9)
    text = f"its owner has a newer lock, {newest.id[:8]}: {describe_duration(by_owner)} old by its clock"
    mine, others = file.entry.created, newest.entry.created
    trusted = creation_trust(file.entry, facts) is not None and creation_trust(newest.entry, facts) is not None
    if mine is None or others is None or not trusted or others <= mine:
        return Witness("newer-lock", "superseded", text)
    by_server = max(0.0, (server_now(facts) - others) / 1e9)
    seen = facts.seen.get(newest.id, NEVER_SEEN).at_least
    return Witness("newer-lock", "superseded", text, max(by_owner, by_server, seen))


def host_clock(lock: Lock, folder: Folder) -> Witness:
    """How far the clock of the owner's host is off, by all its locks. Shown, and never used: it would make the owner's
    clock and the server's one witness.
    """
    estimate = folder.errors.get(lock.hostname)
    if estimate is None:
        return Witness("host-clock", None, "how far its host's clock is off is not known: no creation time tells")
    by = f"judging by {estimate.locks} of its locks" if estimate.locks > 1 else "judging by one of its locks"
    if abs(estimate.ahead) <= _AGREES:
        text = f"its host's clock agrees with the server's, {by}"
    else:
        word = "ahead of" if estimate.ahead > 0 else "behind"
        text = f"its host's clock is {describe_duration(abs(estimate.ahead))} {word} the server's, {by}"
    return Witness("host-clock", None, text, ahead=estimate.ahead)


def creation_trust(entry: Entry, facts: Facts) -> Trust | None:
    """How far this creation time is the server's own; None where it is made up, may well be, or is not known.

    Of a file that was not written over SMB, but on the server's own disk, the server keeps no creation time: it shows
    the earliest of the others, and the experiment proves nothing of that.
    """
    outcome = facts.trial.outcome if facts.trial is not None else None
    if entry.created is None or outcome is Trial.FOLLOWED:
        return None
    if outcome is Trial.KEPT:
        return Trust.PROVEN if is_proven(entry, facts.trial) else Trust.LIKELY
    # Within a second of the last write it may be made up from that, unless the server is seen to keep its own.
    apart = abs(entry.created - entry.written) >= _SECOND
    return Trust.LIKELY if apart or facts.keeps_creation else None


def is_proven(entry: Entry, trial: CreationTrial | None) -> bool:
    """Whether this creation time is the server's own for certain."""
    kept = trial is not None and trial.outcome is Trial.KEPT
    return kept and entry.created is not None and entry.created not in (entry.written, entry.accessed)


def keeps_creation(entries: Iterable[Entry]) -> bool:
    """Whether one of these files and directories has a creation time that a server could not have made up.

    Samba makes up the minimum of the last access, write and change, of seconds and of nanoseconds apart. The last is
    not shown: for a directory it is the last write, for a file it can be any time.
    """
    return any(_cannot_be_made_up(entry) for entry in entries)


def _cannot_be_made_up(entry: Entry) -> bool:
    if entry.created is None or entry.created in (entry.written, entry.accessed):
        return False
    shown = [time for time in (entry.written, entry.accessed) if time]
    if not shown:
        return False
    if entry.created % _SECOND > min(time % _SECOND for time in shown):
        return True
    return entry.is_directory and entry.created // _SECOND < min(time // _SECOND for time in shown)


def comparable(entry: Entry, trial: CreationTrial | None) -> Entry:
    """The entry without a creation time that may be made up: such a one moves when the file is read."""
    return entry if is_proven(entry, trial) else replace(entry, created=None)


def server_now(facts: Facts) -> int:
    """The server's clock, corrected by the experiment, which shows the file system's own."""
    return facts.clocks.server + (facts.trial.ahead if facts.trial is not None else 0)


def why_attended(file: LockFile, facts: Facts) -> str:
    """Why a person has to say yes: the server's clock is not known to be independent of the owner's. '' where it is."""
    if is_proven(file.entry, facts.trial):
        return _refuted(file, facts)
    match facts.trial.outcome if facts.trial is not None else None:
        case None:
            return "it is not proven yet that the share's creation times are its own"
        case Trial.ONE_CLOCK:
            return "on a local path all clocks may be one and the same"
        case Trial.REFUSED:
            return "the server did not permit the test of its creation times"
        case Trial.FOLLOWED:
            return "this share makes creation times up from the owner's clock"
        case _:
            return "its creation time equals another of its times: it was not written over SMB"


def _refuted(file: LockFile, facts: Facts) -> str:
    """Whether a creation time is older than a look that did not show the file. '' where nothing speaks against it.

    So it is where the server's clock was set back, as by a start without a clock, and an owner at or below 0.9.6, whose
    own time stays as it was, makes up the other clock. Where both tell of the same moment, each confirms the other.
    """
    at_most = facts.seen.get(file.id, NEVER_SEEN).at_most
    # An upload lasts an instant: for one that was cut short the clock would have to be set within that.
    if at_most is None or file.entry.created is None or file.problem in (Problem.INCOMPLETE, Problem.TEMPORARY):
        return ""
    confirmed = file.lock is not None and abs(file.lock.time_ns - file.entry.created) <= _SAME_EVENT * _SECOND
    age = (server_now(facts) - file.entry.created) / 1e9
    if confirmed or age <= at_most + _SAME_EVENT:
        return ""
    return f"{describe_duration(at_most)} ago it was not there: the server's clock seems to have been set"
