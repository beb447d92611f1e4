"""Event: what one line tells of locks, with when and of which. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lockctl.diagnosis.logs.lines import Line
from lockctl.diagnosis.logs.texts import TEXTS, Kind

GREW = re.compile(r"more than declared Content-Length")
"""The error of a file that was longer than the listing had said: net/http's `ErrContentLength` and its transport's."""
_MAY_TELL = re.compile(
    r"lock|Load\(|Save\(|Stat\(|Remove\(|List\(|Test\(|Fatal: |snapshot |signal |ERROR|CRITICAL|opened|rclone"
    r"|processed|open repo|load ind|start b|Would|no err|unable to|storage ID|ciphertext"
)
"""In every text there is one of these, and in nearly all other lines there is none."""
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9}
_PART = re.compile(r"(\d{1,12}(?:\.\d{0,12})?)(h|ms|m|s|µs|us|ns)")
MAX_DETAIL = 600
"""Characters of an error that are kept."""
MAX_TEXT = 1000
"""Characters of a line that are kept."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom restic names as the holder of a lock."""

    hostname: str
    username: str
    pid: int
    uid: int
    gid: int
    exclusive: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One line that tells something. `lock` is the beginning of an id, '' where the line names no lock.

    `action` is restic's word for what it did with a file (Load, Save, Remove …), `file_type` what kind of file.
    `pause` is in seconds: how long restic waits until it tries again, how long at most it waits for a lock, or how old
    a lock was, which is below zero where clocks differ.
    """

    kind: Kind
    line: Line
    lock: str = ""
    action: str = ""
    file_type: str = ""
    error: str = ""
    pause: float = 0.0
    repository: str = ""
    holder: Holder | None = None

    @property
    def grew(self) -> bool:
        """Whether the file was longer than the listing had said."""
        return self.kind is Kind.CUT_GET or GREW.search(self.error) is not None


def recognise(line: Line) -> Event | None:
    """What the line tells, None where it tells nothing of locks, nor of how a run went."""
    if _MAY_TELL.search(line.text) is None:
        return None
    for text in TEXTS:
        found = text.pattern.match(line.text)
        if found is not None:
            return _make(text.kind, line, found.groupdict())
    return None


def parse_go_duration(text: str) -> float:
    """Seconds of a duration as Go writes it (`26h3m0.64s`, `1.39s`, `-59m3s`); 0 where it is none."""
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return -seconds if text.startswith("-") else seconds


def _make(kind: Kind, line: Line, groups: dict[str, str | None]) -> Event:
    named = {name: value for name, value in groups.items() if value is not None}
    file_type = named.get("type", "lock" if "lock" in named else "")
    of_lock = named.get("name", "") if file_type == "lock" else ""
    age = named.get("age", "")
    return Event(
        kind,
        replace(line, text=line.text[:MAX_TEXT]),
        lock=named.get("lock", of_lock),
        action=named.get("action", ""),
        file_type=file_type,
        error=named.get("error", "")[:MAX_DETAIL],
        pause=parse_go_duration(age or named.get("pause", "")),
        repository=named.get("repository", ""),
        holder=_holder(named) if kind is Kind.LOCKED else None,
    )


def _holder(named: dict[str, str]) -> Holder:
    pid, uid, gid = (int(named[name]) for name in ("pid", "uid", "gid"))
    return Holder(named["host"], named["user"], pid, uid, gid, exclusive="exclusive" in named)
