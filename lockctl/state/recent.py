"""What was seen and removed last, for the completion of a shell: the ids of locks, and their hosts.

Only plain names are kept and told: a shell could act on others, and they come from anyone who can write to the share.
Whatever cannot be read or written is left out, for nothing rests on it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from lockctl.state.files import (
    folder_lock,
    make_folder,
    name_of,
    opened,
    read_regular,
    remove_unused,
    write_whole,
)
from lockctl.state.journal import NAME as JOURNAL
from lockctl.state.records import Outcome, Told

KEPT_SECONDS = 90 * 86400.0
"""For which the locks of a repository are remembered that nobody looks at."""
_FOLDER = "recent"
_MOST_LOCKS = 200
"""Of one repository."""
_MOST_REPOSITORIES = 20
_MOST_BYTES = 64 * 1024
"""Of one repository's file."""
_TAIL = 256 * 1024
"""Bytes at the end of the journal that are read: some hundred removals."""
_LOCK_SECONDS = 0.2
_ID = re.compile(r"[0-9a-f]{64}")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")
"""Not a dash at its beginning: it would be an option."""


class Recent:
    """The memory of what was seen last in a state folder, a small file for each repository."""

    def __init__(self, state_folder: Path) -> None:
        self._folder = state_folder / _FOLDER
        self._journal = state_folder / JOURNAL
        self._noted: dict[str, bytes] = {}

    def note(self, address: str, locks: Iterable[tuple[str, str]]) -> None:
        """Notes that these locks stand there: the id and the host of each, '' where that is not known. Never raises."""
        plain = [(id_, host if _HOST.fullmatch(host) else "") for id_, host in locks if _ID.fullmatch(id_)]
        data = "".join(f"{id_} {host}\n" for id_, host in plain[:_MOST_LOCKS]).encode("ascii")
        if self._noted.get(address) == data:
            return
        with suppress(OSError):
            make_folder(self._folder)
            with folder_lock(self._folder, _LOCK_SECONDS):
                write_whole(self._folder / name_of(address), data)
                remove_unused(self._folder, KEPT_SECONDS)
            self._noted[address] = data

    def seen(self) -> dict[str, str]:
        """The locks that the last look at each repository showed: the host by the id, the newest look first."""
        locks: dict[str, str] = {}
        for path in self._newest():
            with suppress(OSError):
                locks |= _plain(read_regular(path, _MOST_BYTES).decode("ascii", "replace").splitlines())
        return locks

    def removed(self) -> dict[str, str]:
        """The locks that were removed last and not put back, the newest first."""
        told = Told()
        with suppress(OSError), opened(self._journal) as descriptor:
            start = max(0, os.fstat(descriptor).st_size - _TAIL)
            lines = os.pread(descriptor, _TAIL, start).split(b"\n")[:-1]
            for line in lines[1:] if start else lines:
                told.read(line)
        removed = [one for one in told.records.values() if one.outcome is Outcome.REMOVED and one.restored_at is None]
        return _plain(_line(one.removed.id, one.removed.lock) for one in reversed(removed))

    def _newest(self) -> list[Path]:
        times: dict[Path, float] = {}
        with suppress(OSError):
            for path in self._folder.iterdir():
                if _ID.fullmatch(path.name):
                    times[path] = path.lstat().st_mtime
        return sorted(times, key=lambda path: -times[path])[:_MOST_REPOSITORIES]


def _line(id_: str, lock: Mapping[str, object] | None) -> str:
    return f"{id_} {lock['hostname'] if lock is not None else ''}"


def _plain(lines: Iterable[str]) -> dict[str, str]:
    return dict(_parse(lines))


def _parse(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        id_, _, host = line.partition(" ")
        if _ID.fullmatch(id_):
            yield id_, host if _HOST.fullmatch(host) else ""
