"""Our own clock: what counts as certainly seen, across clocks that are set, sleep, restarts and machines by turns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.repository.lock import LockFile, Problem
from lockctl.state.memory import MAX_LOCKS, Memory, Moment, Seen
from tests.unit.making import make_file, make_lock

START = Moment("boot-1", 1000.0, 5000.0, 50_000.0, 70_000.0)
LOCK = make_file(make_lock(0), name="a" * 64)
CUT = make_file(None, name="b" * 64, problem=Problem.INCOMPLETE)


def later(
    seconds: float, *, boot: float | None = None, wall: float | None = None, server: float | None = None
) -> Moment:
    """A moment after START; by how much the other clocks moved, where not by the same."""
    passed = [seconds if one is None else one for one in (boot, wall, server)]
    return Moment(
        START.boot_id,
        START.awake + seconds,
        START.boot + passed[0],
        START.wall + passed[1],
        START.server + passed[2],
    )


def restarted(seconds: float, uptime: float, name: str = "boot-2") -> Moment:
    """A moment after START, `uptime` seconds after a restart."""
    return replace(later(seconds), boot_id=name, awake=uptime, boot=uptime)


def remember(*looks: tuple[Moment, list[LockFile]]) -> Memory:
    memory = Memory()
    for now, files in looks:
        memory = memory.look(files, now)
    return memory


def stood(*moments: Moment) -> float:
    """Seconds that LOCK has stood there after looks at these moments that all showed it."""
    return remember(*((moment, [LOCK]) for moment in moments)).seen()[LOCK.id].at_least


@pytest.mark.parametrize(
    ("moments", "seconds"),
    [
        ([START], 0),
        ([START, later(600)], 600),
        ([START, later(600), later(1900)], 1900),
        ([START, later(600, wall=86400)], 600),
        ([START, later(600, wall=300)], 300),
        ([START, later(600, wall=-300)], 0),
        ([START, later(600, wall=-9e9), later(700, wall=-9e9 + 100)], 100),
        ([START, later(60, boot=7200, wall=7200)], 60),
        ([START, later(600, server=0)], 600),
        ([START, later(600), later(300)], 600),
    ],
    ids=[
        "first sight",
        "a look",
        "two looks",
        "the wall clock was set forward",
        "it was set back a little",
        "it was set back",
        "it was set back for good: that costs one interval",
        "an RTC moved what tells of sleep: only the time awake counts",
        "the server's clock is no witness within a boot",
        "a look that is noted late undoes nothing",
    ],
)
def test_what_is_certain(moments: list[Moment], seconds: float) -> None:
    assert stood(*moments) == seconds


@pytest.mark.parametrize(
    ("moments", "seconds"),
    [
        ([START, restarted(3600, 300)], 300),
        ([START, later(600), restarted(3600, 300)], 900),
        ([START, *(restarted(86400 * day, 300, f"day {day}") for day in range(1, 6))], 1500),
        ([START, replace(restarted(3600, 300), wall=START.wall + 100)], 100),
        ([START, replace(restarted(3600, 300), wall=START.wall - 100)], 0),
        ([START, replace(restarted(3600, 9000), server=START.server + 5)], 5),
        ([START, replace(restarted(3600, 300), started=False)], 0),
    ],
    ids=[
        "the uptime since",
        "what was seen before it, and the uptime",
        "five minutes after each day's start",
        "no more than the wall clock",
        "the wall clock was wrong at the start",
        "another machine's look, five seconds ago by the server's clock",
        "a container was started, not a machine",
    ],
)
def test_what_is_certain_after_a_restart(moments: list[Moment], seconds: float) -> None:
    """It stood there before and still does; while the machine was off nobody counted."""
    assert stood(*moments) == seconds


def test_two_machines_that_write_one_memory_by_turns_make_no_age() -> None:
    """Each interval is counted by the clock of one machine, and none twice."""
    other = [replace(restarted(seconds, 90_000 + seconds), started=False) for seconds in range(5, 600, 10)]
    ours = [later(seconds) for seconds in range(0, 600, 10)]
    assert stood(*sorted([*ours, *other], key=lambda moment: moment.server)) <= 600


RENUMBERED = replace(LOCK, entry=replace(LOCK.entry, file_id=9, created=7, written=LOCK.entry.written + 2 * 10**9))


@pytest.mark.parametrize(
    ("before", "after", "seconds"),
    [
        (LOCK, RENUMBERED, 3600),
        (LOCK, replace(LOCK, content=Problem.SEALED), 3600),
        (LOCK, replace(LOCK, content=Problem.UNDECODABLE), 3600),
        (LOCK, replace(LOCK, entry=replace(LOCK.entry, name="c" * 64)), 0),
        (replace(CUT, entry=replace(LOCK.entry, size=60)), LOCK, 0),
        (CUT, CUT, 3600),
        (CUT, replace(CUT, entry=replace(CUT.entry, file_id=9, created=7)), 3600),
        (CUT, replace(CUT, entry=replace(CUT.entry, size=61)), 0),
        (CUT, replace(CUT, entry=replace(CUT.entry, written=1)), 0),
    ],
    ids=[
        "a server that numbers and dates anew",
        "without the key",
        "by another key",
        "another name",
        "it was being written",
        "cut short",
        "cut short and renumbered",
        "it grew",
        "it was written again",
    ],
)
def test_what_is_the_same_file(before: LockFile, after: LockFile, seconds: float) -> None:
    """The name of a sound lock is the hash of its bytes; of what is none, size and last write tell."""
    memory = remember((START, [before]), (later(3600), [after]))
    assert memory.seen()[after.id].at_least == seconds


def test_what_was_not_there_in_between_is_forgotten() -> None:
    memory = remember((START, [LOCK]), (later(10), []), (later(3600), [LOCK]))
    assert memory.seen() == {LOCK.id: Seen(0, 3590)}


@pytest.mark.parametrize(
    ("looks", "at_most"),
    [
        ([[LOCK]], None),
        ([[], [LOCK]], 100),
        ([[], [LOCK], [LOCK]], 200),
        ([[CUT], [LOCK, CUT]], 100),
        ([[], [replace(LOCK, content=Problem.INCOMPLETE)], [LOCK]], 100),
        ([[replace(LOCK, content=Problem.INCOMPLETE)], [LOCK]], 100),
        ([[], [replace(LOCK, content=Problem.UNREADABLE)], [LOCK]], 200),
        ([[replace(LOCK, content=Problem.UNREADABLE)], [LOCK]], None),
        ([[], [LOCK], []], None),
        ([[], [LOCK], [], [LOCK]], 100),
    ],
    ids=[
        "first look",
        "came",
        "came and stayed",
        "beside others",
        "came and was completed",
        "was completed",
        "came and could be read",
        "could be read",
        "went",
        "came again",
    ],
)
def test_what_was_not_there_before_is_not_older(looks: list[list[LockFile]], at_most: float | None) -> None:
    """A look each hundred seconds."""
    seen = remember(*((later(100.0 * number), files) for number, files in enumerate(looks))).seen()
    assert (seen[LOCK.id].at_most if LOCK.id in seen else None) == at_most


def test_sleep_counts_in_what_was_not_there_before() -> None:
    """By the clock that tells of sleep: a lock can have come while this machine slept."""
    memory = remember((START, []), (later(10, boot=7200, wall=7200), [LOCK]))
    assert memory.seen() == {LOCK.id: Seen(0, 7200)}


def test_a_restart_leaves_the_bound_behind() -> None:
    """Nobody counted while this machine was off."""
    memory = remember((START, []), (later(100), [LOCK]), (restarted(900, 5), [LOCK]), (restarted(1000, 105), [LOCK]))
    assert memory.seen() == {LOCK.id: Seen(105, None)}


def test_a_listing_that_is_too_long_proves_no_absence() -> None:
    many = [replace(LOCK, entry=replace(LOCK.entry, name=f"{number:064x}")) for number in range(MAX_LOCKS + 1)]
    memory = remember((START, many))
    assert len(memory.sightings) == MAX_LOCKS
    assert memory.look([LOCK], later(100)).seen() == {LOCK.id: Seen(0, None)}


def test_strangers_files_are_not_remembered() -> None:
    assert remember((START, [make_file(None, name="f" * 63, problem=Problem.FOREIGN)])).sightings == {}


def test_what_grew_before_our_eyes_is_not_older() -> None:
    """Whatever its creation says: it was written after the look before."""
    grown = replace(CUT, entry=replace(CUT.entry, size=CUT.entry.size + 60))
    assert remember((START, [CUT]), (later(5), [grown])).seen()[CUT.id] == Seen(0, 5)


def test_a_machine_that_goes_on_from_a_snapshot_is_another() -> None:
    """It has the same boot id, and clocks of its own that stand where they stood then."""
    first = replace(START, awake=900.0, wall=START.wall + 3600, server=START.server + 3600)
    second = replace(first, awake=909.0, boot=START.boot + 9, wall=first.wall + 9)
    memory = remember((START, [LOCK]), (first, [LOCK]), (second, [LOCK]))
    assert memory.seen() == {LOCK.id: Seen(9)}


@pytest.mark.parametrize(
    ("moments", "stands"),
    [
        ([START], False),
        ([START, restarted(3600, 300)], False),
        ([START, replace(restarted(3600, 300), started=False)], True),
        ([START, replace(restarted(900, 300), started=False)], False),
        ([START, later(600, wall=-300)], False),
        ([START, restarted(86400, 300)], False),
        ([START, restarted(86400, 40)], True),
    ],
    ids=[
        "first sight",
        "a restart",
        "starts of a container",
        "not long ago",
        "a clock that was set",
        "five minutes a day",
        "forty seconds a day",
    ],
)
def test_whether_anything_adds_up(moments: list[Moment], stands: bool) -> None:
    assert remember(*((moment, [LOCK]) for moment in moments)).stands_still is stands
