"""A file that others read at any moment, as Prometheus's node exporter does: it is there whole, or as it was before."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from lockctl.errors import LockctlError, UsageError

MODE = 0o644
"""Whoever exports it is another user."""


def write_textfile(path: Path, text: str) -> None:
    """Writes beside `path` under a name that no exporter reads, then renames. Raises UsageError and LockctlError."""
    try:
        target = path.resolve()
        if os.path.lexists(target) and not stat.S_ISREG(target.lstat().st_mode):
            raise UsageError(f"{path} is no regular file", "Give the path of a file, as in /var/lib/…/lockctl.prom")
        _replace(target, text.encode("utf-8"))
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise LockctlError(f"cannot write {path}: {reason}", "Give another file to --textfile") from error


def _replace(target: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(file.fileno(), MODE)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
