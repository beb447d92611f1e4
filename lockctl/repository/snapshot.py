"""Snapshot: when a backup ran and where, from the JSON of its file. FoundSnapshots: all of some time. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

MAX_NAME = 255
"""Characters that are kept of a host's name: no system gives it more."""
MAX_PATHS, MAX_PATHS_SIZE = 20, 1000
"""Paths, and characters of all of them, beyond which none are kept."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_FIRST_YEAR = 2010
"""Go's zero time, and clocks that were never set, are no times of a backup."""
_VERSION = re.compile(r"restic (\d{1,4})\.(\d{1,4})")


class UndecodableSnapshot(ValueError):
    """Sound bytes that hold no snapshot."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One backup (restic's internal/data/snapshot.go). Times are seconds since 1970, by the host's own clock.

    `start` is `summary.backup_start` where restic wrote it (0.17 and newer), else `time`, which is the same moment
    unless `--time` was given: both are taken before the repository is locked (cmd/restic/cmd_backup.go). `end` is
    `summary.backup_end`, or None. `offset` is by how many seconds the host's local time was ahead of UTC.
    """

    hostname: str
    start: int
    offset: int
    end: int | None
    paths: tuple[str, ...]
    version: tuple[int, int] | None
    """Of restic, where it is written (0.16 and newer)."""
    is_altered: bool
    """`tag` or `rewrite` wrote it anew: its file is younger than the backup."""
    is_copied: bool
    """Perhaps from another repository (`restic copy` notes an original and drops the parent)."""
    written: int = 0
    """The last write of its file: by the host's clock through rclone, else by the server's."""


@dataclass(frozen=True, slots=True)
class FoundSnapshots:
    """The snapshots of some time, in no order, and how many files did not become one."""

    snapshots: tuple[Snapshot, ...]
    now: int
    """The server's clock, in nanoseconds since 1970."""
    since: int
    """The first second that was asked for, by the server's clock."""
    listed: int
    older: int
    """From before that time, by their files' times or by their own."""
    beyond: int
    """Not read, because there are so many or they are so large."""
    damaged: int
    """Cut short, altered, or no snapshot."""
    unreadable: int
    """The server did not let them be read."""
    future: int
    """Of a time that is more than a day ahead of the server's clock."""


def parse_snapshot(plaintext: bytes) -> Snapshot:
    """The snapshot in this JSON, without its file's time. Unknown keys are ignored. Raises UndecodableSnapshot."""
    try:
        fields = json.loads(plaintext)
        summary = fields.get("summary") or {}
        begun, ended = _moment(summary.get("backup_start")), _moment(summary.get("backup_end"))
        taken = begun or _moment(fields["time"])
        hostname, original = fields.get("hostname", ""), fields.get("original")
        if taken is None or not isinstance(hostname, str):
            raise UndecodableSnapshot("its time or its host name is missing")
        end = ended[0] if begun and ended and ended[0] >= begun[0] else None
        return Snapshot(
            hostname=hostname[:MAX_NAME],
            start=taken[0],
            offset=taken[1],
            end=end,
            paths=_paths(fields.get("paths")),
            version=_version(fields.get("program_version")),
            is_altered=original is not None,
            is_copied=original is not None and fields.get("parent") is None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UndecodableSnapshot("it holds no snapshot") from error


def _moment(text: Any) -> tuple[int, int] | None:
    """Seconds since 1970 and the offset of RFC 3339, or None for no time. Raises ValueError, TypeError."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    offset = moment.utcoffset()
    if offset is None:
        raise UndecodableSnapshot("a time without a time zone")
    if moment.year < _FIRST_YEAR:
        return None
    return (moment - _EPOCH) // _SECOND, offset // _SECOND


def _paths(paths: Any) -> tuple[str, ...]:
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths) or len(paths) > MAX_PATHS:
        return ()
    return tuple(paths) if sum(map(len, paths)) <= MAX_PATHS_SIZE else ()


def _version(text: Any) -> tuple[int, int] | None:
    found = _VERSION.match(text) if isinstance(text, str) else None
    return (int(found[1]), int(found[2])) if found is not None else None
