"""The journal: one JSON object a line, only ever appended to, each line on disk before the next step is taken.

An `intent` holds a lock's bytes and why it is to go, and is synced before the lock is marked; an `outcome` tells what
came of it. An intent without outcome is a run that was ended in between. No password is ever in it.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lockctl.errors import JournalError
from lockctl.state.files import (
    describe_distrust,
    flock_soon,
    is_open_to_others,
    make_folder,
    name_of,
    open_regular,
    opened,
    sync_folder,
    try_flock,
    write_all,
)
from lockctl.state.records import Origin, Outcome, Record, Removed, Told, make_intent

NAME = "journal.jsonl"
_APPEND_SECONDS = 10.0
_NAMED = 5
"""Damaged lines that are told one by one."""
_TAIL = 256
"""Bytes by which it is seen that what was read still stands there."""


@dataclass(slots=True)
class _Read:
    """How far the file was read, and what it told."""

    file: tuple[int, int] = (0, 0)
    end: int = 0
    tail: bytes = b""
    """The last bytes before that end: where others stand there, it is not what was read."""
    told: Told = field(default_factory=Told)

    def goes_on(self, descriptor: int, file: tuple[int, int]) -> bool:
        """Whether this is still that file, and no shorter."""
        return self.file == file and os.pread(descriptor, len(self.tail), self.end - len(self.tail)) == self.tail

    def read_on(self, descriptor: int) -> None:
        """Reads what was appended. A last line that was cut short by a crash is no line."""
        os.lseek(descriptor, self.end, os.SEEK_SET)
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.split(b"\n")[:-1]:
            self.told.read(line)
        self.end += len(whole)
        self.tail = (self.tail + whole)[-_TAIL:]


class Journal:
    """The journal in a state folder. The folder is made when the first line is written, for its owner's eyes only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.path = directory / NAME
        self._read = _Read()
        self._reading = threading.Lock()

    def records(self) -> list[Record]:
        """All intents that can be read, oldest first. Reads what is new since the last call. Raises JournalError."""
        with self._reading:
            try:
                with opened(self.path) as descriptor:
                    self._read_on(descriptor)
            except FileNotFoundError:
                self._read = _Read()
            except OSError as error:
                raise self._error("read", self.path, error) from error
            return list(self._read.told.records.values())

    @property
    def damaged(self) -> tuple[str, ...]:
        """Which lines `records` could not understand, a sentence each. They stay where they are."""
        numbers = self._read.told.damaged
        told = [f"line {number} of {self.path} is damaged and was passed over" for number in numbers[:_NAMED]]
        if len(numbers) > _NAMED:
            told.append(f"{len(numbers) - _NAMED} more lines of {self.path} are damaged and were passed over")
        return tuple(told)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Who else could alter what is remembered here: one sentence, or none."""
        for path in (self._directory, self.path):
            try:
                reason = describe_distrust(path.stat(), os.geteuid())
            except OSError:
                continue  # it is not there, or not for us: then whoever needs it is told
            if reason:
                return (f"{path} {reason}: they could alter what lockctl remembers",)
        return ()

    def begin(self, origin: Origin, removed: Sequence[Removed], at: str, by: dict[str, Any]) -> list[str]:
        """Writes an intent for each and syncs them together; returns their keys."""
        keys = [uuid.uuid4().hex for _ in removed]
        self._append(*(make_intent(key, origin, one, at, by) for key, one in zip(keys, removed, strict=True)))
        return keys

    def finish(self, outcomes: Sequence[tuple[str, Outcome, str]], at: str) -> None:
        """Writes what came of intents, by their keys and in words, and syncs it together."""
        told = ((key, outcome.value, text) for key, outcome, text in outcomes)
        self._append(*({"type": "outcome", "key": k, "at": at, "outcome": o, "text": text} for k, o, text in told))

    def hold(self, key: str, at: str) -> None:
        """The lock is about to be put back, and must not be taken for stale as soon as it stands there."""
        self._append({"type": "held", "key": key, "at": at})

    def release(self, key: str, at: str) -> None:
        """The lock was certainly not put back: the last hold ends, and one before it counts again."""
        self._append({"type": "released", "key": key, "at": at})

    def note_restored(self, key: str, at: str) -> None:
        """The lock was put back."""
        self._append({"type": "restored", "key": key, "at": at})

    def note_returned(self, key: str, new_id: str, at: str) -> None:
        """The owner of a removed lock was alive: it came back under `new_id`."""
        self._append({"type": "returned", "key": key, "at": at, "new_id": new_id})

    @contextmanager
    def exclusive(self, repository: str, wait: Iterator[None] | None = None) -> Iterator[bool]:
        """Keeps other runs of this machine from removing there at the same time. Yields whether it could be had.

        `repository` is whatever tells it from others. Without `wait` it is tried once; else again after each step of
        `wait`, which pauses and may raise.
        """
        folder = self._directory / "running"
        with self._guarded("open", folder):
            make_folder(folder)
            descriptor = open_regular(folder / name_of(repository), os.O_RDWR | os.O_CREAT)
        try:
            held = try_flock(descriptor)
            while not held and wait is not None:
                next(wait)
                held = try_flock(descriptor)
            yield held
        finally:
            os.close(descriptor)

    def _read_on(self, descriptor: int) -> None:
        self._refuse_from_others(descriptor)
        status = os.fstat(descriptor)
        file = (status.st_dev, status.st_ino)
        if not self._read.goes_on(descriptor, file):
            self._read = _Read(file)
        self._read.read_on(descriptor)

    def _append(self, *lines: dict[str, Any]) -> None:
        data = b"".join(json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n" for line in lines)
        with self._guarded("write", self.path):
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with opened(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as descriptor:
                self._refuse_from_others(descriptor)
                flock_soon(descriptor, _APPEND_SECONDS)
                _end_last_line(descriptor)
                before = os.fstat(descriptor).st_size
                _write_or_nothing(descriptor, data, before)
                if not before:
                    sync_folder(self._directory)

    def _refuse_from_others(self, descriptor: int) -> None:
        if is_open_to_others(os.fstat(descriptor)):
            raise JournalError(
                f"{self.path} can be written by others, and anything may stand there",
                "Look at it, then take that from them: chmod go-w",
            )

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


def _write_or_nothing(descriptor: int, data: bytes, before: int) -> None:
    """Appends and syncs. Where that fails the file is cut to what it was: what is not told whole was not begun."""
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def _end_last_line(descriptor: int) -> None:
    """A crash can leave half a line at the end. Nothing was done on its account, so it is cut off.

    A whole line that only lacks its end, as some editors leave it, gets that.
    """
    end, last = os.fstat(descriptor).st_size, b""
    if not end or os.pread(descriptor, 1, end - 1) == b"\n":
        return
    while end:
        start = max(0, end - 65536)
        piece = os.pread(descriptor, end - start, start)
        found = piece.rfind(b"\n")
        last = piece[found + 1 :] + last
        if found >= 0:
            end = start + found + 1
            break
        end = start
    if _is_whole(last):
        write_all(descriptor, b"\n")
    elif last:
        os.ftruncate(descriptor, end)


def _is_whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
