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
from pathlib import Path
from typing import Any

from lockctl.errors import JournalError
from lockctl.state.records import Origin, Outcome, Record, Removed, apply_line

NAME = "journal.jsonl"
_APPEND_SECONDS = 10.0


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
                apply_line(records, json.loads(line))
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
