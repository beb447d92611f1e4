"""Our own clock: what counts as certainly seen, across clocks that are set, restarts, and two runs at once."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lockctl.deadline import boottime
from lockctl.sightings import (
    MAX_LOCKS,
    MAX_REPOSITORIES,
    NAMESAKE_SECONDS,
    TRIAL_SECONDS,
    Memory,
    Moment,
    Sightings,
    is_first_start,
    moment_at,
)
from lockctl.transport.base import CreationTrial, Entry
from tests.unit.making import FOLLOWED, KEPT, ONE_CLOCK, REFUSED, make_entry

START = Moment("boot-1", 1000.0, 50_000.0)
LOCK = make_entry("a" * 64, 130, 100, 100)


def later(seconds: float, wall: float | None = None, boot_id: str = "boot-1", boot: float | None = None) -> Moment:
    """A moment after START; `wall` is by how much the wall clock moved, where not by the same."""
    moved = seconds if wall is None else wall
    return Moment(boot_id, START.boot + seconds if boot is None else boot, START.wall + moved)


def ages(memory: Memory) -> dict[str, float]:
    return {str(name): sighting.age for (name, *_), sighting in memory.sightings.items()}


@pytest.mark.parametrize(
    ("moments", "age"),
    [
        ([START], 0),
        ([START, later(600)], 600),
        ([START, later(600), later(1900)], 1900),
        ([START, later(600, wall=86400)], 600),
        ([START, later(600, wall=300)], 300),
        ([START, later(600, wall=-300)], 0),
        ([START, later(600), later(900, boot_id="boot-2", boot=5)], 605),
        ([START, later(600), later(900, boot_id="boot-2", boot=5), later(1000, boot_id="boot-2", boot=105)], 705),
        ([START, later(600, boot_id="boot-2", boot=5), later(1000, boot_id="boot-3", boot=5)], 10),
        ([START, later(600, wall=100, boot_id="boot-2", boot=500)], 100),
        ([START, later(600, wall=-100, boot_id="boot-2", boot=500)], 0),
        ([START, later(600, boot_id="unknown 7-7", boot=500)], 0),
        ([START, later(600), later(300)], 600),
    ],
)
def test_what_is_certain(tmp_path: Path, moments: list[Moment], age: float) -> None:
    """The smaller of both clocks; after a restart all of the uptime, for it stood there before and still does."""
    sightings = Sightings(tmp_path, "id", "address")
    for moment in moments:
        memory = sightings.note([LOCK], moment)
    assert ages(memory) == {LOCK.name: age}


@pytest.mark.parametrize(
    "other",
    [
        replace(LOCK, file_id=LOCK.file_id + 1),
        replace(LOCK, written=LOCK.written + 100),
        replace(LOCK, size=LOCK.size + 1),
        replace(LOCK, name="b" * 64),
    ],
)
def test_another_instance_is_seen_for_the_first_time(tmp_path: Path, other: Entry) -> None:
    sightings = Sightings(tmp_path, "id", "address")
    sightings.note([LOCK], START)
    assert ages(sightings.note([other], later(3600))) == {other.name: 0}


def test_a_creation_time_that_moves_is_no_other_instance(tmp_path: Path) -> None:
    """Where a server makes creation times up, they move when a file is read."""
    sightings = Sightings(tmp_path, "id", "address")
    sightings.note([LOCK], START)
    assert ages(sightings.note([replace(LOCK, created=7)], later(3600))) == {LOCK.name: 3600}


def test_what_was_not_there_in_between_is_forgotten(tmp_path: Path) -> None:
    sightings = Sightings(tmp_path, "id", "address")
    sightings.note([LOCK], START)
    sightings.note([], later(10))
    assert ages(sightings.note([LOCK], later(3600))) == {LOCK.name: 0}


def test_a_copy_of_a_repository_is_another(tmp_path: Path) -> None:
    Sightings(tmp_path, "id", "address").note([LOCK], START)
    assert ages(Sightings(tmp_path, "id", "elsewhere").note([LOCK], later(3600))) == {LOCK.name: 0}
    assert ages(Sightings(tmp_path, "other", "address").note([LOCK], later(3600))) == {LOCK.name: 0}


@pytest.mark.parametrize(
    ("looks", "at_most"),
    [
        ([[LOCK]], None),
        ([[], [LOCK]], 100),
        ([[], [LOCK], [LOCK]], 200),
        ([[LOCK], [replace(LOCK, file_id=LOCK.file_id + 1)]], None),
        ([[], [LOCK], []], None),
        ([[], [LOCK], [], [LOCK]], 100),
    ],
    ids=["first look", "came", "came and stayed", "another instance of the name", "went", "came again"],
)
def test_what_was_not_there_before_is_not_older(tmp_path: Path, looks: list[list[Entry]], at_most: float) -> None:
    """A look each hundred seconds."""
    sightings = Sightings(tmp_path, "id", "address")
    for number, entries in enumerate(looks):
        memory = sightings.note(entries, later(100.0 * number))
    assert [sighting.at_most for sighting in memory.sightings.values()] == ([at_most] if looks[-1] else [])


def test_a_restart_leaves_the_bound_behind(tmp_path: Path) -> None:
    """Nobody counted while this machine was off."""
    sightings = Sightings(tmp_path, "id", "address")
    sightings.note([], START)
    sightings.note([LOCK], later(100))
    (sighting,) = sightings.note([LOCK], later(900, boot_id="boot-2", boot=5)).sightings.values()
    assert sighting.at_most is None


def test_a_listing_that_is_too_long_proves_no_absence(tmp_path: Path) -> None:
    sightings = Sightings(tmp_path, "id", "address")
    many = [replace(LOCK, name=f"{number:064x}") for number in range(MAX_LOCKS + 1)]
    sightings.note(many, START)
    (sighting,) = sightings.note([LOCK], later(100)).sightings.values()
    assert sighting.at_most is None


def test_a_look_that_is_noted_late_undoes_nothing(tmp_path: Path) -> None:
    """Of two runs at once the older look may be noted after the newer one."""
    sightings = Sightings(tmp_path, "id", "address")
    sightings.note([], START)
    sightings.note([LOCK], later(100))
    sightings.note([], later(50))
    assert ages(sightings.note([LOCK], later(200))) == {LOCK.name: 100}


@pytest.mark.parametrize(
    ("trial", "after", "wall", "remembered"),
    [
        (KEPT, 100, 100, True),
        (FOLLOWED, 100, 100, True),
        (REFUSED, 100, 100, False),
        (ONE_CLOCK, 100, 100, False),
        (KEPT, TRIAL_SECONDS - 1, TRIAL_SECONDS - 1, True),
        (KEPT, TRIAL_SECONDS, TRIAL_SECONDS, False),
        (KEPT, 100, -1, False),
    ],
)
def test_an_experiment_is_remembered_for_a_day(
    tmp_path: Path, trial: CreationTrial, after: float, wall: float, remembered: bool
) -> None:
    sightings = Sightings(tmp_path, "id", "address")
    sightings.note([LOCK], START, trial)
    assert sightings.note([LOCK], later(after, wall)).trial == (trial if remembered else None)


@pytest.mark.parametrize(
    ("field", "value"),
    [("looked", ["x", 1e999, 0]), ("trial", ["kept", 1e999, ["x", 1, 1]]), ("locks", [[[], 1, 2, 3, 4]])],
)
def test_a_memory_with_a_strange_field_is_none(tmp_path: Path, field: str, value: list[object]) -> None:
    sightings = Sightings(tmp_path, "id", "address")
    sightings.note([LOCK], START)
    (file,) = (path for path in tmp_path.iterdir() if len(path.name) == 64)
    file.write_text(json.dumps({**json.loads(file.read_text()), field: value}))
    assert ages(sightings.note([LOCK], later(3600))) == {LOCK.name: 0}


@pytest.mark.parametrize(
    ("stat", "first"),
    [("1 (init) S " + "0 " * 18 + "12 0", True), ("1 (a) b) S " + "0 " * 18 + "987654 0", False), ("", False)],
    ids=["a machine", "a container", "nothing"],
)
def test_a_container_that_starts_is_no_machine_that_starts(tmp_path: Path, stat: str, first: bool) -> None:
    """Some get a boot id of their own each time, and see their host's uptime."""
    (tmp_path / "1").mkdir()
    (tmp_path / "1/stat").write_text(stat)
    assert is_first_start(tmp_path) is first


@pytest.mark.parametrize("damage", [b"", b"[", b"null", b"[[1]]", b"[" * 100_000, b'[[["x"],[1,2],[3],"y"]]', b"\xff"])
def test_a_damaged_memory_is_none(tmp_path: Path, damage: bytes) -> None:
    sightings = Sightings(tmp_path, "id", "address")
    sightings.note([LOCK], START)
    (file,) = (path for path in tmp_path.iterdir() if len(path.name) == 64)
    file.write_bytes(damage)
    assert ages(sightings.note([LOCK], later(3600))) == {LOCK.name: 0}
    assert ages(sightings.note([LOCK], later(3700))) == {LOCK.name: 100}


def test_recall_notes_nothing(tmp_path: Path) -> None:
    sightings = Sightings(tmp_path / "not there", "id", "address")
    assert ages(sightings.recall([LOCK], START)) == {LOCK.name: 0}
    assert not (tmp_path / "not there").exists()


def test_it_stays_small(tmp_path: Path) -> None:
    """Neither a folder full of files nor many repositories fill the disk."""
    many = [replace(LOCK, name=f"{number:064x}") for number in range(MAX_LOCKS + 5)]
    assert len(Sightings(tmp_path, "id", "address").note(many, START).sightings) == MAX_LOCKS
    for number in range(MAX_REPOSITORIES + 5):
        Sightings(tmp_path, "id", str(number)).note([LOCK], START)
    assert len([path for path in tmp_path.iterdir() if len(path.name) == 64]) == MAX_REPOSITORIES


def test_it_is_for_its_owners_eyes_only(tmp_path: Path) -> None:
    folder = tmp_path / "sightings"
    Sightings(folder, "id", "address").note([LOCK], START)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_two_runs_at_once_lose_nothing(tmp_path: Path) -> None:
    """Many processes note the same lock; its first sight stays the first."""
    sightings = Sightings(tmp_path, "id", "address")
    sightings.note([LOCK], moment_at(boottime()))
    script = (
        "import sys; from pathlib import Path; from lockctl.sightings import Sightings, moment_at\n"
        "from lockctl.deadline import boottime; from lockctl.transport.base import Entry\n"
        f"lock = {LOCK!r}\n"
        "for _ in range(20): Sightings(Path(sys.argv[1]), 'id', 'address').note([lock], moment_at(boottime()))\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(4)]
    assert [run.wait(60) for run in runs] == [0] * 4
    now = moment_at(boottime() + 1000)
    assert ages(sightings.note([LOCK], now))[LOCK.name] >= 1000


def test_a_moment_of_the_past() -> None:
    """A moment is taken back to when the answer came, by both clocks alike."""
    now, then = moment_at(boottime()), moment_at(boottime() - 100)
    assert now.boot_id == then.boot_id
    assert now.wall - then.wall == pytest.approx(now.boot - then.boot, abs=0.1)


@pytest.mark.parametrize(
    ("looks", "found"),
    [
        ([{"a": "x"}], False),
        ([{"a": "x"}, {"a": "x"}], False),
        ([{"a": "x"}, {"a": "x", "b": "x"}], True),
        ([{"a": "x"}, {"b": "x"}], True),
        ([{"a": "x"}, {"b": "y"}], False),
        ([{"a": "x"}, {}, {"b": "x"}], False),
        ([{"a": "x"}, {"b": "x"}, {"b": "x"}], True),
    ],
    ids=["once", "unchanged", "two", "renewed", "another owner", "it had gone", "remembered"],
)
def test_another_machine_of_this_name(tmp_path: Path, looks: list[dict[str, str]], found: bool) -> None:
    """Locks that bear this machine's name, by owner: one without a process here was renewed, so it runs elsewhere."""
    sightings = Sightings(tmp_path, "id", "address")
    for number, strangers in enumerate(looks):
        entries = [replace(LOCK, name=name) for name in strangers]
        memory = sightings.note(entries, later(100.0 * number), None, strangers)
    assert (memory.namesake is not None) is found


def test_another_machine_is_forgotten_some_day(tmp_path: Path) -> None:
    sightings = Sightings(tmp_path, "id", "address")
    sightings.note([LOCK], START, None, {LOCK.name: "x"})
    sightings.note([replace(LOCK, name="b")], later(1), None, {"b": "x"})
    assert sightings.note([], later(NAMESAKE_SECONDS)).namesake is not None
    assert sightings.note([], later(NAMESAKE_SECONDS + 1)).namesake is None
