"""Locks: a Reader and a repository's opening become lock files. Lists and reads only, and judges nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lockctl.clock.boot import Instant, this_instant
from lockctl.clock.deadline import Deadline
from lockctl.errors import FileError, NotFound
from lockctl.repository.config import RepositoryConfig
from lockctl.repository.crypto import CryptoFailure, TooCostly, open_sealed
from lockctl.repository.headstart import HeadStart
from lockctl.repository.lock import (
    MAX_LOCK_SIZE,
    LockFile,
    Problem,
    UndecodableLock,
    is_complete,
    is_lock_name,
    is_temporary_name,
    parse_lock,
)
from lockctl.repository.missing import in_locks_folder
from lockctl.repository.opening import Opening, begin_config, begin_keys
from lockctl.repository.selection import TOO_MUCH, Begun, is_worth_reading
from lockctl.transport.base import Entry, Listing, Reader, Watch

if TYPE_CHECKING:
    from lockctl.repository.snapshot import FoundSnapshots

_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between looks at a lock that is being written."""
_WRITING_TIME = 10 * 10**9
"""Nanoseconds after its creation in which a lock that is cut short may be whole at the next look."""


@dataclass(frozen=True, slots=True)
class Found:
    """The lock files at one moment, which is when the answer came and not when the key was derived at last."""

    files: tuple[LockFile, ...]
    now: int
    """The server's clock then, in nanoseconds since 1970."""
    arrived: Instant
    """All our clocks then."""
    changed: int
    """The last change of locks/."""
    others: tuple[Entry, ...]
    """What else the same server showed: the directories, and the key files."""


class Repository:
    """One repository behind a Reader. Made by `open_repository` and `open_metadata`."""

    def __init__(self, reader: Reader, opening: Opening, deadline: Deadline, begun: Begun | None = None) -> None:
        """`begun` is a first look that was asked for together with the keys."""
        self._reader = reader
        self._opening = opening
        self._deadline = deadline
        self._begun = begun
        self._whole: dict[str, LockFile] = {}
        """By id, what was read and decoded before: a lock never changes."""

    @property
    def config(self) -> RepositoryConfig:
        """The repository's config. Waits for the key; raises WrongPassword, DamagedKey, DamagedConfig."""
        return self._opening.config

    @property
    def key_file(self) -> bytes:
        """The key file that the password opened. Waits for it, and raises, as `config` does."""
        return self._opening.key_file

    def find_locks(self) -> Found:
        """Lists and reads locks/, decodes what can be decoded. Raises the transport's errors and those of `config`."""
        listing, contents = self._read_locks()
        now, arrived = self._reader.now(), this_instant()
        files = tuple(
            self._known(entry) or self._interpret(entry, contents.get(entry.name))
            for entry in listing.entries
            if not isinstance(contents.get(entry.name), NotFound)
        )
        self._whole = {file.id: file for file in files if file.lock is not None}
        others = self._opening.seen if listing.itself is None else (*self._opening.seen, listing.itself)
        return Found(files, now, arrived, listing.changed, others)

    def find_snapshots(self, seconds: float, tell: Callable[[int, int], None]) -> FoundSnapshots:
        """The snapshots of the last `seconds`; see `snapshots.find_snapshots`. Raises as `config` does."""
        from lockctl.repository.snapshots import find_snapshots

        master = self._opening.master_key()
        return find_snapshots(self._reader, lambda sealed: open_sealed(master, sealed), seconds, tell)

    def watch_locks(self) -> Watch:
        """Watches locks/. Raises NoLocksFolder, and as the transport does."""
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.call_off()  # what was asked for before is not what is watched from now on
        with in_locks_folder():
            return self._reader.watch("locks")

    def _read_locks(self) -> tuple[Listing, Mapping[str, bytes | FileError]]:
        """The listing and what it names; again where a lock vanished or is just being written.

        The owner of what vanished has a new one by then, and rclone writes a lock in place within an instant.
        """
        begun, self._begun = self._begun, None
        for pause in (*_PAUSES, None):
            if begun is not None and begun.is_old:
                begun.call_off()
                begun = None
            if begun is None:
                begun = Begun(self._reader, self._is_news)
            with in_locks_folder():
                found = begun.finish()
            now = self._reader.now()
            unsettled = any(self._is_unsettled(one, found.data.get(one.name), now) for one in found.listing.entries)
            if pause is None or not unsettled:
                break
            time.sleep(self._deadline.cap(pause))
            begun = None
        return found.listing, found.data

    def _is_news(self, entry: Entry) -> bool:
        return is_worth_reading(entry) and self._known(entry) is None

    def _known(self, entry: Entry) -> LockFile | None:
        """The same file as an earlier look of this run read it, with its entry of now."""
        before = self._whole.get(entry.name)
        if before is None or before.entry.version != entry.version:
            return None
        return replace(before, entry=entry)

    def _is_unsettled(self, entry: Entry, content: bytes | FileError | None, now: int) -> bool:
        if isinstance(content, NotFound):
            return True
        if not isinstance(content, bytes) or not is_lock_name(entry.name):
            return False
        is_new = abs(now - (entry.created or entry.written)) < _WRITING_TIME
        return is_new and not is_complete(entry.name, content)

    def _interpret(self, entry: Entry, content: bytes | FileError | None) -> LockFile:
        if isinstance(content, FileError):
            return LockFile(entry, None, Problem.UNREADABLE, str(content))
        if is_temporary_name(entry.name) and content is not None:
            return LockFile(entry, content, Problem.TEMPORARY)
        if content is None and is_worth_reading(entry):
            return LockFile(entry, None, Problem.UNREADABLE, TOO_MUCH)
        if content is None or len(content) > MAX_LOCK_SIZE:
            return LockFile(entry, None, Problem.FOREIGN)
        if not is_complete(entry.name, content):
            return LockFile(entry, content, Problem.INCOMPLETE)
        if not self._opening.decrypts:
            return LockFile(entry, content, Problem.SEALED)
        try:
            return LockFile(entry, content, parse_lock(open_sealed(self._opening.master_key(), content)))
        except (CryptoFailure, TooCostly, UndecodableLock) as error:
            return LockFile(entry, content, Problem.UNDECODABLE, str(error))


def open_metadata(reader: Reader, deadline: Deadline) -> Repository:
    """The repository without its key: names, sizes and times, and no owners. Raises NoRepository."""
    opening = begin_config(reader, deadline)
    begun = Begun(reader, is_worth_reading)
    return Repository(reader, opening(), deadline, begun)


def open_repository(
    reader: Reader, password: str, deadline: Deadline, key_hint: str = "", head_start: HeadStart | None = None
) -> Repository:
    """The repository, with the key being derived; see `opening.begin_keys`."""
    opening = begin_keys(reader, password, deadline, key_hint, head_start)
    begun = Begun(reader, is_worth_reading)
    return Repository(reader, opening(), deadline, begun)
