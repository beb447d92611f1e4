"""The journal: one JSON object a line, only ever appended to, each line on disk before the next step is taken.

An `intent` holds a lock's bytes and why it is to go, and is synced before the lock is marked; an `outcome` tells what
came of it. An intent without outcome is a run that was ended in between. No password is ever in it.
"""

from __future__ import annotations

import base64
import errno
import fcntl
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from lockctl.errors import JournalError
from lockctl.moments import parse_moment

NAME = "journal.jsonl"
_KINDS = ("intent", "outcome", "held", "restored", "returned")
_APPEND_SECONDS = 10.0


class Outcome(Enum):
    """What came of an intent."""

    REMOVED = "removed"
    KEPT = "kept"
    GONE = "gone"
    """It was not there any more when its turn came."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Origin:
    """The repository that a lock was in. `config_sha256` is the hash of its config file, sealed as it is.

    `id` is None where nobody opened it.
    """

    address: str
    id: str | None
    config_sha256: str


@dataclass(frozen=True, slots=True)
class Removed:
    """What an intent says of the lock: `lock` has the fields of restic's JSON, or is None for one that is damaged."""

    id: str
    data: bytes = field(repr=False)
    state: str
    reason: str
    age_seconds: float | None
    lock: dict[str, Any] | None
    server_time: int
    """The server's clock then, nanoseconds since 1970."""


@dataclass(slots=True)
class Record:
    """An intent and what became of it. Moments are RFC 3339."""

    key: str
    at: str
    origin: Origin
    removed: Removed
    by: dict[str, Any]
    outcome: Outcome | None = None
    outcome_text: str = ""
    held_at: str | None = None
    """When it was about to be put back: from then on `prune` leaves it alone for a day."""
    restored_at: str | None = None
    returned_as: str | None = None


class Journal:
    """The journal in a state folder. The folder is made when the first line is written, for its owner's eyes only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.path = directory / NAME

    def records(self) -> list[Record]:
        """All intents, oldest first. A last line that was cut short by a crash is no line. Raises JournalError."""
        records: dict[str, Record] = {}
        for number, line in enumerate(self._lines(), start=1):
            try:
                _apply(records, json.loads(line))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise JournalError(
                    f"line {number} of {self.path} is damaged",
                    "Move that line elsewhere; the others are sound",
                ) from error
        return list(records.values())

    def begin(self, origin: Origin, removed: Removed, at: str, by: dict[str, Any]) -> str:
        """Writes and syncs an intent; returns its key."""
        key = uuid.uuid4().hex
        self._append(
            {
                "type": "intent",
                "key": key,
                "at": at,
                "repository": {
                    "address": origin.address,
                    "id": origin.id,
                    "config_sha256": origin.config_sha256,
                },
                "id": removed.id,
                "state": removed.state,
                "reason": removed.reason,
                "age_seconds": removed.age_seconds,
                "lock": removed.lock,
                "server_time": removed.server_time,
                "data": base64.b64encode(removed.data).decode("ascii"),
                "by": by,
            }
        )
        return key

    def finish(self, key: str, outcome: Outcome, text: str, at: str) -> None:
        """Writes and syncs what came of an intent."""
        self._append({"type": "outcome", "key": key, "at": at, "outcome": outcome.value, "text": text})

    def hold(self, key: str, at: str) -> None:
        """The lock is about to be put back, and must not be taken for stale as soon as it stands there."""
        self._append({"type": "held", "key": key, "at": at})

    def note_restored(self, key: str, at: str) -> None:
        """The lock was put back."""
        self._append({"type": "restored", "key": key, "at": at})

    def note_returned(self, key: str, new_id: str, at: str) -> None:
        """The owner of a removed lock was alive: it came back under `new_id`."""
        self._append({"type": "returned", "key": key, "at": at, "new_id": new_id})

    @contextmanager
    def exclusive(self, wait: Iterator[None] | None = None) -> Iterator[bool]:
        """Keeps other runs of this machine from removing at the same time. Yields whether it could be had.

        Without `wait` it is tried once; else again after each step of `wait`, which pauses and may raise.
        """
        with self._guarded("open", self._directory / "journal.lock"):
            self._make_directory()
            descriptor = os.open(self._directory / "journal.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            held = _try_flock(descriptor)
            while not held and wait is not None:
                next(wait)
                held = _try_flock(descriptor)
            yield held
        finally:
            os.close(descriptor)

    def _lines(self) -> list[bytes]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._error("read", self.path, error) from error
        return content.split(b"\n")[:-1]

    def _append(self, line: dict[str, Any]) -> None:
        with self._guarded("write", self.path):
            self._make_directory()
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _flock_soon(descriptor)
                _drop_torn_line(descriptor)
                data = json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"
                if os.write(descriptor, data) != len(data):
                    raise OSError(errno.ENOSPC, "no space left on device")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _make_directory(self) -> None:
        if not self.path.exists():
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
            descriptor = os.open(self._directory, os.O_RDONLY)
            try:
                os.fsync(descriptor)  # else the name of the first journal could be lost with the power
            finally:
                os.close(descriptor)

    @contextmanager
    def _guarded(self, verb: str, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._error(verb, path, error) from error

    def _error(self, verb: str, path: Path, error: OSError) -> JournalError:
        return JournalError(
            f"cannot {verb} {path}: {error.strerror}",
            "Give a folder that can be written: --state-dir or LOCKCTL_STATE_DIR",
        )


def _try_flock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _flock_soon(descriptor: int) -> None:
    """Others hold this lock for as long as one line takes; one that was stopped meanwhile must not stop us too."""
    end = time.monotonic() + _APPEND_SECONDS
    while not _try_flock(descriptor):
        if time.monotonic() > end:
            raise OSError(errno.EAGAIN, "another lockctl holds it and does not go on")
        time.sleep(0.01)


def _drop_torn_line(descriptor: int) -> None:
    """A crash can leave half a line at the end. Nothing was done on its account, so it is cut off."""
    size = os.fstat(descriptor).st_size
    if not size or os.pread(descriptor, 1, size - 1) == b"\n":
        return
    end = size
    while end:
        start = max(0, end - 65536)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            os.ftruncate(descriptor, start + found + 1)
            return
        end = start
    os.ftruncate(descriptor, 0)


def _apply(records: dict[str, Record], line: dict[str, Any]) -> None:
    """Adds one line to what is known. Raises ValueError, KeyError or TypeError where it is not as it was written."""
    if line["type"] not in _KINDS:
        return  # of a later version
    key, at = _text(line, "key"), _text(line, "at")
    parse_moment(at)
    match line["type"]:
        case "intent":
            records[key] = _read_intent(line, key, at)
        case "outcome":
            records[key].outcome = Outcome(line["outcome"])
            records[key].outcome_text = _text(line, "text")
        case "held":
            records[key].held_at = at
        case "restored":
            records[key].restored_at = at
        case "returned":
            records[key].returned_as = _text(line, "new_id")


def _read_intent(line: dict[str, Any], key: str, at: str) -> Record:
    repository, lock, by, age = line["repository"], line["lock"], line["by"], line["age_seconds"]
    if not isinstance(by, dict) or not isinstance(line["server_time"], int):
        raise TypeError("not an intent")
    if age is not None and not isinstance(age, int | float):
        raise TypeError("an age that is no number")
    if lock is not None and not {"hostname", "pid", "username", "uid", "gid", "exclusive"} <= set(lock):
        raise KeyError("a lock without an owner")
    id_ = None if repository["id"] is None else _text(repository, "id")
    origin = Origin(_text(repository, "address"), id_, _text(repository, "config_sha256"))
    data = base64.b64decode(_text(line, "data"), validate=True)
    texts = (_text(line, "state"), _text(line, "reason"))
    return Record(key, at, origin, Removed(_text(line, "id"), data, *texts, age, lock, line["server_time"]), by)


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value
