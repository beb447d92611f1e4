"""What each clock says of one lock file. Pure functions of facts; none of them decides anything."""

from __future__ import annotations

from dataclasses import replace

from lockctl.duration import describe_duration
from lockctl.liveness.evidence import Facts, Trust, Witness
from lockctl.lock import Lock
from lockctl.transport.base import CreationTrial, Entry, Trial


def owner_clock(lock: Lock, facts: Facts) -> Witness:
    """Our now − the lock's `time`, which its owner's clock wrote. A time in the future counts as now."""
    age = (facts.clocks.local - lock.time_ns) / 1e9
    if age < 0:
        lead = describe_duration(-age)
        return Witness("owner-clock", "renewed", f"that clock is {lead} ahead of ours, so its time counts as now", 0.0)
    return Witness("owner-clock", "renewed", f"renewed {describe_duration(age)} ago, by its own clock", age)


def server_clock(entry: Entry, facts: Facts, newest_creation: int) -> Witness:
    """The server's now − creation where that is the server's own, else − the directory's last change, else nothing.

    `newest_creation` is the newest of those in the directory that are the server's own: nanoseconds since 1970.
    """
    trust = creation_trust(entry, facts.trial)
    if trust is not None and entry.created is not None:
        age = max(0.0, (server_now(facts) - entry.created) / 1e9)
        text = f"created {describe_duration(age)} ago, by the server's clock ({trust.value})"
        return Witness("server-creation", "renewed", text, age, trust)
    if newest_creation > facts.directory_changed:
        return Witness("server-directory", None, "the time of locks/ was set back: it is older than a lock in it")
    age = max(0.0, (server_now(facts) - facts.directory_changed) / 1e9)
    text = f"nothing in locks/ has changed for {describe_duration(age)}, by the server's clock"
    return Witness("server-directory", "renewed", text, age)


def own_clock(id_: str, facts: Facts) -> Witness:
    """How long this machine has seen the very same file, by a clock that cannot be set."""
    age = facts.seen.get(id_, 0.0)
    if not age:
        return Witness("own-clock", None, "this machine sees it for the first time")
    return Witness("own-clock", "unchanged", f"this machine has seen it unchanged for {describe_duration(age)}", age)


def creation_trust(entry: Entry, trial: CreationTrial | None) -> Trust | None:
    """How far this creation time is the server's own; None where it is made up or not known.

    Of a file that was not written over SMB, but on the server's own disk, the server keeps no creation time: it shows
    the earliest of the others, and the experiment proves nothing of that.
    """
    if entry.created is None or (trial is not None and trial.outcome is Trial.FOLLOWED):
        return None
    if trial is not None and trial.outcome is Trial.KEPT and entry.created not in (entry.written, entry.accessed):
        return Trust.PROVEN
    return Trust.LIKELY


def comparable(entry: Entry, trial: CreationTrial | None) -> Entry:
    """The entry without a creation time that may be made up: such a one moves when the file is read."""
    return entry if creation_trust(entry, trial) is Trust.PROVEN else replace(entry, created=None)


def server_now(facts: Facts) -> int:
    """The server's clock, corrected by the experiment, which shows the file system's own."""
    return facts.clocks.server + (facts.trial.ahead if facts.trial is not None else 0)


def why_attended(entry: Entry, trial: CreationTrial | None) -> str:
    """Why a person has to say yes: the server's clock is not known to be independent of the owner's. '' where it is."""
    if creation_trust(entry, trial) is Trust.PROVEN:
        return ""
    match trial.outcome if trial is not None else None:
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
