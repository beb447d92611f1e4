"""Stories of a lock that one restic could not read: listed too early, cut short, or altered. Pure."""

from __future__ import annotations

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.logs.runs import Matter, Run
from lockctl.diagnosis.logs.story import AGAIN, HARMS, KEEP_AWAY, Story, of_owner, short
from lockctl.diagnosis.logs.texts import Kind
from lockctl.diagnosis.logs.whereabouts import Known, Whereabouts, find_out, tell
from lockctl.liveness.evidence import State


def tell_breaker(run: Run, known: Known | None) -> Story | None:
    """restic's tries to read a lock are used up."""
    failed = [one for one in run.of(Kind.GAVE_UP) if one.first.lock and one.grew]
    matters = run.of(Kind.BREAKER) or failed
    if not matters:
        return None
    lock = matters[0].first.lock
    retried = _retries(run, lock)
    place = find_out(known, lock)
    tries = f" after {retried.count} tries in {describe_duration(retried.seconds)}" if retried else ""
    grew = _grew(run, lock)
    seen = f"restic could not read lock {lock}{of_owner(place)}{tries}: its circuit breaker is open for that file"
    error = "" if grew or retried is None else f" The error was: {retried.last.error}."
    cause = _HALF_LISTED if grew else _UNREAD if retried is not None else _PERHAPS_HALF_LISTED
    meaning = f"{cause}{error} {tell(place)}"
    todo = (
        _after_reading(run, place)
        if cause is not _UNREAD or place.is_known
        else f"See 'lockctl list', then {AGAIN.lower()}."
    )
    certainty = Certainty.CERTAIN if grew else Certainty.LIKELY
    finding = Finding("circuit-breaker", Weight.ACT, f"{seen}.", meaning, todo, certainty, (lock,))
    return Story(finding, run, (*([retried] if retried else []), *failed, *run.of(Kind.BREAKER)), place)


_HALF_LISTED = (
    "restic's rclone listed that lock while its owner was still writing it. It remembers the size from then, so every "
    "further try of that restic failed, whatever the lock was by then."
)
_PERHAPS_HALF_LISTED = (
    "Most often restic's rclone had listed that lock while its owner was still writing it, and then remembers its "
    "size: every further try of that restic fails, and a new restic reads it."
)
_UNREAD = "Every try of that restic to read the lock failed. It refuses that file for an hour, a new restic does not."


def tell_unreadable(run: Run, known: Known | None) -> Story | None:
    """A lock is listed, and restic may not read it: rclone says of such a file that it does not exist."""
    told = (one for one in (*run.of(Kind.GAVE_UP), *run.of(Kind.RETRIED)) if one.first.action == "Load")
    matters = [one for one in told if one.first.lock and not run.has_recovered(one.first.lock)]
    if not matters or (matters[0].first.kind is Kind.RETRIED and matters[0].count < _MANY):
        return None
    lock = matters[0].first.lock
    if _grew(run, lock):
        return None
    place = find_out(known, lock)
    seen = f"restic could not read lock {lock}{of_owner(place)}: {matters[0].last.error}."
    meaning = f"It is listed, so it stood there; perhaps this user may not read it. {tell(place)}"
    todo = f"See who may read the files in locks/: all users of the repository must. {HARMS}."
    weight = Weight.LOOK if run.is_saved else Weight.ACT
    finding = Finding("unreadable-lock", weight, seen, meaning, todo, Certainty.LIKELY, (lock,))
    return Story(finding, run, tuple(matters), place)


_MANY = 4
"""Tries after which a lock is not just one that went meanwhile."""


def tell_outgrown(run: Run, known: Known | None) -> Story | None:
    """The same, and restic had not given up where the log ends."""
    matters = [one for one in (*run.of(Kind.RETRIED), *run.of(Kind.CUT_GET)) if one.first.lock and one.grew]
    if not matters or run.is_saved or run.has_recovered(matters[0].first.lock) or _went_on(run):
        return None
    lock = matters[0].first.lock
    place = find_out(known, lock)
    tries = f"{matters[0].count} times in {describe_duration(matters[0].seconds)}"
    seen = f"restic tries to read lock {lock}{of_owner(place)} again and again ({tries}), and the log ends with that."
    todo = f"Do not wait, it gives up after a quarter of an hour: end that restic. {_after_reading(run, place)}"
    finding = Finding(
        "outgrown-lock", Weight.ACT, seen, f"{_HALF_LISTED} {tell(place)}", todo, Certainty.CERTAIN, (lock,)
    )
    return Story(finding, run, tuple(matters), place)


def _went_on(run: Run) -> bool:
    """Whether it came to something else: restic 0.14 passes such a lock by, and a lock that goes is no hindrance."""
    return run.has(Kind.BACKING_UP) or (run.is_ended and not run.has(Kind.SIGNAL))


def _after_reading(run: Run, place: Whereabouts) -> str:
    """What to do about a lock that one restic could not read."""
    match place.state:
        case State.DEAD | State.STALE | State.SUPERSEDED | State.DAMAGED:
            return f"'lockctl prune' removes that lock. {AGAIN}: a new restic lists anew. {KEEP_AWAY}"
        case State.WRITING:
            wait = f"Wait until its owner has written it ('lockctl show {short(place)} --watch')"
            return f"{wait}, then start again. {KEEP_AWAY}"
        case _:
            harm = f" {HARMS}." if run.has(Kind.REMOVE_ALL_HINT) or place.owner_lives else ""
            again = f"{AGAIN}: a new restic lists anew, and succeeds."
            if place.is_exclusive:
                again = f"{AGAIN} when its owner has ended, or with --retry-lock 30m: it is an exclusive lock."
            return f"Remove nothing. {again}{harm} {KEEP_AWAY}"


def tell_invalid(run: Run, known: Known | None) -> Story | None:
    """A lock's bytes were not what its name promises, or did not open."""
    matters = [*run.of(Kind.INVALID), *run.of(Kind.UNAUTHENTIC)]
    if not matters:
        return None
    lock = next((one.first.lock for one in matters if one.first.lock), "")
    place = find_out(known, lock)
    if not lock and known is not None:
        place = _find_broken(known, run.has(Kind.UNAUTHENTIC)) or place
    named = f"lock {lock}" if lock else "a lock, which it does not name"
    # Whether the name is the hash of the bytes is asked first (internal/repository/raw.go, `LoadRaw`).
    how = "that its key does not open" if run.has(Kind.UNAUTHENTIC) else "cut short, altered or half-written"
    seen = f"restic found {named}{of_owner(place)} {how}, and ended."
    meaning = "restic from 0.15 on starts nothing beside a lock that it cannot read, whoever's it is."
    told = tell(place) if lock or place.verdict is not None or known is None else "No such lock is there any more."
    found = place.verdict.file.id if place.verdict is not None else lock
    certainty = Certainty.CERTAIN if place.is_known else Certainty.LIKELY
    todo = _after_invalid(place)
    finding = Finding("invalid-lock", Weight.ACT, seen, f"{meaning} {told}", todo, certainty, (found,) if found else ())
    return Story(finding, run, tuple(matters), place)


def _after_invalid(place: Whereabouts) -> str:
    match place.state:
        case State.WRITING:
            return (
                f"Wait some minutes: 'lockctl show {short(place)} --watch' says when it is whole or damaged. {HARMS}."
            )
        case State.DAMAGED:
            return f"'lockctl prune' removes it, and only it. {HARMS}. Then {AGAIN.lower()}."
        case State.DEAD | State.STALE | State.SUPERSEDED:
            return f"It can be read now, and 'lockctl prune' removes it. Then {AGAIN.lower()}."
        case State.ACTIVE | State.OVERDUE | State.DOUBTFUL:
            return f"Remove nothing: it can be read now. {AGAIN}. {HARMS}."
        case State.UNDECODABLE | State.UNREADABLE | State.FOREIGN:
            return f"See 'lockctl show {short(place)}'. {HARMS}."
        case None if place.is_known:
            return f"Nothing is left to remove. {AGAIN}."
        case _:
            return f"Look with 'lockctl list' whether it is being written or damaged. {HARMS}."


def _find_broken(known: Known, sealed: bool) -> Whereabouts | None:
    """A lock that cannot be read, for a log that names none; `sealed`: one that the key does not open."""
    states = (State.UNDECODABLE,) if sealed else _BROKEN
    broken = [one for state in states for one in known.survey.verdicts if one.state is state]
    return Whereabouts(True, broken[0]) if broken else None


_BROKEN = (State.WRITING, State.DAMAGED, State.UNDECODABLE)


def tell_reread(run: Run) -> Story | None:
    """It could be read in the end, and not at once."""
    matters = [one for one in run.of(Kind.RETRIED) if one.first.file_type == "lock" and one.first.lock and one.grew]
    if not matters:
        return None
    lock = matters[0].first.lock
    delay = describe_duration(matters[0].seconds)
    seen = f"restic could not read lock {lock} at first ({matters[0].count} tries, {delay}), and then went on."
    finding = Finding("outgrown-lock", Weight.LOOK, seen, _HALF_LISTED, KEEP_AWAY, Certainty.CERTAIN, (lock,))
    return Story(finding, run, tuple(matters))


def _retries(run: Run, lock: str) -> Matter | None:
    loads = (one for one in run.of(Kind.RETRIED) if one.first.action == "Load")
    return next((one for one in loads if one.first.lock[:8] == lock[:8]), None)


def _grew(run: Run, lock: str) -> bool:
    """Whether the file was longer than the listing had said."""
    told = (*run.of(Kind.RETRIED), *run.of(Kind.GAVE_UP), *run.of(Kind.CUT_GET))
    return any(one.grew for one in told if one.first.lock[:8] == lock[:8])
