"""The corpus of real logs in tests/data/logs: what restic printed, when each line came, and what is true of it.

`python -m tests.lab.scenes` makes it. Nothing in a log was written or altered by hand.
"""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum, unique
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data" / "logs"
MANIFEST = "scenes.json"


@unique
class Truth(StrEnum):
    """Why a log reads as it does. No other word is used."""

    SUCCESS = "success"
    KILLED = "killed"
    INTERRUPTED = "interrupted"
    WRONG_PASSWORD = "wrong-password"
    NO_REPOSITORY = "no-repository"
    NO_CONNECTION = "no-connection"
    CONNECTION_LOST = "connection-lost"
    CONNECTION_RECOVERED = "connection-recovered"
    SHARE_FULL = "share-full"
    DATA_MISSING = "data-missing"
    NO_PERMISSION = "no-permission"
    LOCKED_BY_LIVE = "locked-by-live"
    LOCKED_BY_STALE = "locked-by-stale"
    RETRY_FAILED = "retry-failed"
    RETRY_SUCCEEDED = "retry-succeeded"
    LOCK_CUT = "lock-cut"
    LOCK_ALTERED = "lock-altered"
    LOCK_UNREADABLE = "lock-unreadable"
    LOCK_UNDECODABLE = "lock-undecodable"
    LOCK_REMOVED = "lock-removed"
    RENEWAL_FAILED = "renewal-failed"
    RENEWAL_LATE = "renewal-late"
    BREAKER_OPEN = "breaker-open"
    BREAKER_NEAR = "breaker-near"
    """The retries that lead to an open breaker, in a log that ends before it."""


@dataclass(frozen=True, slots=True)
class Log:
    """One file of the corpus.

    `runs`: for each restic in it `command`, `exit` (negative: a signal; null: it still ran when the lab stopped it)
    and `truth`. `locks`: those that stood on the share, each with `id`, the owner (null where nobody can tell), `own`
    (a recorded restic's), `named` (the log shows its short id), and how it was right after the log's end: `at_end`
    (sound, cut, empty, altered, gone) and `owner_lives`. `arrived` is seconds since `begun`, one for each line.
    """

    file: str
    scene: str
    restic: str
    rclone: str
    about: str
    runs: list[dict[str, Any]]
    begun: str
    arrived: list[float]
    locks: list[dict[str, Any]]
    truth: Truth
    todo: str

    @property
    def data(self) -> bytes:
        """What was printed, both streams in one, byte for byte."""
        return (FOLDER / self.file).read_bytes()

    @property
    def lines(self) -> list[bytes]:
        """The same in lines, each with its end; the last may have none."""
        # Only a newline ends a line: splitlines() would take other bytes for ends too.
        return io.BytesIO(self.data).readlines()

    def stamped(self, form: str) -> bytes:
        """The log as it would be had each line got a time when it came: `form` is one of `FORMS`."""
        begun, stamp = datetime.fromisoformat(self.begun), FORMS[form]
        stamps = [stamp(begun + timedelta(seconds=one)).encode() for one in self.arrived]
        return b"".join(stamp + line for stamp, line in zip(stamps, self.lines, strict=True))


FORMS: Mapping[str, Callable[[datetime], str]] = {
    "iso": lambda moment: f"{moment.isoformat(timespec='milliseconds')} ",
    "syslog": lambda moment: f"{moment:%b} {moment.day:2d} {moment:%H:%M:%S} web1 backup[812]: ",
    "journald": lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S%z} web1 backup.sh[812]: ",
}
"""What puts a time before a line: `ts`, syslog, `journalctl -o short-iso`."""


@functools.cache
def logs() -> list[Log]:
    """All of the corpus, by name."""
    entries = json.loads((FOLDER / MANIFEST).read_text(encoding="utf-8"))["logs"]
    names = [one.name for one in fields(Log)]
    return [Log(**{**{name: one[name] for name in names}, "truth": Truth(one["truth"])}) for one in entries]
