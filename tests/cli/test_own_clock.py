"""Our own clock on real shares: what this machine has seen itself decides what goes unattended."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.cli.make import HOUR, WEB1, WEB2
from tests.cli.run import environment, history, ids, list_locks, lockctl, state_of
from tests.cli.seeing import long_kept, seen_for
from tests.conftest import NewRepository
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

BEHIND = 5 * HOUR
JITTER = [timedelta(seconds=seconds) for seconds in (-2, 0, 2)]
"""Two runs look at moments of their own, and what they tell is cut to minutes."""


def memory_of(repository: Repository) -> Path:
    """The file that remembers what was seen."""
    (file,) = (path for path in (state_of(repository) / "sightings").iterdir() if len(path.name) == 64)
    return file


@pytest.fixture
def undated(new_repository: NewRepository) -> Repository:
    """A repository on a share that makes creation times up."""
    return new_repository("undated")


def test_where_every_other_clock_is_wrong(undated: Repository) -> None:
    """A client five hours behind on a share without clocks of its own: only having seen the file tells."""
    lock = aged_lock(undated, BEHIND, WEB1)
    for seconds in (10, 1740):
        seen_for(undated, seconds)
        early = lockctl(undated, "prune", "--yes", "--json")
        assert (early.status, early.json["removed"]) == (0, [])
    seen_for(undated, 1860)
    (seen,) = list_locks(undated)
    assert seen["state"] == "stale"
    (witness,) = (one for one in seen["witnesses"] if one["name"] == "own-clock")
    assert witness["says"] == "unchanged"
    assert witness["age_seconds"] >= 1860
    done = lockctl(undated, "prune", "--yes")
    assert done.status == 0, done.text
    assert f"removed {lock[:8]}" in done.stdout
    assert undated.lock_ids() == []
    assert [entry["outcome"] for entry in history(undated)] == ["removed"]


@pytest.mark.parametrize("place", ["smb", "disk"])
def test_what_others_call_stale_goes_after_twenty_two_minutes_and_a_half(repository: Repository, place: str) -> None:
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    address = str(repository.path) if place == "disk" else repository.address
    words = ["prune", "--yes", "--json", "-r", address]
    seen_for(repository, 1300, address=address)
    assert lockctl(repository, *words).json["removed"] == []
    seen_for(repository, 1400, address=address)
    done = lockctl(repository, *words)
    assert done.status == 0
    if place == "smb":
        assert ids(done.json["removed"]) == {lock}
    else:
        # The lab cannot set a birth time on a disk: by that the file is new, and half an hour is needed.
        assert done.json["removed"] == []
        seen_for(repository, 1860, address=address)
        assert ids(lockctl(repository, *words).json["removed"]) == {lock}


def midnight_minus(now: datetime, left: timedelta) -> timedelta:
    """How far a zone is ahead of UTC in which the day has so much left, to the minute."""
    passed = timedelta(hours=now.astimezone(UTC).hour, minutes=now.astimezone(UTC).minute)
    return (timedelta(days=1) - left - passed + timedelta(hours=12)) % timedelta(days=1) - timedelta(hours=12)


def posix_zone(ahead: timedelta) -> str:
    """A zone as TZ takes it, where what is ahead of UTC has a minus (8.3 of POSIX's Base Definitions)."""
    hours, minutes = divmod(abs(ahead) // timedelta(minutes=1), 60)
    return f"LAB{'-' if ahead > timedelta() else '+'}{hours:02}:{minutes:02}"


def waiting(seen: datetime, goes: datetime) -> str:
    """What is told of a lock that waits, to the minute, and with the day where it is another."""
    last = goes + timedelta(minutes=1)
    day = "" if seen.date() == last.date() else f"{last:%Y-%m-%d} "
    return f"seen here since {seen:%H:%M}; can go after {day}{last:%H:%M}"


def test_the_first_run_waits_and_tells_until_when(repository: Repository) -> None:
    """It cannot know whether its memory will be there for the next one, and says so."""
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    first = lockctl(repository, "prune", "--yes", "--json")
    assert (first.status, first.json["removed"]) == (3, [])
    (kept,) = first.json["kept"]
    now, until = (datetime.fromisoformat(text) for text in (first.json["clock"]["local"], kept["can_go_after"]))
    assert (kept["id"], kept["state"]) == (lock, "stale")
    assert timedelta(seconds=1340) < until - now <= timedelta(seconds=1350)
    assert f"no earlier run is remembered: {state_of(repository)}/sightings was made 0 s ago" in first.stderr
    long_kept(state_of(repository))
    for ahead in (timedelta(hours=5, minutes=30), midnight_minus(now, timedelta(minutes=10))):
        later = lockctl({**environment(repository), "TZ": posix_zone(ahead)}, "prune", "--yes")
        assert later.status == 0
        zone = timezone(ahead)
        expected = {waiting((now + a).astimezone(zone), (until + b).astimezone(zone)) for a in JITTER for b in JITTER}
        assert any(f"not renewed for 2 h; {text}" in later.stdout for text in expected), later.stdout
    assert lockctl(repository, "prune", "--yes", "--quiet").text == "", "what waits is no news for cron"
    seen_for(repository)
    assert ids(lockctl(repository, "prune", "--yes", "--json").json["removed"]) == {lock}


def test_a_quiet_first_run_says_that_it_has_no_memory(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    done = lockctl(repository, "prune", "--yes", "--quiet")
    assert (done.status, done.stdout) == (3, "")
    assert done.stderr.startswith("lockctl: warning: locks wait to be seen here for long enough")
    assert done.stderr.count("\n") == 1


def test_a_first_run_with_nothing_to_wait_for_is_done(repository: Repository) -> None:
    aged_lock(repository, 60, WEB1)
    done = lockctl(repository, "prune", "--yes", "--quiet")
    assert (done.status, done.text) == (0, "")


def in_the_way(repository: Repository) -> str:
    state_of(repository).mkdir()
    (state_of(repository) / "sightings").write_text("a file where a folder should be")
    return "cannot write"


def of_another_machine(repository: Repository) -> str:
    seen_for(repository)
    memory = memory_of(repository)
    fields: dict[str, Any] = json.loads(memory.read_text())
    memory.write_text(json.dumps({**fields, "machine": ["0" * 64, "db1"]}))
    return "was another machine's (db1)"


def damaged(repository: Repository) -> str:
    seen_for(repository)
    memory_of(repository).write_text("{")
    return "could not be read, and starts anew"


@pytest.mark.parametrize("spoil", [in_the_way, of_another_machine, damaged])
def test_a_memory_that_cannot_be_kept_is_told(repository: Repository, spoil: Callable[[Repository], str]) -> None:
    """The other witnesses stand, and a person may act on them; nobody else does."""
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    said = spoil(repository)
    done = lockctl(repository, "prune", "--yes", "--quiet")
    assert (done.status, done.stdout) == (3, "")
    assert said in done.stderr
    listed = lockctl(repository, "list", "--json")
    assert (listed.status, listed.stderr) == (0, "")
    assert [(one["id"], one["state"]) for one in listed.json["locks"]] == [(lock, "stale")]
    assert repository.lock_ids() == [lock]
    if spoil is not in_the_way:  # where the journal could not be written either
        assert lockctl(repository, "prune", tty=True, stdin="y\n").status == 0
        assert repository.lock_ids() == []


@pytest.mark.parametrize("words", [["--yes"], []], ids=["cron", "a person"])
def test_a_clock_that_steps_an_hour_between_two_runs(repository: Repository, words: list[str]) -> None:
    """The server's clock, and its own job's: by both the lock is an hour old. Five minutes ago it was not there."""
    stale = aged_lock(repository, 2 * HOUR, WEB2)
    seen_for(repository, 300)
    lock = aged_lock(repository, HOUR, WEB1)
    states = {one["id"]: (one["state"], one["reasons"][0]["text"]) for one in list_locks(repository)}
    assert states[stale][0] == "stale"
    assert states[lock][0] == "active"
    refuted = r"the owner's clock says 1 h, the server's clock says 1 h, but 5 min( \d+ s)? ago it was not there"
    assert re.search(refuted, states[lock][1])
    for _ in range(3):
        done = lockctl(repository, "prune", *words, tty=not words, stdin="y\n")
        assert done.status == 0, done.text
        assert lock in repository.lock_ids()


def test_a_file_that_came_again_is_seen_for_the_first_time(repository: Repository) -> None:
    """What was not there in between did not stand there."""
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    path = repository.path / "locks" / lock
    data = path.read_bytes()
    seen_for(repository)
    path.unlink()
    assert list_locks(repository) == []
    path.write_bytes(data)
    repository.samba.give(path)
    (anew,) = list_locks(repository)
    assert anew["seen_seconds"] == 0
    assert [one["says"] for one in anew["witnesses"] if one["name"] == "own-clock"] == [None]
