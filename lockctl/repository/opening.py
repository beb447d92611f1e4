"""Opening: config and keys/ of a repository, and the master key that a password opens. Judges nothing.

The key is derived in a thread while the locks are listed and read: both take most of a short run's time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lockctl.background import Background
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
from lockctl.repository.config import RepositoryConfig
from lockctl.repository.crypto import CryptoFailure, Key, unseal
from lockctl.repository.deriving import open_key
from lockctl.repository.headstart import HeadStart
from lockctl.repository.keyfile import MAX_KEY_SIZE, parse_key_file
from lockctl.repository.lock import is_lock_name
from lockctl.transport.base import Entry, Reader

MAX_KEYS = 20
"""Keys that are tried with one password, as restic does (`MaxKeys` in internal/repository)."""
_DERIVATION_LIMIT = 300.0


@dataclass(frozen=True, slots=True)
class OpenedKey:
    """The master key, and the bytes of the key file that it was in."""

    key: Key
    file: bytes


class Opening:
    """A repository's config, and its master key once that is derived."""

    def __init__(
        self,
        sealed_config: bytes,
        deriving: Background[OpenedKey | None] | None,
        deadline: Deadline,
        seen: Sequence[Entry] = (),
    ) -> None:
        """Without `deriving` nothing is ever decrypted. `seen` are entries that the server showed on the way."""
        self.seen = tuple(seen)
        self.decrypts = deriving is not None
        self._sealed_config = sealed_config
        self._deriving = deriving
        self._deadline = deadline
        self._opened: OpenedKey | None = None

    @property
    def config(self) -> RepositoryConfig:
        """The repository's config. Waits for the key; raises WrongPassword, DamagedKey, DamagedConfig."""
        digest = hashlib.sha256(self._sealed_config).hexdigest()
        if self._deriving is None:
            return RepositoryConfig(None, None, digest)
        try:
            fields = json.loads(unseal(self.master_key(), self._sealed_config))
            return RepositoryConfig(str(fields["id"]), int(fields["version"]), digest)
        except (CryptoFailure, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise DamagedConfig(
                "the repository's config is damaged: the password's key does not open it",
                "Run 'restic check', or restore the file config from a copy of the repository",
            ) from error

    @property
    def key_file(self) -> bytes:
        """The key file that the password opened. Waits for it, and raises, as `config` does."""
        self.master_key()
        return self._opened.file if self._opened is not None else b""

    def master_key(self) -> Key:
        """Waits for it. Raises WrongPassword, DamagedKey, DeadlinePassed."""
        if self._opened is None and self._deriving is not None:
            if not self._deriving.wait(self._deadline.cap(_DERIVATION_LIMIT)):
                raise DeadlinePassed(
                    "the repository's key was not derived in time",
                    "Give --key-hint: costly keys may have been planted, or this machine is overloaded",
                )
            self._opened = self._deriving.result()
        if self._opened is None:
            raise WrongPassword(
                "wrong password for the repository: no key opens with it",
                "Set RESTIC_PASSWORD, RESTIC_PASSWORD_FILE or --password-file to the repository's password",
            )
        return self._opened.key


def begin_config(reader: Reader, deadline: Deadline) -> Callable[[], Opening]:
    """Begins to read the repository's config; the result waits for it, and knows no key.

    It raises NoRepository, and the transport's errors.
    """
    reading = reader.begin_files(["config"], MAX_KEY_SIZE)
    return lambda: Opening(_config(reading()[0]), None, deadline)


def begin_keys(
    reader: Reader, password: str, deadline: Deadline, key_hint: str = "", head_start: HeadStart | None = None
) -> Callable[[], Opening]:
    """Begins to read config and keys/; the result waits for them and starts to try the password on the keys.

    The one that `key_hint` begins is first. It raises NoRepository where config or keys are missing, and the
    transport's errors.
    """
    first = key_hint or (head_start.id if head_start is not None else "")

    def is_first(entry: Entry) -> bool:
        return bool(first) and entry.name.startswith(first)

    def choose(entries: Sequence[Entry]) -> list[Entry]:
        keys = [entry for entry in entries if is_lock_name(entry.name) and not entry.is_directory]
        return sorted(keys, key=lambda entry: not is_first(entry))[:MAX_KEYS]

    folder = reader.begin_folder("keys", choose, MAX_KEY_SIZE)
    config = reader.begin_files(["config"], MAX_KEY_SIZE)

    def finish() -> Opening:
        try:
            keys = folder()
        except NotFound as error:
            raise no_repository() from error
        entries = choose([entry for entry in keys.listing.entries if entry.name in keys.data])
        if not entries:
            raise no_repository()
        sealed = _config(config()[0])
        files = [(entry.name, keys.data[entry.name]) for entry in entries]
        deriving = Background(lambda: _try_keys(files, password, head_start))
        seen = entries if keys.listing.itself is None else [*entries, keys.listing.itself]
        return Opening(sealed, deriving, deadline, seen)

    return finish


def no_repository() -> NoRepository:
    """The error for a path without config or keys/."""
    return NoRepository(
        "no restic repository there: it has no 'config' or no key in 'keys/'",
        "Give the path that restic's own address ends in",
    )


def _config(content: bytes | FileError) -> bytes:
    if isinstance(content, NotFound):
        raise no_repository()
    if isinstance(content, FileError):
        raise content
    return content


def _try_keys(
    files: Sequence[tuple[str, bytes | FileError]], password: str, head_start: HeadStart | None
) -> OpenedKey | None:
    """The first master key that opens. A damaged key is an error only where no sound one was tried."""
    problem: LockctlError | None = None
    is_tried = False
    for name, data in files:
        try:
            if isinstance(data, FileError):
                raise data
            if len(data) > MAX_KEY_SIZE:
                raise DamagedKey(f"key {name[:8]} is larger than a key can be", "Somebody may have planted it")
            if head_start is not None and hashlib.sha256(data).hexdigest() == head_start.id:
                key = head_start.key()
            else:
                key = open_key(parse_key_file(name, data), password)
        except (DamagedKey, FileError) as error:
            problem = error
            continue
        is_tried = True
        if key is not None:
            return OpenedKey(key, data)
    if problem is None:
        return None
    if is_tried:
        raise WrongPassword(
            f"wrong password for the repository: no key opens with it, and {problem.message}",
            "Set the password of a sound key, or restore keys/ from a copy of the repository",
        )
    raise problem
