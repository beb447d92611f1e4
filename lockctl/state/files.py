"""Files of the state folder: for their owner's eyes only, regular, and written whole. Knows nothing of what they hold.

Where others can write to that folder, a link would lead elsewhere and a FIFO would hold its reader up for ever.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SAFELY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_UNFINISHED = "unfinished"
"""The one temporary name of a folder: what a run leaves under it that is killed, the next one writes anew."""
_LEFT_OVER = re.compile(r"[0-9a-f]{64}\.[0-9]+")
"""A temporary file of an earlier version, one for each process."""
_NAME = re.compile(r"[0-9a-f]{64}")
_LINK = "a symbolic link stands there"
LOCK = "lock"
"""The file by which runs keep each other from writing in a folder. It is made with that and never written."""


def name_of(text: str) -> str:
    """The name of the file that is about this repository or address: 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def make_folder(folder: Path) -> None:
    """Makes a folder inside the state folder, and that one, where they are not there. Raises OSError."""
    for one in (folder.parent, folder):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink():
        raise OSError(errno.ELOOP, _LINK)


@contextmanager
def opened(path: Path, flags: int = os.O_RDONLY) -> Iterator[int]:
    """A descriptor of this regular file; with O_CREAT it is made for its owner alone. Raises OSError."""
    descriptor = open_regular(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_regular(path: Path, flags: int) -> int:
    """As `opened`, for a caller that closes it."""
    try:
        descriptor = os.open(path, flags | _SAFELY, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise OSError(errno.ELOOP, _LINK) from error
        if error.errno == errno.ENXIO:  # a FIFO that nobody reads, or a socket
            raise OSError(errno.ENXIO, "not a regular file") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor


def read_regular(path: Path, limit: int = -1) -> bytes:
    """What this regular file holds, `limit` bytes at most. Raises OSError."""
    with opened(path) as descriptor, open(descriptor, "rb", closefd=False) as file:
        return file.read(limit)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name, then gives it its own; call it where `folder_lock` keeps others out.

    What could not be written does not stay. Raises OSError.
    """
    unfinished = path.with_name(_UNFINISHED)
    unfinished.unlink(missing_ok=True)
    try:
        with opened(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
            write_all(descriptor, data)
        unfinished.replace(path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def write_all(descriptor: int, data: bytes) -> None:
    """Writes to the last byte. Raises OSError."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def sync_folder(folder: Path) -> None:
    """Else the name of a file that was just made could be lost with the power. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_left_over(folder: Path) -> None:
    """Removes what earlier versions could not finish writing. Raises OSError."""
    for path in folder.iterdir():
        if _LEFT_OVER.fullmatch(path.name):
            path.unlink(missing_ok=True)


def remove_unused(folder: Path, seconds: float) -> None:
    """Removes the files, named by `name_of`, that were not written for so long. Raises OSError."""
    for path in folder.iterdir():
        if _NAME.fullmatch(path.name) and time.time() - path.lstat().st_mtime > seconds:
            path.unlink(missing_ok=True)


def try_flock(descriptor: int) -> bool:
    """Whether it could be had for this run alone, until the descriptor is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def flock_soon(descriptor: int, seconds: float) -> None:
    """Others hold such a lock for as long as one file or line takes; one that was stopped must not stop us too.

    Raises OSError after so many seconds.
    """
    end = time.monotonic() + seconds
    while not try_flock(descriptor):
        if time.monotonic() > end:
            raise OSError(errno.EAGAIN, "another lockctl holds it and does not go on")
        time.sleep(0.01)


@contextmanager
def folder_lock(folder: Path, seconds: float) -> Iterator[None]:
    """Keeps other runs from writing in this folder. Raises OSError where it cannot be had in so many seconds."""
    with opened(folder / LOCK, os.O_RDWR | os.O_CREAT) as descriptor:
        flock_soon(descriptor, seconds)
        yield


def is_open_to_others(status: os.stat_result) -> bool:
    """Whether somebody besides its owner can write to this file, or take the place of what lies in this folder."""
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    return bool(status.st_mode & _OTHERS) and not sticky


def describe_distrust(status: os.stat_result, user: int) -> str:
    """Why others than this user (a uid) and root could alter what lies there, '' where they cannot."""
    if status.st_uid not in (0, user):
        return f"belongs to another user (uid {status.st_uid})"
    return "can be written by others" if is_open_to_others(status) else ""
