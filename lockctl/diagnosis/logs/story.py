"""Story: what one run of restic came to, told as a finding: what the log shows, what it means now, what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import CURE, Certainty, Finding, Weight
from lockctl.diagnosis.logs.elsewhere import tell_elsewhere
from lockctl.diagnosis.logs.runs import Matter, Run, holder_of
from lockctl.diagnosis.logs.texts import Kind
from lockctl.diagnosis.logs.whereabouts import Known, Whereabouts, find_out, name_owner, tell
from lockctl.liveness.evidence import State

STALE_SECONDS = 1800.0
"""After which restic calls a lock stale (lock_file.go, `staleLockTimeout`)."""
AGAIN = "Start the backup again"
KEEP_AWAY = f"To keep it from coming back, give each restic {CURE}"
_HARMS = "Do not run 'restic unlock --remove-all': it removes the locks of others that are at work"


@dataclass(frozen=True, slots=True)
class Story:
    """A finding, the matters that it rests on, and how often the log tells the same."""

    finding: Finding
    run: Run
    matters: tuple[Matter, ...]
    times: int = 1


def tell_story(run: Run, known: Known | None = None) -> Story | None:
    """The story of one run, None where nothing was wrong. `known` is what the share and the journal say now."""
    here = known if known is not None and known.is_of(run.repository) else None
    for teller in (_breaker, _outgrown, _invalid, _blocked, _removed):
        story = teller(run, here)
        if story is not None:
            return story
    story = _unrefreshed(run) or _recovered(run)
    if story is not None:
        return story
    elsewhere = tell_elsewhere(run)
    return Story(elsewhere, run, tuple(run.matters.values())) if elsewhere is not None else None


def _breaker(run: Run, known: Known | None) -> Story | None:
    """restic's tries to read a lock are used up."""
    failed = [one for one in run.of(Kind.GAVE_UP) if one.first.lock and one.first.action == "Load"]
    matters = run.of(Kind.BREAKER) or failed
    if not matters:
        return None
    lock = matters[0].first.lock
    retried = _retries(run, lock)
    place = find_out(known, lock)
    tries = f" after {retried.count} tries in {describe_duration(retried.seconds)}" if retried else ""
    grew = _grew(run, lock)
    seen = (
        f"restic could not read lock {lock}{_of(place)}{tries}, and gave up: its circuit breaker is open for that file"
    )
    error = "" if grew or retried is None else f" The error was: {retried.last.error}."
    meaning = f"{_HALF_LISTED if grew else _UNREAD}{error} {tell(place)}"
    todo = _after_reading(run, place) if grew or place.is_known else f"See 'lockctl list', then {AGAIN.lower()}."
    certainty = Certainty.CERTAIN if grew else Certainty.LIKELY
    finding = Finding("circuit-breaker", Weight.ACT, f"{seen}.", meaning, todo, certainty, (lock,))
    return Story(finding, run, (*([retried] if retried else []), *failed, *run.of(Kind.BREAKER)))


_HALF_LISTED = (
    "restic's rclone listed that lock while its owner was still writing it. It remembers the size from then, so every "
    "further try of that restic failed, whatever the lock was by then."
)
_UNREAD = "Every try of that restic to read the lock failed. It refuses that file for an hour, a new restic does not."


def _outgrown(run: Run, known: Known | None) -> Story | None:
    """The same, and restic had not given up where the log ends."""
    matters = [one for one in (*run.of(Kind.RETRIED), *run.of(Kind.CUT_GET)) if one.first.lock and one.last.grew]
    if not matters or run.is_saved or run.has(Kind.RECOVERED):
        return None
    lock = matters[0].first.lock
    place = find_out(known, lock)
    tries = f"{matters[0].count} times in {describe_duration(matters[0].seconds)}"
    seen = f"restic tries to read lock {lock}{_of(place)} again and again ({tries}), and the log ends with that."
    todo = f"Do not wait, it gives up after a quarter of an hour: end that restic. {_after_reading(run, place)}"
    finding = Finding(
        "outgrown-lock", Weight.ACT, seen, f"{_HALF_LISTED} {tell(place)}", todo, Certainty.CERTAIN, (lock,)
    )
    return Story(finding, run, tuple(matters))


def _after_reading(run: Run, place: Whereabouts) -> str:
    """What to do about a lock that one restic could not read."""
    match place.state:
        case State.DEAD | State.STALE | State.SUPERSEDED | State.DAMAGED:
            return f"'lockctl prune' removes that lock. {AGAIN}: a new restic lists anew. {KEEP_AWAY}."
        case State.WRITING:
            wait = f"Wait until its owner has written it ('lockctl show {_first(place)} --watch')"
            return f"{wait}, then start again. {KEEP_AWAY}."
        case _:
            harm = f" {_HARMS}." if run.has(Kind.REMOVE_ALL_HINT) or place.owner_lives else ""
            return f"Remove nothing. {AGAIN}: a new restic lists anew, and succeeds.{harm} {KEEP_AWAY}."


def _invalid(run: Run, known: Known | None) -> Story | None:
    """A lock's bytes were not what its name promises, or did not open."""
    matters = [*run.of(Kind.INVALID), *run.of(Kind.UNAUTHENTIC)]
    if not matters:
        return None
    lock = next((one.first.lock for one in matters if one.first.lock), "")
    place = find_out(known, lock)
    if not lock and known is not None:
        place = _only_broken(known) or place
    named = f"lock {lock}" if lock else "a lock, which it does not name"
    altered = run.has(Kind.UNAUTHENTIC)
    seen = (
        f"restic found {named}{_of(place)} {'altered' if altered else 'cut short, altered or half-written'}, and ended."
    )
    meaning = "restic from 0.15 on starts nothing beside a lock that it cannot read, whoever's it is."
    told = tell(place) if lock or place.verdict is not None or known is None else "No such lock is there any more."
    found = place.verdict.file.id if place.verdict is not None else lock
    certainty = Certainty.CERTAIN if place.is_known else Certainty.LIKELY
    todo = _after_invalid(place)
    finding = Finding("invalid-lock", Weight.ACT, seen, f"{meaning} {told}", todo, certainty, (found,) if found else ())
    return Story(finding, run, tuple(matters))


def _after_invalid(place: Whereabouts) -> str:
    match place.state:
        case State.WRITING:
            return (
                f"Wait some minutes: 'lockctl show {_first(place)} --watch' says when it is whole or damaged. {_HARMS}."
            )
        case State.DAMAGED:
            return f"'lockctl prune' removes it, and only it. {_HARMS}. Then {AGAIN.lower()}."
        case State.DEAD | State.STALE | State.SUPERSEDED:
            return f"It can be read now, and 'lockctl prune' removes it. Then {AGAIN.lower()}."
        case State.ACTIVE | State.OVERDUE | State.DOUBTFUL:
            return f"Remove nothing: it can be read now. {AGAIN}. {_HARMS}."
        case State.UNDECODABLE | State.UNREADABLE | State.FOREIGN:
            return f"See 'lockctl show {_first(place)}'. {_HARMS}."
        case None if place.is_known:
            return f"Nothing is left to remove. {AGAIN}."
        case _:
            return f"Look with 'lockctl list' whether it is being written or damaged. {_HARMS}."


def _only_broken(known: Known) -> Whereabouts | None:
    """The one lock that cannot be read, where the log names none and there is just one."""
    states = (State.WRITING, State.DAMAGED, State.UNDECODABLE)
    broken = [one for one in known.survey.verdicts if one.state in states]
    return Whereabouts(True, broken[0]) if len(broken) == 1 else None


def _blocked(run: Run, known: Known | None) -> Story | None:
    """Somebody else held the repository."""
    holder, lock, age = holder_of(run)
    if holder is None:
        return None
    place = find_out(known, lock, holder)
    waited = max((one.last.pause for one in run.of(Kind.WAITING)), default=0.0)
    kind = "exclusively " if holder.exclusive else ""
    since = f", renewed {describe_duration(age)} before" if age is not None else ""
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
    return Story(finding, run, (*run.of(Kind.WAITING), *run.of(Kind.LOCKED)))


def _after_blocked(place: Whereabouts, age: float | None) -> str:
    if place.state in (State.DEAD, State.STALE, State.SUPERSEDED):
        return f"'lockctl prune' removes it, after a second look. Then {AGAIN.lower()}."
    if place.state is State.DOUBTFUL:
        return f"'lockctl prune --watch' makes sure within half an hour. Then {AGAIN.lower()}."
    if place.owner_lives:
        return "Remove nothing. Start again when that work has ended, or let restic wait with --retry-lock 30m."
    if place.is_gone:
        return f"Nothing is left to remove. {AGAIN}."
    if age is not None and age > STALE_SECONDS:
        return f"It looks stale: 'lockctl list' says so or not, and 'lockctl prune' removes it. Then {AGAIN.lower()}."
    return "Remove nothing: it was renewed within half an hour. Start again later, or with --retry-lock 30m."


def _removed(run: Run, known: Known | None) -> Story | None:
    """A lock was removed under the restic that held it."""
    lost = [one for one in run.of(Kind.RETRIED) if one.first.action == "Remove" and one.first.file_type == "lock"]
    vanished = [one for one in (*lost, *run.of(Kind.NOT_UNLOCKED)) if _is_missing(one.last.error)]
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
    return "does not exist" in error or "not found" in error or "404" in error


def _unrefreshed(run: Run) -> Story | None:
    """A lock could not be renewed."""
    matters = [*run.of(Kind.NOT_REFRESHED), *run.of(Kind.NOT_IN_TIME)]
    if not matters:
        return None
    ended = run.has(Kind.NOT_IN_TIME)
    error = next((one.last.error for one in matters if one.last.error), "")
    why = f": {error}" if error else ""
    end = ", and ended after 22 minutes without" if ended else ""
    seen = f"restic could not renew its own lock{why}{end}."
    meaning = "It did not reach the share, or was not allowed to write to locks/. Its lock may have stayed behind."
    todo = f"See that the share can be reached and is not full. 'lockctl list' shows what is left. {AGAIN}."
    weight = Weight.LOOK if run.is_saved else Weight.ACT
    return Story(Finding("not-renewed", weight, seen, meaning, todo, Certainty.CERTAIN), run, tuple(matters))


def _recovered(run: Run) -> Story | None:
    """It went well in the end, and not at once."""
    matters = [
        one for one in run.of(Kind.RETRIED) if one.first.file_type == "lock" and one.first.lock and one.last.grew
    ]
    if matters:
        lock = matters[0].first.lock
        delay = describe_duration(matters[0].seconds)
        seen = f"restic could not read lock {lock} at first ({matters[0].count} tries, {delay}), and then went on."
        finding = Finding("outgrown-lock", Weight.LOOK, seen, _HALF_LISTED, f"{KEEP_AWAY}.", Certainty.CERTAIN, (lock,))
        return Story(finding, run, tuple(matters))
    waited = [one for one in run.of(Kind.WAITING) if one.last.pause]
    if waited and run.is_saved:
        seen = "restic waited for a lock of another, and then went on."
        meaning = "That is what --retry-lock is for."
        return Story(Finding("waited", Weight.NOTE, seen, meaning, "", Certainty.CERTAIN), run, tuple(waited))
    return None


def _retries(run: Run, lock: str) -> Matter | None:
    loads = (one for one in run.of(Kind.RETRIED) if one.first.action == "Load")
    return next((one for one in loads if one.first.lock[:8] == lock[:8]), None)


def _grew(run: Run, lock: str) -> bool:
    """Whether the file was longer than the listing had said."""
    told = (*run.of(Kind.RETRIED), *run.of(Kind.GAVE_UP), *run.of(Kind.CUT_GET))
    return any(one.last.grew for one in told if one.first.lock[:8] == lock[:8])


def _of(place: Whereabouts) -> str:
    return f" of {place.owner}" if place.owner else ""


def _first(place: Whereabouts) -> str:
    return place.verdict.file.id[:8] if place.verdict is not None else ""
