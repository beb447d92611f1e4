"""Texts that users give by path."""

from __future__ import annotations

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
