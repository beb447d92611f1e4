"""Lock: what the JSON in a lock says. LockFile: a file in locks/, with what could be made of it. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TypeVar

from lockctl.transport.base import Entry

MAX_LOCK_SIZE = 64 * 1024
"""Bytes. A lock has under 400; nothing that restic writes comes near this."""

_LOCK_NAME = re.compile(r"[0-9a-f]{64}")
_TEMPORARY_NAME = re.compile(r"[0-9a-f]{64}-tmp-[0-9]{1,20}")
_MAX_NUMBER = 2**63
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_UNREAD, _UNCHANGING = (-1, -1), (-2, -2)
"""In place of a size and a last write: no file has such ones (the first is `UNREAD` in state/memory.py)."""

T = TypeVar("T")


class UndecodableLock(ValueError):
    """Sound bytes that hold no lock."""


class Problem(Enum):
    """Why a file in locks/ yields no Lock."""

    FOREIGN = "foreign"
    TEMPORARY = "temporary"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    """Empty, cut short or altered: the name is not the SHA-256 of the bytes."""
    UNDECODABLE = "undecodable"
    SEALED = "sealed"
    """Sound bytes that nobody tried to open: an administrator of the server has no key."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The fields of restic's lock (internal/repository/lock_file.go). `time` is the owner's text, kept whole."""

    time: str
    time_ns: int
    exclusive: bool
    hostname: str
    username: str
    pid: int
    uid: int
    gid: int

    @property
    def owner(self) -> tuple[str, int, str, int, int, bool]:
        """One restic process, as far as a lock can tell."""
        return (self.hostname, self.pid, self.username, self.uid, self.gid, self.exclusive)


@dataclass(frozen=True, slots=True)
class LockFile:
    """One file of locks/. `content` is the lock that it holds, or why it yields none, of which `detail` says more."""

    entry: Entry
    data: bytes | None
    content: Lock | Problem
    detail: str = ""
    lock: Lock | None = field(init=False, repr=False, compare=False)
    """The lock, where it holds one."""
    problem: Problem | None = field(init=False, repr=False, compare=False)
    """Why it yields none, where it does not."""

    def __post_init__(self) -> None:
        # Kept, for whoever judges asks some forty times.
        is_lock = isinstance(self.content, Lock)
        object.__setattr__(self, "lock", self.content if is_lock else None)
        object.__setattr__(self, "problem", None if is_lock else self.content)

    @property
    def id(self) -> str:
        """The file's name."""
        return self.entry.name

    @property
    def instance(self) -> tuple[str, int, int] | None:
        """What tells this file from another that ever bears its name; None for a stranger's.

        The name of a sound lock is the hash of its bytes: the same name is the same lock, whatever file id and times
        a server gives it at each look. A renewal cannot hide behind that: it writes another `time`, and so gets
        another name (restic's lock_file.go, `refresh`); where an owner at or below 0.9.6 leaves `time` as it was, the
        nonce differs.
        """
        if self.problem is Problem.FOREIGN:
            return None
        if self.problem is Problem.UNREADABLE:
            return (self.id, *_UNREAD)
        sound = self.lock is not None or self.problem in (Problem.SEALED, Problem.UNDECODABLE)
        return (self.id, *_UNCHANGING) if sound else self.entry.version


def is_lock_name(name: str) -> bool:
    """Whether restic would take this name in locks/ for a lock."""
    return _LOCK_NAME.fullmatch(name) is not None


def is_temporary_name(name: str) -> bool:
    """Whether this is what restic writes before it renames (`<id>-tmp-<number>`)."""
    return _TEMPORARY_NAME.fullmatch(name) is not None


def is_complete(name: str, data: bytes) -> bool:
    """Whether these are all the bytes that the name promises."""
    return hashlib.sha256(data).hexdigest() == name


def parse_lock(plaintext: bytes) -> Lock:
    """The lock in this JSON. Unknown keys are ignored: later versions may add some. Raises UndecodableLock."""
    try:
        fields = json.loads(plaintext)
    except (ValueError, RecursionError) as error:
        raise UndecodableLock("it holds no JSON") from error
    if not isinstance(fields, dict):
        raise UndecodableLock("its JSON is no object")
    time = _take(fields, "time", str, None)
    return Lock(
        time=time,
        time_ns=_nanoseconds(time),
        exclusive=_take(fields, "exclusive", bool, False),
        hostname=_take(fields, "hostname", str, ""),
        username=_take(fields, "username", str, ""),
        pid=_number(fields, "pid"),
        uid=_number(fields, "uid"),
        gid=_number(fields, "gid"),
    )


def _take(fields: dict[str, object], key: str, kind: type[T], default: T | None) -> T:
    value = fields.get(key, default)
    if not isinstance(value, kind):
        raise UndecodableLock(f"its {key!r} is missing or of the wrong kind")
    return value


def _number(fields: dict[str, object], key: str) -> int:
    value = _take(fields, key, int, 0)
    if isinstance(value, bool) or not 0 <= value < _MAX_NUMBER:
        raise UndecodableLock(f"its {key!r} is no number of a process or user")
    return value


def _nanoseconds(time: str) -> int:
    try:
        moment = datetime.fromisoformat(time)
    except (ValueError, OverflowError) as error:
        raise UndecodableLock("its 'time' is no time") from error
    if moment.tzinfo is None:
        raise UndecodableLock("its 'time' has no time zone")
    # It drops what is finer than a microsecond, which no judgement needs.
    return (moment - _EPOCH) // _MICROSECOND * 1000
