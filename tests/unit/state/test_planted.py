"""What was planted where the memory lies, and a disk that is full: nothing is believed, followed or lost."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.state.test_sightings import LATER, START, memory_file, note


def link_to_it(path: Path) -> None:
    path.rename(path.with_name("target"))
    path.symlink_to("target")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("plant", "reason"), [(link_to_it, "a symbolic link stands there"), (pipe, "not a regular file")]
)
def test_what_was_planted_in_place_of_a_memory_is_told(
    tmp_path: Path, plant: Callable[[Path], None], reason: str
) -> None:
    """Another's file is neither believed nor written to, and a FIFO does not hang the run."""
    note(tmp_path, START)
    file = memory_file(tmp_path)
    before = file.read_bytes()
    plant(file)
    assert note(tmp_path, LATER) == (0, f"{file} could not be read, and starts anew: {reason}")
    assert note(tmp_path, replace(LATER, awake=4700, boot=8700, wall=53_700)) == (100, "")
    assert not (tmp_path / "target").exists() or (tmp_path / "target").read_bytes() == before


@pytest.mark.parametrize("plant", [link_to_it, pipe])
def test_what_was_planted_in_place_of_the_lock_of_the_folder_is_told(
    tmp_path: Path, plant: Callable[[Path], None]
) -> None:
    """Nothing that is known is lost for that."""
    note(tmp_path, START)
    plant(tmp_path / "lock")
    stood, problem = note(tmp_path, LATER)
    assert stood == 3600
    assert problem.startswith(f"cannot write {tmp_path}: ")
    (tmp_path / "lock").unlink()
    assert note(tmp_path, LATER) == (3600, "")


def test_a_folder_that_is_a_link_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "sightings").symlink_to("elsewhere")
    assert note(tmp_path / "sightings", START)[1].startswith(f"cannot write {tmp_path}/sightings: a symbolic link")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_full_disk_costs_one_look_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A limit on the size of files stands for it."""
    note(tmp_path, START)
    file = memory_file(tmp_path)
    (tmp_path / f"{file.name}.123").touch()
    before, limits = file.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        stood, problem = note(tmp_path, LATER)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (stood, problem.startswith(f"cannot write {tmp_path}: File too large")) == (3600, True)
    assert file.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"lock", file.name, f"{file.name}.123"}
    assert note(tmp_path, LATER) == (3600, "")
    assert {path.name for path in tmp_path.iterdir()} == {"lock", file.name}


@pytest.mark.parametrize("which", ["file", "folder", "state folder"])
def test_what_others_could_have_written_is_told_and_starts_anew(tmp_path: Path, which: str) -> None:
    """It lets locks go without asking: whoever can write it must not decide that."""
    folder = tmp_path / "state/sightings"
    note(folder, START)
    path = {"file": memory_file(folder), "folder": folder, "state folder": folder.parent}[which]
    path.chmod(0o777)
    stood, problem = note(folder, LATER)
    assert stood == 0
    assert f"others can write {path}" in problem


def test_what_belongs_to_another_user_is_told_and_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note(tmp_path, START)
    if os.geteuid() == 0:
        os.chown(memory_file(tmp_path), 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    stood, problem = note(tmp_path, LATER)
    assert stood == 0
    assert "it belongs to another user (uid " in problem
