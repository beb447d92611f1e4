"""What a directory can hold that a share cannot: links, pipes, full disks. None may mislead or leave traces."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lockctl.errors import FileError, LockctlError, PermissionRefused
from lockctl.transport.base import Entry, Removal
from lockctl.transport.local.directory import LocalTransport
from tests.removing import remove_one

DATA = b"a lock's bytes"


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    """The directory of locks in a repository."""
    (tmp_path / "locks").mkdir()
    return tmp_path / "locks"


def listed(locks: Path, name: str = "lock") -> Entry:
    entries = LocalTransport(str(locks.parent)).list_directory("locks").entries
    return next(entry for entry in entries if entry.name == name)


def plant(locks: Path, kind: str) -> None:
    path = locks / "lock"
    match kind:
        case "link":
            (locks / "real").write_bytes(DATA)
            path.symlink_to("real")
        case "dangling":
            path.symlink_to("nowhere")
        case "loop":
            path.symlink_to("lock")
        case "pipe":
            os.mkfifo(path)
        case _:
            path.mkdir()


@pytest.mark.parametrize("kind", ["link", "dangling", "loop", "pipe", "directory"])
def test_what_is_no_file_is_neither_read_nor_removed(locks: Path, kind: str) -> None:
    plant(locks, kind)
    transport = LocalTransport(str(locks.parent))
    entry = listed(locks)
    assert entry.is_directory
    (read,) = transport.read_many(["locks/lock"], 100)
    assert isinstance(read, FileError)
    with pytest.raises(LockctlError):
        remove_one(transport, "locks", entry, DATA)
    assert os.path.lexists(locks / "lock")


def test_names_that_are_no_text_can_be_listed_read_and_removed(locks: Path) -> None:
    Path(os.fsdecode(bytes(locks) + b"/\xff\xfe")).write_bytes(DATA)
    transport = LocalTransport(str(locks.parent))
    (entry,) = transport.list_directory("locks").entries
    assert transport.read_many([f"locks/{entry.name}"], 100) == [DATA]
    assert remove_one(transport, "locks", entry, DATA) is Removal.REMOVED
    assert list(locks.iterdir()) == []


def test_a_path_that_is_too_long_is_an_error_of_ours(tmp_path: Path) -> None:
    transport = LocalTransport(str(tmp_path))
    with pytest.raises(LockctlError):
        transport.list_directory("x" * 5000)
    (read,) = transport.read_many(["x" * 5000], 100)
    assert isinstance(read, FileError)


def test_a_lock_that_was_put_looks_as_restic_leaves_it(locks: Path) -> None:
    LocalTransport(str(locks.parent)).put_new("locks/new", "locks/new-tmp-1", DATA)
    assert (locks / "new").stat().st_mode & 0o777 == 0o400
    assert (locks / "new").stat().st_nlink == 1
    assert listed(locks, "new").read_only


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As on a full disk: the kernel writes no more than this into a file (setrlimit(2), RLIMIT_FSIZE)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 1000])
def test_a_full_disk_leaves_no_temporary_file(locks: Path, size: int) -> None:
    with files_no_larger_than(size), pytest.raises(LockctlError):
        LocalTransport(str(locks.parent)).put_new("locks/new", "locks/new-tmp-1", bytes(5000))
    assert list(locks.iterdir()) == []


def test_a_directory_of_the_kernel_permits_nothing() -> None:
    transport = LocalTransport("/proc/self")
    with pytest.raises((PermissionRefused, FileError)):
        transport.put_new("new", "new-tmp-1", DATA)
