"""Texts that users give by path, and who else can read or write them."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from lockctl.errors import UsageError


def read_text(path: str, what: str) -> str:
    """The text of a file, without a byte order mark, as restic reads such files (internal/textfile)."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the {what} {path!r}: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "surrogateescape")


def absolute(path: str) -> str:
    """The path from the root on. Raises UsageError where it depends on a working directory that was deleted."""
    try:
        return str(Path(path).absolute())
    except OSError as error:
        raise UsageError("the working directory is not there any more", "Give the path from / on") from error


def find_credential(name: str, environment: Mapping[str, str]) -> str | None:
    """The path of the credential that systemd gave this service under this name (systemd.exec(5), LoadCredential=)."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    path = Path(folder or "/") / name
    return str(path) if folder and path.is_file() else None


def find_exposure(path: str | Path, what: str, *, is_secret: bool) -> str:
    """Who else can write this file, or read it where it is secret, and what to do; '' where nobody can.

    A group may read a secret: who gives a file to a group means it.
    """
    try:
        status = Path(path).stat()
    except OSError:
        return ""  # whoever reads it tells that
    if not stat.S_ISREG(status.st_mode):
        return ""  # a pipe or a device is nobody's file
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid not in (0, os.geteuid()):
        return f"the {what} {path} belongs to another user (uid {status.st_uid}), who can change it"
    if mode & 0o022:
        return f"the {what} {path} can be written by others (mode {mode:04o}): chmod go-w {path}"
    if is_secret and mode & 0o007:
        return f"the {what} {path} can be read by others (mode {mode:04o}): chmod o= {path}"
    return ""


def is_open_to_all(path: Path) -> bool:
    """Whether anybody can write this file."""
    return stat.S_ISREG(path.stat().st_mode) and bool(path.stat().st_mode & stat.S_IWOTH)
