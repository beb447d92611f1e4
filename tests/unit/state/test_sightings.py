"""The memory on disk: what is kept of it, whose it is, and what is said where it cannot be kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lockctl.clock.boot import this_instant
from lockctl.repository.lock import LockFile, Problem
from lockctl.state.machine import Host, moment_at
from lockctl.state.memory import Moment
from lockctl.state.sightings import KEPT_SECONDS, Sightings
from tests.unit.making import make_file, make_lock

START = Moment("boot-1", 1000.0, 5000.0, 50_000.0, 70_000.0)
LATER = Moment("boot-1", 4600.0, 8600.0, 53_600.0, 73_600.0)
LOCK = make_file(make_lock(0), name="a" * 64)
CUT = make_file(None, name="b" * 64, problem=Problem.INCOMPLETE)
HERE = Host(("1" * 64, ""), "here")
ELSEWHERE = Host(("2" * 64, ""), "db1")


def note(folder: Path, now: Moment, *files: LockFile, machine: Host = HERE, repository: str = "x") -> tuple[float, str]:
    """What a run of its own finds out: for how long LOCK stands there, and what is wrong with the memory.

    The folder was made an hour ago, where it is a folder.
    """
    age(folder, 3600)
    memory, problem = Sightings(folder, machine).note(repository, files or [LOCK], now)
    return memory.seen()[LOCK.id].at_least, problem


def age(folder: Path, seconds: float) -> None:
    """Let this folder have been made so long ago."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
    if folder.is_dir() and not folder.is_symlink():
        (folder / "lock").touch(mode=0o600)
        os.utime(folder / "lock", (time.time() - seconds,) * 2)


def memory_file(folder: Path) -> Path:
    (file,) = (path for path in folder.iterdir() if len(path.name) == 64)
    return file


def test_one_run_remembers_for_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "state/sightings"
    age(folder, 3600)
    memory, _ = Sightings(folder, HERE).note("x", [LOCK, CUT], START)
    again, problem = Sightings(folder, HERE).note("x", [LOCK, CUT], LATER)
    assert again == memory.look([LOCK, CUT], LATER)
    assert {name: seen.at_least for name, seen in again.seen().items()} == {LOCK.id: 3600, CUT.id: 3600}
    assert problem == ""


def test_another_repository_is_another(tmp_path: Path) -> None:
    note(tmp_path, START)
    assert note(tmp_path, LATER, repository="y") == (0, "")


def test_a_folder_in_which_nothing_can_have_been_seen_for_long_enough_is_told(tmp_path: Path) -> None:
    """Else a run would wait for ever whose folder is new each time, as in a container without a volume.

    Whatever else looked in it before: a list of the same repository, a prune of another one.
    """
    folder = tmp_path / "sightings"
    for repository in ("x", "x", "y"):
        _, problem = Sightings(folder, HERE).note(repository, [LOCK], START)
        assert problem.startswith(f"{folder} was made 0 s ago.")
    age(folder, 1300)
    assert "was made 21 min" in Sightings(folder, HERE).note("x", [LOCK], LATER)[1]
    age(folder, 1400)
    assert Sightings(folder, HERE).note("x", [LOCK], LATER)[1] == ""


def test_what_was_wrong_at_first_is_told_for_all_of_the_run(tmp_path: Path) -> None:
    note(tmp_path, START)
    memory_file(tmp_path).write_text("{")
    sightings = Sightings(tmp_path, HERE)
    for moment in (START, LATER):
        assert "starts anew" in sightings.note("x", [LOCK], moment)[1]


def test_a_folder_that_was_made_in_the_future_is_not_young(tmp_path: Path) -> None:
    """The clock was wrong then."""
    age(tmp_path, -86400)
    assert Sightings(tmp_path, HERE).note("x", [LOCK], START)[1] == ""


def test_a_run_that_stays_remembers_what_it_saw_itself(tmp_path: Path) -> None:
    """Where nothing can be written."""
    (tmp_path / "sightings").write_text("a file where a folder should be")
    sightings = Sightings(tmp_path / "sightings", HERE)
    for moment, stood in ((START, 0), (LATER, 3600)):
        memory, problem = sightings.note("x", [LOCK], moment)
        assert memory.seen()[LOCK.id].at_least == stood
        assert problem.startswith("cannot write ")


def test_a_memory_in_which_nothing_ever_adds_up_is_told(tmp_path: Path) -> None:
    """A container that keeps its volume and gets a new boot id with each start."""
    starts = [
        replace(START, boot_id=str(n), wall=START.wall + 3600 * n, server=START.server + 3600 * n, started=False)
        for n in range(3)
    ]
    assert note(tmp_path, starts[0]) == (0, "")
    for start in starts[1:]:
        stood, problem = note(tmp_path, start)
        assert stood == 0
        assert "does not add up" in problem


@pytest.mark.parametrize(("kind", "said"), [("tmpfs", "emptied at each start"), ("overlay", "container"), ("ext4", "")])
def test_where_a_new_folder_lies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, said: str) -> None:
    monkeypatch.setattr("lockctl.state.sightings.file_system", lambda _: kind)
    _, problem = Sightings(tmp_path / "sightings", HERE).note("x", [LOCK], START)
    assert said in problem
    assert ("It lies in" in problem) is bool(said)


def test_another_machines_memory_is_told_and_starts_anew(tmp_path: Path) -> None:
    note(tmp_path, START)
    stood, problem = note(tmp_path, LATER, machine=ELSEWHERE)
    assert stood == 0
    assert "another machine's (here)" in problem
    assert note(
        tmp_path, replace(LATER, awake=4700, boot=8700, wall=53_700), machine=replace(ELSEWHERE, hostname="new name")
    ) == (
        100,
        "",
    )


@pytest.mark.parametrize("damage", [b"", b"[", b"null", b"[[1]]", b"[" * 100_000, b'{"machine": ["x"]}', b"\xff"])
def test_a_damaged_memory_is_told_and_starts_anew(tmp_path: Path, damage: bytes) -> None:
    note(tmp_path, START)
    memory_file(tmp_path).write_bytes(damage)
    stood, problem = note(tmp_path, START)
    assert stood == 0
    assert "could not be read, and starts anew" in problem
    assert note(tmp_path, LATER) == (3600, "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("looked", None),
        ("looked", ["x", 1, 2, 3]),
        ("looked", ["x", 1e999, 0, 0, 0]),
        ("looked", ["x", 0, -1e300, 0, 0]),
        ("locks", {"a" * 64: [[136, 1], [0, 0], 1e999, None]}),
        ("locks", {"a" * 64: [[136, 1], [0, 0], 1e300, None]}),
        ("locks", {"a" * 64: [[136, 1], [0, 0], -1, None]}),
        ("locks", {"a" * 64: [[136, 1], [0, 0], 0, 1e300]}),
        ("locks", {"a" * 64: [[136, 1], [0, 0], "x", None]}),
        ("locks", {"a" * 64: [[136, 1], [0], 1, None]}),
        ("locks", {"a" * 64: [[136, 1], [0, 0], 1]}),
        ("locks", [1]),
        ("machine", "x"),
    ],
)
def test_a_memory_with_a_strange_field_is_none(tmp_path: Path, field: str, value: object) -> None:
    note(tmp_path, START)
    file = memory_file(tmp_path)
    file.write_text(json.dumps({**json.loads(file.read_text()), field: value}))
    stood, problem = note(tmp_path, LATER)
    assert stood == 0
    assert "could not be read" in problem


def in_the_way(tmp_path: Path) -> Path:
    (tmp_path / "sightings").write_text("a file where a folder should be")
    return tmp_path / "sightings"


def folder_for_the_file(tmp_path: Path) -> Path:
    note(tmp_path, START)
    file = memory_file(tmp_path)
    file.unlink()
    (file / "x").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("spoil", [in_the_way, folder_for_the_file])
def test_what_cannot_be_written_is_told(tmp_path: Path, spoil: Callable[[Path], Path]) -> None:
    folder = spoil(tmp_path)
    stood, problem = note(folder, LATER)
    assert stood == 0
    assert problem.startswith(f"cannot write {folder}: ")
    assert "--state-dir" in problem


def test_a_repository_that_nobody_looks_at_is_forgotten_after_months(tmp_path: Path) -> None:
    """Not by their number: of many that are looked at by turns each would be forgotten before its turn."""
    for number in range(300):
        note(tmp_path, START, repository=str(number))
    kept = [path for path in tmp_path.iterdir() if len(path.name) == 64]
    assert len(kept) == 300
    for path in kept[:5]:
        os.utime(path, (time.time() - KEPT_SECONDS - 60,) * 2)
    note(tmp_path, START, repository="another")
    assert {path for path in tmp_path.iterdir() if len(path.name) == 64} >= set(kept[5:])
    assert not any(path.exists() for path in kept[:5])


def test_runs_that_were_killed_while_writing_leave_one_file_at_most(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from lockctl.state.sightings import Sightings\n"
        "from tests.unit.state.test_sightings import HERE, LOCK, START\n"
        "Path.replace = lambda *_: os._exit(9)\n"
        "Sightings(Path(sys.argv[1]), HERE).note('x', [LOCK], START)\n"
    )
    for _ in range(3):
        assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False).returncode == 9
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock", "unfinished"]
    note(tmp_path, START)
    assert {path.name for path in tmp_path.iterdir()} == {"lock", memory_file(tmp_path).name}


def test_it_is_for_its_owners_eyes_only(tmp_path: Path) -> None:
    folder = tmp_path / "sightings"
    note(folder, START)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_two_runs_at_once_lose_nothing(tmp_path: Path) -> None:
    """Many processes note the same lock, and none counts an interval that another has counted."""
    age(tmp_path, 3600)
    started = this_instant()
    Sightings(tmp_path, HERE).note("x", [LOCK], moment_at(started, 0))
    script = (
        "import sys; from pathlib import Path; from lockctl.clock.boot import this_instant\n"
        "from lockctl.state.machine import moment_at; from lockctl.state.sightings import Sightings\n"
        "from tests.unit.state.test_sightings import HERE, LOCK\n"
        "for _ in range(20): Sightings(Path(sys.argv[1]), HERE).note('x', [LOCK], moment_at(this_instant(), 0))\n"
    )
    runs = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(4)]
    assert [run.wait(60) for run in runs] == [0] * 4
    ended = this_instant()
    memory, problem = Sightings(tmp_path, HERE).note("x", [LOCK], moment_at(ended, 0))
    assert memory.seen()[LOCK.id].at_least == pytest.approx(ended.boot - started.boot, abs=0.5)
    assert problem == ""
