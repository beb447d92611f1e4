"""What is told of a run, by the log alone and by what the share shows now."""

from __future__ import annotations

import pytest

from lockctl.diagnosis.findings import CURE, Certainty, Weight
from lockctl.diagnosis.logs.whereabouts import Known
from lockctl.liveness.evidence import State, Verdict
from lockctl.repository.lock import Problem
from lockctl.state.records import Origin, Outcome, Record, Removed
from tests.unit.diagnosis.logs.reading import (
    BLOCKED,
    BREAKER,
    GAVE_UP,
    INVALID,
    LENGTH,
    LOCK,
    OUTGROWN,
    SAVED,
    codes_of,
    stories_of,
)
from tests.unit.making import CONFIG, make_file, make_lock, make_survey, make_verdict

FULL = LOCK + "0" * 54
WHOLE = OUTGROWN * 20 + GAVE_UP + BREAKER
SOUND, BROKEN = make_lock(60), Problem.INCOMPLETE

CANCELLED = "Fatal: unable to create lock in backend: context canceled\n"
WAITING = "repo already locked, waiting up to 5m0s for the lock\n"


def standing(state: State, lock_id: str = FULL) -> Verdict:
    """The lock of the log, in this state."""
    broken = {State.WRITING: BROKEN, State.DAMAGED: BROKEN, State.UNDECODABLE: Problem.UNDECODABLE}.get(state)
    file = make_file(None if broken else SOUND, name=lock_id, problem=broken)
    return make_verdict(file, state, text="renewed 1 min ago")


def known(*verdicts: Verdict, records: tuple[Record, ...] = ()) -> Known:
    return Known(make_survey(verdicts), records)


def removed(lock_id: str = FULL) -> Record:
    lock = {"hostname": "web1", "pid": 4209, "username": "root"}
    what = Removed(lock_id, b"", "stale", "not renewed for 2 h", 7200.0, lock, 0)
    return Record("k", "2026-11-24T02:00:00Z", Origin("smb://n/s", None, "5"), what, {}, Outcome.REMOVED)


@pytest.mark.parametrize("log", [WHOLE, BREAKER, OUTGROWN * 20 + GAVE_UP])
@pytest.mark.parametrize(
    ("share", "means", "todo"),
    [
        (None, "Only the log was read", "Remove nothing. Start the backup again"),
        (known(), "It is not there any more", "Remove nothing. Start the backup again"),
        (known(standing(State.ACTIVE)), "stands there now and is sound, and its owner is at work", "Remove nothing."),
        (known(standing(State.STALE)), "and is sound, but stale", "'lockctl prune' removes that lock. Start"),
        (known(standing(State.WRITING)), "is not whole", "Wait until its owner has written it"),
        (known(standing(State.DAMAGED)), "is damaged", "'lockctl prune' removes that lock"),
        (known(records=(removed(),)), "lockctl removed it at 2026-11-24T02:00:00Z", "Remove nothing."),
    ],
)
def test_an_open_breaker(log: str, share: Known | None, means: str, todo: str) -> None:
    (story,) = stories_of(log, share)
    finding = story.finding
    assert (finding.code, finding.weight, finding.locks) == ("circuit-breaker", Weight.ACT, (LOCK,))
    assert LOCK in finding.seen
    assert means in finding.meaning
    assert finding.todo.startswith(todo)
    assert CURE in finding.todo


def test_the_owner_is_named_and_what_would_harm_him_is_said() -> None:
    (story,) = stories_of(WHOLE, known(standing(State.ACTIVE)))
    assert "of web1 (PID 4209, root) after 20 tries in 30 s" in story.finding.seen
    assert "Do not run 'restic unlock --remove-all'" in story.finding.todo
    assert story.finding.certainty is Certainty.CERTAIN


def test_an_exclusive_lock_is_waited_for() -> None:
    held = make_verdict(make_file(make_lock(60, exclusive=True), name=FULL), State.ACTIVE)
    (story,) = stories_of(WHOLE, known(held))
    assert story.finding.todo.startswith("Remove nothing. Start the backup again when its owner has ended")


def test_a_breaker_that_opened_for_another_error() -> None:
    log = WHOLE.replace(LENGTH, "connection reset")
    (story,) = stories_of(log)
    assert "The error was: connection reset" in story.finding.meaning
    assert story.finding.certainty is Certainty.LIKELY
    assert CURE not in story.finding.todo, "it would not help"


def test_an_owner_that_has_renewed_since() -> None:
    newer = make_verdict(make_file(make_lock(5), name="e" * 64), State.ACTIVE, text="renewed 5 s ago")
    (story,) = stories_of(BLOCKED, known(newer))
    assert "Its owner has a newer lock, eeeeeeee: renewed 5 s ago" in story.finding.meaning
    assert story.finding.todo.startswith("Remove nothing.")


@pytest.mark.parametrize(
    ("share", "todo"),
    [
        (None, "By its owner's clock it is stale"),
        (known(), "Nothing is left to remove"),
        (known(standing(State.ACTIVE, "31d3f10a" + "0" * 56)), "Remove nothing. Start again when that work has ended"),
        (known(standing(State.OVERDUE, "31d3f10a" + "0" * 56)), "Remove nothing."),
        (known(standing(State.DOUBTFUL, "31d3f10a" + "0" * 56)), "'lockctl prune --watch' makes sure"),
        (known(standing(State.STALE, "31d3f10a" + "0" * 56)), "'lockctl prune' removes it"),
    ],
)
def test_somebody_held_the_repository(share: Known | None, todo: str) -> None:
    (story,) = stories_of(BLOCKED, share)
    assert story.finding.code == "blocked"
    assert "web1 (PID 4209, root) had locked the repository exclusively (lock 31d3f10a" in story.finding.seen
    assert story.finding.todo.startswith(todo)


def test_a_lock_that_is_ahead_of_this_clock() -> None:
    (story,) = stories_of(BLOCKED.replace("26h3m0.641943135s", "-58m49s"))
    assert "its time is 58 min 49 s ahead" in story.finding.seen
    assert story.finding.todo.startswith("Remove nothing: two clocks differ")


@pytest.mark.parametrize(
    ("log", "share", "todo"),
    [
        (INVALID, None, "Look with 'lockctl list'"),
        (INVALID, known(), "Nothing is left to remove"),
        (INVALID, known(standing(State.WRITING)), "Wait some minutes"),
        (INVALID, known(standing(State.DAMAGED)), "'lockctl prune' removes it, and only it"),
        (INVALID, known(standing(State.ACTIVE)), "Remove nothing: it can be read now"),
        ("Fatal: ciphertext verification failed\n", known(standing(State.UNDECODABLE, "a" * 64)), "See 'lockctl show"),
        ("Fatal: ciphertext verification failed\n", known(standing(State.ACTIVE)), "Nothing is left to remove"),
    ],
)
def test_a_lock_that_could_not_be_read(log: str, share: Known | None, todo: str) -> None:
    (story,) = stories_of(log, share)
    assert story.finding.code == "invalid-lock"
    assert story.finding.todo.startswith(todo)
    if "remove-all" in log and share != known():
        assert "Do not run 'restic unlock --remove-all'" in story.finding.todo


def test_another_repository_is_not_joined_with_this_one() -> None:
    log = f"repository 12345678 opened (version 2)\n{WHOLE}"
    (story,) = stories_of(log, known(standing(State.ACTIVE)))
    assert "Only the log was read" in story.finding.meaning
    own = f"repository {CONFIG.id[:8] if CONFIG.id else ''} opened (version 2)\n{WHOLE}"
    (story,) = stories_of(own, known(standing(State.ACTIVE)))
    assert "is at work" in story.finding.meaning


def test_a_lock_that_was_removed_under_a_backup() -> None:
    log = f"Remove(<lock/{LOCK}>) returned error, retrying after 1s: <lock/{LOCK}> does not exist\n"
    (story,) = stories_of(SAVED + log, known(records=(removed(),)))
    assert story.finding.code == "lock-removed"
    assert "lockctl removed it at" in story.finding.meaning
    assert "restic check" in story.finding.todo


@pytest.mark.parametrize(
    ("log", "code", "weight"),
    [
        ("unable to refresh lock: x\nFatal: failed to refresh lock in time\n", "not-renewed", Weight.ACT),
        (f"unable to refresh lock: x\n{SAVED}", "not-renewed", Weight.LOOK),
        ("Fatal: wrong password or no key found\n", "wrong-password", Weight.ACT),
        ("Fatal: unable to save snapshot: No space left on device\n", "share-full", Weight.ACT),
        ("Fatal: whatever else\n", "other-failure", Weight.ACT),
        ("no parent snapshot found, will read all files\n", "unfinished", Weight.LOOK),
        (f"{OUTGROWN}Load(<lock/{LOCK}>, 0, 0) operation successful after 1 retries\n", "outgrown-lock", Weight.LOOK),
        (OUTGROWN + SAVED, "outgrown-lock", Weight.LOOK),
        (OUTGROWN, "outgrown-lock", Weight.ACT),
        (OUTGROWN + "Fatal: unable to save snapshot: no space left on device\n", "share-full", Weight.ACT),
        (OUTGROWN + "no parent snapshot found, will read all files\n", "outgrown-lock", Weight.LOOK),
        (OUTGROWN + BLOCKED, "blocked", Weight.ACT),
        (OUTGROWN + "signal interrupt received, cleaning up\n" + CANCELLED, "outgrown-lock", Weight.ACT),
        (WAITING + "Fatal: unable to save snapshot: no space left on device\n", "share-full", Weight.ACT),
    ],
)
def test_other_ends(log: str, code: str, weight: Weight) -> None:
    (story,) = stories_of(log)
    assert (story.finding.code, story.finding.weight) == (code, weight)


def test_the_same_is_told_once_and_counted() -> None:
    (story,) = stories_of(BLOCKED * 24)
    assert story.times == 24


def test_a_later_success_settles_what_failed_before() -> None:
    (story,) = stories_of(WHOLE + SAVED)
    assert story.finding.weight is Weight.LOOK
    assert story.finding.todo.startswith("Nothing now: a later run made its snapshot.")
    assert CURE in story.finding.todo
    (story,) = stories_of(SAVED + WHOLE)
    assert story.finding.weight is Weight.ACT


def test_little_is_kept_of_each_story() -> None:
    log = "".join(
        f"Load(<lock/{number:010x}>, 0, 0) returned error, retrying after 1s: {LENGTH}\n" for number in range(200)
    )
    (story,) = stories_of(log)
    assert len(story.matters) == 20
    assert story.run.matters == {}


def test_success_is_no_story() -> None:
    assert codes_of(SAVED * 10) == []
