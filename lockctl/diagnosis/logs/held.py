"""Stories of who held a repository, and of those who lost their lock. Pure."""

from __future__ import annotations

import re

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.logs.causes import cause_of
from lockctl.diagnosis.logs.runs import Matter, Run, holder_of
from lockctl.diagnosis.logs.story import AGAIN, Story
from lockctl.diagnosis.logs.texts import Kind
from lockctl.diagnosis.logs.whereabouts import Known, Whereabouts, find_out, name_owner, tell
from lockctl.liveness.evidence import State

STALE_SECONDS = 1800.0
"""After which restic calls a lock stale (lock_file.go, `staleLockTimeout`)."""
_TOLERANCE_SECONDS = 60.0


def tell_blocked(run: Run, known: Known | None) -> Story | None:
    """Somebody else held the repository."""
    holder, lock, age = holder_of(run)
    if holder is None:
        return None
    place = find_out(known, lock, holder)
    waited = max((one.last.pause for one in run.of(Kind.WAITING)), default=0.0)
    kind = "exclusively " if holder.exclusive else ""
    since = "" if age is None else f", {_tell_age(age)}"
    waiting = f" It had waited {describe_duration(waited)} for it." if waited else ""
    named = f"lock {lock or '?'}{since}"
    seen = f"restic ended because {name_owner(holder)} had locked the repository {kind}({named}).{waiting}"
    whom = (
        "An exclusive lock keeps everybody out."
        if holder.exclusive
        else "A shared lock keeps prune, check and forget out."
    )
    todo = _after_blocked(place, age)
    certainty = Certainty.CERTAIN if place.is_known else Certainty.LIKELY
    finding = Finding("blocked", Weight.ACT, seen, f"{whom} {tell(place)}", todo, certainty, (lock,) if lock else ())
    waits = [one for one in run.of(Kind.WAITING) if one.last.pause]
    return Story(finding, run, (*waits, *run.of(Kind.LOCKED)), place)


def _tell_age(age: float) -> str:
    """What restic printed of a lock's age, which rests on two clocks."""
    if age < -_TOLERANCE_SECONDS:
        return f"its time is {describe_duration(-age)} ahead of this machine's clock"
    return f"renewed {describe_duration(age)} before by its owner's clock"


def _after_blocked(place: Whereabouts, age: float | None) -> str:
    if place.state in (State.DEAD, State.STALE, State.SUPERSEDED):
        return f"'lockctl prune' removes it, after a second look. Then {AGAIN.lower()}."
    if place.state is State.DOUBTFUL:
        return f"'lockctl prune --watch' makes sure within half an hour. Then {AGAIN.lower()}."
    if place.owner_lives:
        return "Remove nothing. Start again when that work has ended, or let restic wait with --retry-lock 30m."
    if place.is_gone:
        return f"Nothing is left to remove. {AGAIN}."
    if age is not None and age < -_TOLERANCE_SECONDS:
        return "Remove nothing: two clocks differ, and 'lockctl list' says how old that lock is."
    if age is not None and age > STALE_SECONDS:
        return f"By its owner's clock it is stale. See 'lockctl list': if it is, 'lockctl prune' removes it. {AGAIN}."
    return "Remove nothing: it was renewed within half an hour. Start again later, or with --retry-lock 30m."


def tell_removed(run: Run, known: Known | None) -> Story | None:
    """A lock was removed under the restic that held it."""
    lost = [one for one in run.of(Kind.RETRIED) if one.first.action == "Remove" and one.first.file_type == "lock"]
    told = (*lost, *run.of(Kind.NOT_UNLOCKED), *(one for one in run.of(Kind.RCLONE) if one.first.lock))
    vanished = [one for one in told if _is_missing(one.last.error)]
    matters = [*run.of(Kind.REMOVED_MEANWHILE), *vanished]
    if not matters:
        return None
    lock = next((one.first.lock for one in matters if one.first.lock), "")
    place = find_out(known, lock)
    named = f"lock {lock}" if lock else "its lock"
    seen = f"restic's own {named} was gone while it was at work{', and it ended' if not run.is_saved else ''}."
    by = (
        f" {tell(place)}" if place.record is not None else " Somebody removed it: 'restic unlock', a person, or a tool."
    )
    meaning = f"Others may have locked exclusively meanwhile, and removed what this restic relied on.{by}"
    todo = "" if run.is_saved else f"{AGAIN}. "
    todo += "Run 'restic check' where a prune ran at that time, and find who removes live locks: 'lockctl history'."
    finding = Finding("lock-removed", Weight.ACT, seen, meaning, todo, Certainty.CERTAIN, (lock,) if lock else ())
    return Story(finding, run, tuple(matters))


def _is_missing(error: str) -> bool:
    return "does not exist" in error or "not found" in error or re.search(r"\b404\b", error) is not None


def tell_unrefreshed(run: Run) -> Story | None:
    """A lock could not be renewed, or not at once."""
    matters = [*run.of(Kind.NOT_REFRESHED), *run.of(Kind.NOT_IN_TIME)]
    if not matters:
        return _tell_late(run)
    if not run.is_saved and any(_is_of_data(one) for one in (*run.of(Kind.RETRIED), *run.of(Kind.GAVE_UP))):
        return None  # nothing got through, and the lock is the least of it
    ended = run.has(Kind.NOT_IN_TIME)
    error = next((one.last.error for one in matters if one.last.error), "")
    why = f": {error}" if error else ""
    end = ", and ended after 22 minutes without" if ended else ""
    seen = f"restic could not renew its own lock{why}{end}."
    meaning = "It did not reach the share, or was not allowed to write to locks/. Its lock may have stayed behind."
    todo = f"See that the share can be reached and is not full. 'lockctl list' shows what is left. {AGAIN}."
    weight = Weight.LOOK if run.is_saved else Weight.ACT
    return Story(Finding("not-renewed", weight, seen, meaning, todo, Certainty.CERTAIN), run, tuple(matters))


def _is_of_data(matter: Matter) -> bool:
    return matter.first.action == "Save" and matter.first.file_type not in ("", "lock")


def _tell_late(run: Run) -> Story | None:
    """Its own lock could be written after some tries."""
    matters = [one for one in run.of(Kind.RETRIED) if (one.first.action, one.first.file_type) == ("Save", "lock")]
    if not matters or not run.is_saved:
        return None
    error = cause_of(matters[0].last.error) or next((c for c in map(_cause, run.of(Kind.RCLONE)) if c), "")
    tries, seconds = max(one.count for one in matters), max(one.seconds for one in matters)
    seen = f"restic could write its own lock only after {tries} tries in {describe_duration(seconds)}."
    meaning = (
        f"Something kept it from writing to locks/{f' ({error})' if error else ''}. After 22 minutes it would end."
    )
    todo = "See that the share can be reached, is not full, and lets this user write to locks/."
    return Story(Finding("not-renewed", Weight.LOOK, seen, meaning, todo, Certainty.CERTAIN), run, tuple(matters))


def _cause(matter: Matter) -> str:
    return cause_of(matter.last.error)


def tell_waited(run: Run) -> Story | None:
    """It waited for somebody else's lock, and got its own."""
    waited = [one for one in run.of(Kind.WAITING) if one.last.pause]
    if waited:
        seen = "restic waited for the lock of another, and the log shows no failure after that."
        meaning = "That is what --retry-lock is for."
        return Story(Finding("waited", Weight.NOTE, seen, meaning, "", Certainty.CERTAIN), run, tuple(waited))
    return None
