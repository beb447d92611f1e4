"""Repository: a Reader and a password become lock files. Lists and reads only, and judges nothing.

The key is derived in a thread while the locks are listed and read: both take most of a short run's time.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lockctl.background import Background
from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.errors import (
    DamagedConfig,
    DamagedKey,
    DeadlinePassed,
    FileError,
    LockctlError,
    NoRepository,
    NotFound,
    WrongPassword,
)
from lockctl.repository.config import Config
from lockctl.repository.crypto import CryptoFailure, Key, TooCostly, decompress, unseal
from lockctl.repository.headstart import HeadStart
from lockctl.repository.keyfile import MAX_KEY_SIZE, open_key_file, parse_key_file
from lockctl.repository.lock import (
    MAX_LOCK_SIZE,
    Lock,
    LockFile,
    Problem,
    UndecodableLock,
    is_complete,
    is_lock_name,
    is_temporary_name,
    parse_lock,
)
from lockctl.repository.missing import in_locks_folder
from lockctl.transport.base import Entry, Listing, Reader, Watch

MAX_KEYS = 20
"""Keys that are tried with one password, as restic does (`MaxKeys` in internal/repository)."""
MAX_LOCKS_SIZE = 64 * 2**20
"""Bytes of all locks together: a hundred thousand sound ones have less."""
_DERIVATION_LIMIT = 300.0
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between looks at a lock that is being written."""
_WRITING_TIME = 10 * 10**9
"""Nanoseconds after its creation in which a lock that is cut short may be whole at the next look."""


@dataclass(frozen=True, slots=True)
class OpenedKey:
    """The master key, and the bytes of the key file that it was in."""

    key: Key
    file: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """The lock files at one moment, which is when the answer came and not when the key was derived at last."""

    files: tuple[LockFile, ...]
    now: int
    """The server's clock then, in nanoseconds since 1970."""
    arrived: float
    """Our boot-time clock then, in seconds."""
    changed: int
    """The last change of locks/."""
    others: tuple[Entry, ...]
    """What else the same server showed: the directories, and the key files."""


class Repository:
    """One repository behind a Reader. Made by `open_repository`."""

    def __init__(
        self,
        reader: Reader,
        sealed_config: bytes,
        opening: Background[OpenedKey | None] | None,
        deadline: Deadline,
        others: Sequence[Entry] = (),
    ) -> None:
        """Without `opening` nothing is decrypted, and no owner is known. `others` are entries seen on the way."""
        self._reader = reader
        self._sealed_config = sealed_config
        self._opening = opening
        self._deadline = deadline
        self._others = tuple(others)
        self._opened: OpenedKey | None = None
        self._whole: dict[str, LockFile] = {}
        """By id, what was read and decoded before: a lock never changes."""

    @property
    def config(self) -> Config:
        """The repository's config. Waits for the key; raises WrongPassword, DamagedKey, DamagedConfig."""
        digest = hashlib.sha256(self._sealed_config).hexdigest()
        if self._opening is None:
            return Config(None, None, digest)
        try:
            fields = json.loads(unseal(self._master_key(), self._sealed_config))
            return Config(str(fields["id"]), int(fields["version"]), digest)
        except (CryptoFailure, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise DamagedConfig(
                "the repository's config is damaged: the password's key does not open it",
                "Run 'restic check', or restore the file config from a copy of the repository",
            ) from error

    @property
    def key_file(self) -> bytes:
        """The key file that the password opened. Waits for it, and raises, as `config` does."""
        self._master_key()
        return self._opened.file if self._opened is not None else b""

    def find_locks(self) -> Found:
        """Lists and reads locks/, decodes what can be decoded. Raises the transport's errors and those of `config`."""
        listing, contents = self._read_locks()
        now, arrived = self._reader.now(), boottime()
        files = tuple(
            self._known(entry) or self._interpret(entry, contents.get(entry.name))
            for entry in listing.entries
            if not isinstance(contents.get(entry.name), NotFound)
        )
        self._whole = {file.id: file for file in files if file.lock is not None}
        others = self._others if listing.itself is None else (*self._others, listing.itself)
        return Found(files, now, arrived, listing.changed, others)

    def watch_locks(self) -> Watch:
        """Watches locks/. Raises NoLocksFolder, and as the transport does."""
        with in_locks_folder():
            return self._reader.watch("locks")

    def _read_locks(self) -> tuple[Listing, dict[str, bytes | FileError]]:
        """The listing and what it names; again where a lock vanished or is just being written.

        The owner of what vanished has a new one by then, and rclone writes a lock in place within an instant.
        """
        for pause in (*_PAUSES, None):
            with in_locks_folder():
                listing = self._reader.list_directory("locks")
            names = _within_budget(entry for entry in listing.entries if self._is_news(entry))
            data = self._reader.read_many([f"locks/{name}" for name in names], MAX_LOCK_SIZE)
            contents = dict(zip(names, data, strict=True))
            unsettled = any(self._is_unsettled(entry, contents.get(entry.name)) for entry in listing.entries)
            if pause is None or not unsettled:
                break
            time.sleep(self._deadline.cap(pause))
        return listing, contents

    def _is_news(self, entry: Entry) -> bool:
        return _is_worth_reading(entry) and self._known(entry) is None

    def _known(self, entry: Entry) -> LockFile | None:
        """The same file as an earlier look of this run read it, with its entry of now."""
        before = self._whole.get(entry.name)
        if before is None or before.entry.version != entry.version:
            return None
        return replace(before, entry=entry)

    def _is_unsettled(self, entry: Entry, content: bytes | FileError | None) -> bool:
        if isinstance(content, NotFound):
            return True
        if not isinstance(content, bytes) or not is_lock_name(entry.name) or is_complete(entry.name, content):
            return False
        return abs(self._reader.now() - (entry.created or entry.written)) < _WRITING_TIME

    def _interpret(self, entry: Entry, content: bytes | FileError | None) -> LockFile:
        if isinstance(content, FileError):
            return LockFile(entry, None, None, Problem.UNREADABLE, str(content))
        if is_temporary_name(entry.name) and content is not None:
            return LockFile(entry, content, None, Problem.TEMPORARY)
        if content is None and _is_worth_reading(entry):
            return LockFile(entry, None, None, Problem.UNREADABLE, "there is too much in locks/ to read it all")
        if content is None or len(content) > MAX_LOCK_SIZE:
            return LockFile(entry, None, None, Problem.FOREIGN)
        if not is_complete(entry.name, content):
            return LockFile(entry, content, None, Problem.INCOMPLETE)
        if self._opening is None:
            return LockFile(entry, content, None, Problem.SEALED)
        try:
            return LockFile(entry, content, self._decode(content), None)
        except (CryptoFailure, TooCostly, UndecodableLock) as error:
            return LockFile(entry, content, None, Problem.UNDECODABLE, str(error))

    def _decode(self, sealed: bytes) -> Lock:
        plaintext = unseal(self._master_key(), sealed)
        # Format 2: the byte 2, then a zstd frame; whatever starts like JSON is JSON (restic's repository.go).
        if plaintext[:1] not in (b"{", b"["):
            if plaintext[:1] != b"\x02":
                raise UndecodableLock("its plaintext is of an unknown format")
            plaintext = decompress(plaintext[1:])
        return parse_lock(plaintext)

    def _master_key(self) -> Key:
        if self._opened is None and self._opening is not None:
            if not self._opening.wait(self._deadline.cap(_DERIVATION_LIMIT)):
                raise DeadlinePassed("the repository's key was not derived in time", "Is this machine overloaded?")
            self._opened = self._opening.result()
        if self._opened is None:
            raise WrongPassword(
                "wrong password for the repository: no key opens with it",
                "Set RESTIC_PASSWORD, RESTIC_PASSWORD_FILE or --password-file to the repository's password",
            )
        return self._opened.key


def open_metadata(reader: Reader, deadline: Deadline) -> Repository:
    """The repository without its key: names, sizes and times, and no owners. Raises NoRepository."""
    (config,) = reader.read_many(["config"], MAX_KEY_SIZE)
    if isinstance(config, NotFound):
        raise no_repository()
    if isinstance(config, FileError):
        raise config
    return Repository(reader, config, None, deadline)


def open_repository(
    reader: Reader, password: str, deadline: Deadline, key_hint: str = "", head_start: HeadStart | None = None
) -> Repository:
    """Reads config and keys/ and starts to try the password on the keys, the one that `key_hint` begins first.

    Raises NoRepository where config or keys are missing, and the transport's errors.
    """
    try:
        listing = reader.list_directory("keys")
    except NotFound as error:
        raise no_repository() from error
    entries = [entry for entry in listing.entries if is_lock_name(entry.name) and not entry.is_directory]
    first = key_hint or (head_start.id if head_start is not None else "")
    entries.sort(key=lambda entry: not (first and entry.name.startswith(first)))
    entries = entries[:MAX_KEYS]
    if not entries:
        raise no_repository()
    paths = [f"keys/{entry.name}" for entry in entries]
    config, *contents = reader.read_many(["config", *paths], MAX_KEY_SIZE)
    if isinstance(config, NotFound):
        raise no_repository()
    if isinstance(config, FileError):
        raise config
    files = list(zip([entry.name for entry in entries], contents, strict=True))
    opening = Background(lambda: _try_keys(files, password, head_start))
    others = entries if listing.itself is None else [*entries, listing.itself]
    return Repository(reader, config, opening, deadline, others)


def no_repository() -> NoRepository:
    """The error for a path without config or keys/."""
    return NoRepository(
        "no restic repository there: it has no 'config' or no key in 'keys/'",
        "Give the path that restic's own address ends in",
    )


def _is_worth_reading(entry: Entry) -> bool:
    named = is_lock_name(entry.name) or is_temporary_name(entry.name)
    return named and not entry.is_directory and entry.size <= MAX_LOCK_SIZE


def _within_budget(entries: Iterable[Entry]) -> list[str]:
    """The names of the smallest files that together stay below MAX_LOCKS_SIZE."""
    names: list[str] = []
    total = 0
    for entry in sorted(entries, key=lambda entry: entry.size):
        total += entry.size
        if total > MAX_LOCKS_SIZE:
            break
        names.append(entry.name)
    return names


def _try_keys(
    files: Sequence[tuple[str, bytes | FileError]], password: str, head_start: HeadStart | None
) -> OpenedKey | None:
    """The first master key that opens. A damaged key is an error only where no other key fits."""
    problem: LockctlError | None = None
    for name, data in files:
        try:
            if isinstance(data, FileError):
                raise data
            if len(data) > MAX_KEY_SIZE:
                raise DamagedKey(f"key {name[:8]} is larger than a key can be", "Somebody may have planted it")
            if head_start is not None and hashlib.sha256(data).hexdigest() == head_start.id:
                key = head_start.key()
            else:
                key = open_key_file(parse_key_file(name, data), password)
        except (DamagedKey, FileError) as error:
            problem = error
            continue
        if key is not None:
            return OpenedKey(key, data)
    if problem is not None:
        raise problem
    return None
