"""What the files of locks/ say of each other. Pure, and no rule in it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from lockctl.repository.lock import LockFile
from lockctl.transport.base import Entry

_SAME = 2 * 10**9
"""Nanoseconds by which a client's clock and the server's may tell the moment of one upload apart."""


@dataclass(frozen=True, slots=True)
class ClockError:
    """By how many seconds a host's clock is ahead of the server's, and how many of its locks say so."""

    ahead: float
    locks: int


@dataclass(frozen=True, slots=True)
class Folder:
    """All files together."""

    newest: Mapping[Hashable, LockFile]
    """By owner, its newest lock."""
    newest_time: int
    """Of all creations and last writes, in nanoseconds since 1970, 0 for none."""
    errors: Mapping[str, ClockError]
    """By host name."""
    moves: bool
    """Whether the directory's last change is the moment of a file in it. Where directories keep no times of their own
    (some file systems, mounts of rclone) it may be any.
    """


def look_over(files: Sequence[LockFile], is_own: Callable[[Entry], bool], changed: int) -> Folder:
    """What they say together; `is_own` tells whether a creation time is the server's own, `changed` is the directory's
    last change.
    """
    created = [file.entry.created for file in files if file.entry.created is not None]
    written = [file.entry.written for file in files]
    moves = any(abs(changed - moment) <= _SAME for moment in (*created, *written))
    return Folder(
        newest_by_owner(files),
        max((*created, *written), default=0),
        _errors([f for f in files if is_own(f.entry)]),
        moves,
    )


def newest_by_owner(files: Sequence[LockFile]) -> dict[Hashable, LockFile]:
    """Of each owner that is known its newest lock, by its own clock; of several of one moment the first."""
    newest: dict[Hashable, LockFile] = {}
    for file in files:
        if file.lock is None:
            continue
        before = newest.get(file.lock.owner)
        if before is None or before.lock is None or file.lock.time_ns > before.lock.time_ns:
            newest[file.lock.owner] = file
    return newest


def _errors(files: Sequence[LockFile]) -> dict[str, ClockError]:
    """The time that an owner wrote, less the server's for the same event.

    Whatever comes between the two, a slow upload, a copy, an owner that never renews `time` (0.9.6 and older), makes
    the difference smaller: so the largest is nearest to the truth.
    """
    found: dict[str, list[float]] = {}
    for file in files:
        if file.lock is not None and file.entry.created is not None:
            error = (file.lock.time_ns - file.entry.created) / 1e9
            found.setdefault(file.lock.hostname, []).append(error)
    return {host: ClockError(max(errors), len(errors)) for host, errors in found.items()}
