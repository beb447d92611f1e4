"""The kept key file on disk: for its owner's eyes only, one for each address, and nothing where it is not ours."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from lockctl.state.files import name_of
from lockctl.state.keycache import KeyCache

ADDRESS = "smb://backup@nas/backup/restic"
LIMIT = 2**20


def link_to_a_key(path: Path) -> None:
    path.with_name("target").write_bytes(b"planted")
    path.symlink_to("target")


def test_what_was_kept_is_there_for_the_next_run(tmp_path: Path) -> None:
    folder = tmp_path / "state/keys"
    assert KeyCache(folder, ADDRESS).read(LIMIT) == b""
    KeyCache(folder, ADDRESS).keep(b"first")
    KeyCache(folder, ADDRESS).keep(b"second")
    assert KeyCache(folder, ADDRESS).read(LIMIT) == b"second"
    assert KeyCache(folder, ADDRESS).read(3) == b"sec"
    assert KeyCache(folder, "smb://other/share").read(LIMIT) == b""
    assert {path.name for path in folder.iterdir()} == {name_of(ADDRESS), "lock"}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())


@pytest.mark.parametrize("plant", [link_to_a_key, os.mkfifo, Path.mkdir])
def test_what_was_planted_is_ignored(tmp_path: Path, plant: Callable[[Path], object]) -> None:
    plant(tmp_path / name_of(ADDRESS))
    assert KeyCache(tmp_path, ADDRESS).read(LIMIT) == b""


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    link_to_a_key(tmp_path / name_of(ADDRESS))
    KeyCache(tmp_path, ADDRESS).keep(b"key")
    assert KeyCache(tmp_path, ADDRESS).read(LIMIT) == b"key"
    assert (tmp_path / "target").read_bytes() == b"planted"


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """A limit on the size of files stands for it. What earlier versions left is removed as soon as one is kept."""
    (tmp_path / f"{name_of(ADDRESS)}.123").touch()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError):
            KeyCache(tmp_path, ADDRESS).keep(bytes(200))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    KeyCache(tmp_path, ADDRESS).keep(b"key")
    assert {path.name for path in tmp_path.iterdir()} == {name_of(ADDRESS), "lock"}
