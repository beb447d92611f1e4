"""Files of the state folder: nobody else's eyes, no links, no pipes, and nothing half written that stays."""

from __future__ import annotations

import os
import resource
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from lockctl.state.files import (
    describe_distrust,
    folder_lock,
    is_open_to_others,
    make_folder,
    name_of,
    open_regular,
    opened,
    read_regular,
    remove_left_over,
    write_whole,
)

NAME = name_of("x")


def link(path: Path) -> None:
    path.with_name("target").write_text("of somebody else")
    path.symlink_to("target")


def dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


PLANTS = [link, dangling_link, os.mkfifo, bound_socket, Path.mkdir]
"""What can stand where a file of ours should be."""


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_CREAT, os.O_RDWR | os.O_CREAT])
def test_only_regular_files_are_opened(tmp_path: Path, plant: Callable[[Path], object], flags: int) -> None:
    plant(tmp_path / "file")
    before, names = open_descriptors(), sorted(tmp_path.iterdir())
    with pytest.raises(OSError, match=r"symbolic link|regular file|directory"):
        open_regular(tmp_path / "file", flags)
    assert open_descriptors() == before
    assert sorted(tmp_path.iterdir()) == names


def test_a_file_is_read_and_closed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    before = open_descriptors()
    assert (read_regular(tmp_path / "file"), read_regular(tmp_path / "file", 3)) == (b"content", b"con")
    with opened(tmp_path / "file") as descriptor:
        assert not os.get_inheritable(descriptor)
    assert open_descriptors() == before


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_can_read_what_is_made(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_folder(tmp_path / "state/keys")
        write_whole(tmp_path / "state/keys/file", b"content")
        with folder_lock(tmp_path / "state/keys", 1):
            pass
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {"state": 0o700, "keys": 0o700, "file": 0o600, "lock": 0o600}


def test_a_folder_that_is_a_link_is_not_ours(tmp_path: Path) -> None:
    """Nothing is written, and above all nothing removed, in a folder that somebody else's link leads to."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "keys").symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        make_folder(tmp_path / "keys")


@pytest.mark.parametrize("plant", [link, dangling_link, os.mkfifo, bound_socket, Path.touch])
def test_what_stands_in_the_way_of_the_temporary_name_is_replaced(
    tmp_path: Path, plant: Callable[[Path], object]
) -> None:
    plant(tmp_path / "unfinished")
    write_whole(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert not (tmp_path / "file").is_symlink()
    assert {path.name for path in tmp_path.iterdir()} <= {"file", "target"}
    assert not (tmp_path / "target").exists() or (tmp_path / "target").read_text() == "of somebody else"


def test_what_could_not_be_written_does_not_stay(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk. What stood there before still does."""
    write_whole(tmp_path / "file", b"before")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OSError):
            write_whole(tmp_path / "file", bytes(200))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"before")]
    (tmp_path / "folder/x").mkdir(parents=True)
    with pytest.raises(OSError):
        write_whole(tmp_path / "folder", b"content")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_what_earlier_versions_left_over_is_removed(tmp_path: Path) -> None:
    for name in (NAME, f"{NAME}.123", f"{NAME}.7", "lock", f"{NAME}.bak", f"x.{NAME}"):
        (tmp_path / name).touch()
    remove_left_over(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([NAME, "lock", f"{NAME}.bak", f"x.{NAME}"])


def test_a_lock_that_does_not_come_free_is_an_error(tmp_path: Path) -> None:
    with (
        folder_lock(tmp_path, 1),
        pytest.raises(OSError, match="another lockctl holds it"),
        folder_lock(tmp_path, 0.05),
    ):
        pass
    with folder_lock(tmp_path, 0):
        pass


def status(mode: int, uid: int = 1000) -> os.stat_result:
    return os.stat_result((mode, 1, 1, 1, uid, 100, 0, 0, 0, 0))


FILE, FOLDER = stat.S_IFREG, stat.S_IFDIR


@pytest.mark.parametrize(
    ("mode", "uid", "user", "said"),
    [
        (FILE | 0o600, 1000, 1000, ""),
        (FILE | 0o644, 1000, 1000, ""),
        (FILE | 0o660, 1000, 1000, "can be written by others"),
        (FILE | 0o602, 1000, 1000, "can be written by others"),
        (FILE | 0o1602, 1000, 1000, "can be written by others"),
        (FILE | 0o600, 0, 1000, ""),
        (FILE | 0o600, 1000, 0, "belongs to another user (uid 1000)"),
        (FILE | 0o600, 1000, 1001, "belongs to another user (uid 1000)"),
        (FOLDER | 0o755, 1000, 1000, ""),
        (FOLDER | 0o770, 1000, 1000, "can be written by others"),
        (FOLDER | 0o1777, 0, 1000, ""),
        (FOLDER | 0o1777, 1001, 1000, "belongs to another user (uid 1001)"),
        (FOLDER | 0o700, 1000, 0, "belongs to another user (uid 1000)"),
    ],
)
def test_who_could_alter_what_lies_there(mode: int, uid: int, user: int, said: str) -> None:
    """Root could anyway, and in a folder with the sticky bit nobody takes the place of another's file."""
    assert describe_distrust(status(mode, uid), user) == said
    assert is_open_to_others(status(mode, uid)) or "by others" not in said
