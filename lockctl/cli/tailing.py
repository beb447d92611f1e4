"""Follows a log as `tail -F` does: what is written from now on, whatever becomes of the file."""

from __future__ import annotations

import os
import select
import stat
import sys
from contextlib import suppress
from pathlib import Path

from lockctl.errors import UsageError

_BEFORE = 64 * 1024
"""Bytes of what stood there already: whatever goes on right now has begun in them."""
_MOST = 4 * 2**20
"""Bytes that are read at once: a log that grows faster is read later, and nothing of it is lost."""
STDIN = "-"


class Tail:
    """One log. Use `close` at the end."""

    def __init__(self, path: str) -> None:
        """Opens it near its end; one that is not there yet is waited for. Raises UsageError where it is no file."""
        self._path = path
        self._fd: int | None = 0 if path == STDIN else None
        self._is_new = path != STDIN
        if path == STDIN and (sys.stdin is None or sys.stdin.isatty()):
            raise UsageError("'--log -' reads standard input, and nothing is piped into it", "Give the path of a log")
        self._open()
        if self._is_new and self._fd is not None:
            start = max(0, os.fstat(self._fd).st_size - _BEFORE)
            cut = os.pread(self._fd, _BEFORE, start).find(b"\n") + 1 if start else 0
            os.lseek(self._fd, start + cut, os.SEEK_SET)
        self._is_new = False

    def read(self) -> bytes:
        """What has come since the last time; nothing where nothing has. Never waits."""
        if self._path == STDIN:
            return self._read_pipe()
        if self._fd is None:
            self._open()
        if self._fd is None:
            return b""
        data = self._read_file(self._fd)
        if not data and self._is_replaced():
            data = self._read_file(self._fd)  # what was written to it right before
            if data:
                return data
            os.close(self._fd)
            self._fd = None
            self._open()
            return self.read() if self._fd is not None else b""
        return data

    def close(self) -> None:
        """Lets go of the file."""
        if self._fd:
            os.close(self._fd)
        self._fd = None

    @staticmethod
    def _read_file(fd: int) -> bytes:
        """Nothing where the disk or the server fails: it is tried again."""
        try:
            return os.read(fd, _MOST)
        except OSError:
            return b""

    def _read_pipe(self) -> bytes:
        if self._fd is None or not select.select([0], [], [], 0)[0]:
            return b""
        data = os.read(0, 64 * 1024)
        if not data:
            self._fd = None  # whoever wrote has ended
        return data

    def _open(self) -> None:
        if self._fd is not None:
            return
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        except OSError as error:
            if self._is_new:
                raise UsageError(f"cannot read {self._path}: {error.strerror}", "Give the path of a log") from error
            return
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            if not self._is_new:
                return
            raise UsageError(f"{self._path} is no file that can be followed", "Give the path of a log, or -")
        self._fd = fd

    def _is_replaced(self) -> bool:
        """Whether another file stands there, or the same one was emptied, as logrotate does both."""
        if self._fd is None:
            return False
        mine = os.fstat(self._fd)
        with suppress(OSError):
            now = Path(self._path).stat()
            if (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino):
                return True
        return mine.st_size < os.lseek(self._fd, 0, os.SEEK_CUR)
