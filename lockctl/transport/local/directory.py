"""The same contract on a directory: a mount of a share, or the server's own disk.

POSIX cannot remove through a handle: the file is compared through one, and its name removed at once after that.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from lockctl.errors import (
    FileError,
    LockctlError,
    NameTaken,
    NotADirectory,
    NotFound,
    PermissionRefused,
    ShareFull,
    Unreachable,
)
from lockctl.transport.base import Choose, Contents, Entry, Listing, Removal, list_and_read, remove_one_by_one
from lockctl.transport.local.statx import birth_time
from lockctl.transport.names import check_directory, check_entry, check_path
from lockctl.transport.polling import PollingWatch

POLL_SECONDS = 1.0
"""Between listings that wait for a change."""

_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
_GONE_MOUNT = (errno.ESTALE, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENOTCONN, errno.EIO, errno.ETIMEDOUT)


class LocalTransport:
    """A repository in a directory; see `base.Remover` for what each method promises."""

    def __init__(self, root: str) -> None:
        """Opens nothing yet; a directory that is not there shows as NotFound when it is listed."""
        self._root = Path(root)

    def now(self) -> int:
        """This machine's wall clock: for a mount that is the best guess at its server's."""
        return time.time_ns()

    def close(self) -> None:
        """There is nothing to close."""

    def protection(self) -> None:
        """It is the mount's own affair."""

    def may_delete(self, directory: str) -> bool:
        """By the folder's permissions: to write, and without the sticky bit where it is another's (unlink(2))."""
        path = self._root / check_directory(directory)
        try:
            status = path.stat()
        except OSError as error:
            raise _translate(error, directory) from error
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectory(f"{directory}: no directory, or within a file")
        user = os.geteuid()
        each_his_own = bool(status.st_mode & stat.S_ISVTX) and user not in (0, status.st_uid)
        return not each_his_own and os.access(path, os.W_OK | os.X_OK, effective_ids=True)

    def list_directory(self, directory: str) -> Listing:
        """All files, and the directory's own last-write time."""
        path = self._root / check_directory(directory)
        try:
            itself = _entry(str(path.resolve()), "")
            names = os.listdir(path)  # noqa: PTH208 - the names alone, as bytes that are no text survive here
        except OSError as error:
            raise _translate(error, directory) from error
        entries: list[Entry] = []
        for name in names:
            try:
                entries.append(_entry(str(path / name), name))
            except FileNotFoundError:
                continue  # gone since the listing, as it would be from a later one
            except OSError as error:
                raise _translate(error, f"{directory}/{name}") from error
        return Listing(tuple(entries), itself.written, itself)

    def watch(self, directory: str) -> PollingWatch:
        """Lists now and then: on a mount nobody tells what others do."""
        return PollingWatch(lambda: self.list_directory(directory), POLL_SECONDS)

    def begin_files(self, paths: Sequence[str], limit: int) -> Callable[[], Sequence[bytes | FileError]]:
        """Nothing is gained by beginning before it is needed."""
        return lambda: self.read_many(paths, limit)

    def begin_folder(self, directory: str, choose: Choose, limit: int) -> Callable[[], Contents]:
        """Likewise."""
        return lambda: list_and_read(self, directory, choose, limit)

    def read_many(self, paths: Sequence[str], limit: int) -> list[bytes | FileError]:
        """The bytes of each file, at most `limit` + 1."""
        return [self._read(path, limit) for path in paths]

    def _read(self, path: str, limit: int) -> bytes | FileError:
        try:
            with open(_open(self._root / check_path(path)), "rb") as file:
                return file.read(limit + 1)
        except FileError as error:
            return error
        except OSError as error:
            translated = _translate(error, path)
            if isinstance(translated, FileError):
                return translated
            raise translated from error

    def remove_many(self, directory: str, wanted: Sequence[tuple[Entry, bytes]]) -> Sequence[Removal | FileError]:
        """One after another: a disk gains nothing by flights."""
        return remove_one_by_one(self._remove, directory, wanted)

    def _remove(self, directory: str, entry: Entry, data: bytes) -> Removal:
        """Compares through a handle, then removes the name."""
        path = self._root / check_entry(directory, entry.name)
        try:
            with open(_open(path), "rb") as file:
                content = file.read(len(data) + 1)
                if content != data or entry.version != _entry(str(path), entry.name).version:
                    return Removal.CHANGED
                path.unlink()
        except FileNotFoundError:
            return Removal.GONE
        except OSError as error:
            raise _translate(error, f"{directory}/{entry.name}") from error
        return Removal.REMOVED

    def put_new(self, path: str, temporary: str, data: bytes) -> None:
        """Writes and syncs `temporary`, links it to `path`, which fails where that stands, and drops the first name."""
        source, target = self._root / check_path(temporary), self._root / check_path(path)
        try:
            descriptor = os.open(source, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            try:
                _write(descriptor, data, target.parent)
                _link_new(source, target)
            finally:
                with suppress(FileNotFoundError):
                    source.unlink()
        except OSError as error:
            raise _translate(error, path) from error


def _open(path: Path) -> int:
    # Without O_NONBLOCK a planted FIFO would hold the reader up for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EACCES, "not a regular file")
    return descriptor


def _write(descriptor: int, data: bytes, folder: Path) -> None:
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
        # restic's own files on a disk are not writeable (internal/backend/local).
        os.fchmod(descriptor, 0o400)
        if os.geteuid() == 0:
            owner = folder.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)  # else its own restic could not read it


def _entry(path: str, name: str) -> Entry:
    status = os.lstat(path)
    return Entry(
        name=name,
        size=status.st_size,
        created=birth_time(path),
        written=status.st_mtime_ns,
        changed=status.st_ctime_ns,
        file_id=status.st_ino,
        accessed=status.st_atime_ns,
        is_directory=not stat.S_ISREG(status.st_mode),
        read_only=not status.st_mode & 0o200,
    )


def _link_new(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        # No hard links here (CIFS, FAT). The name is the hash of the bytes: nothing else can stand under it.
        if target.exists():
            raise FileExistsError(errno.EEXIST, "exists") from error
        source.rename(target)


def _translate(error: OSError, path: str) -> LockctlError:
    if isinstance(error, FileNotFoundError):
        return NotFound(f"{path}: not found")
    if isinstance(error, NotADirectoryError):
        return NotADirectory(f"{path}: no directory, or within a file")
    if isinstance(error, FileExistsError):
        return NameTaken(f"{path}: a file of that name is there already")
    if isinstance(error, PermissionError) or error.errno in (errno.EROFS, errno.ELOOP):
        return PermissionRefused(f"{path}: not permitted ({error.strerror})")
    if error.errno in _GONE_MOUNT:
        return Unreachable(f"{path}: the mount does not answer ({error.strerror})", "Mount it again, or use smb://")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ShareFull(path)
    return FileError(f"{path}: {error.strerror}")
