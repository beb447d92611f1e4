"""What the journal holds, as values, and its lines, both ways. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from enum import Enum
from math import isfinite
from typing import Any

from lockctl.clock.rfc3339 import parse_moment

_KINDS = ("intent", "outcome", "held", "released", "restored", "returned")
_ID = re.compile(r"[0-9a-f]{64}(-tmp-[0-9]{1,20})?")
"""The names that are ever removed from locks/: `restore` makes a path of one."""
_OWNER = {"hostname": str, "pid": int, "username": str, "uid": int, "gid": int, "exclusive": bool}


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


@dataclass(frozen=True, slots=True)
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
    held_before: str | None = None
    """What `held_at` was before that, and is again where it could not be put back."""
    restored_at: str | None = None
    returned_as: str | None = None


@dataclass(slots=True)
class Told:
    """What the lines of a journal have told so far."""

    records: dict[str, Record] = field(default_factory=dict)
    """By the key of the intent, oldest first."""
    lines: int = 0
    damaged: list[int] = field(default_factory=list)
    """The numbers of lines that could not be understood."""

    def read(self, line: bytes) -> None:
        """Reads the next line; one that is damaged is noted and passed over."""
        self.lines += 1
        try:
            _apply(self.records, json.loads(line))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            self.damaged.append(self.lines)


def make_intent(key: str, origin: Origin, removed: Removed, at: str, by: dict[str, Any]) -> dict[str, Any]:
    """The line that tells of a removal before it is done."""
    return {
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
        "sha256": hashlib.sha256(removed.data).hexdigest(),
        "by": by,
    }


def _apply(records: dict[str, Record], line: dict[str, Any]) -> None:
    """Adds one line to what is known. Raises ValueError, KeyError or TypeError where it is not as it was written.

    What follows an intent that is not known is passed over: the line of that intent is damaged.
    """
    if line["type"] not in _KINDS:
        return  # of a later version
    key, at = _text(line, "key"), _text(line, "at")
    parse_moment(at)
    known = records.get(key)
    if line["type"] == "intent":
        if known is not None:
            raise ValueError("an intent that another one would hide")
        records[key] = _read_intent(line, key, at)
    elif known is not None:
        records[key] = _follow(known, line, at)


def _follow(record: Record, line: dict[str, Any], at: str) -> Record:
    match line["type"]:
        case "outcome":
            return replace(record, outcome=Outcome(line["outcome"]), outcome_text=_text(line, "text"))
        case "held":
            return replace(record, held_at=at, held_before=record.held_at)
        case "released":
            return replace(record, held_at=record.held_before)
        case "restored":
            return replace(record, restored_at=at)
        case _:
            return replace(record, returned_as=_id(line, "new_id"))


def _read_intent(line: dict[str, Any], key: str, at: str) -> Record:
    repository, by, age = line["repository"], line["by"], line["age_seconds"]
    _plain(by)
    if age is not None and (not isinstance(age, int | float) or not isfinite(age)):
        raise TypeError("an age that is no number")
    if not isinstance(line["server_time"], int):
        raise TypeError("a time that is no number")
    id_ = None if repository["id"] is None else _text(repository, "id")
    origin = Origin(_text(repository, "address"), id_, _text(repository, "config_sha256"))
    texts = (_text(line, "state"), _text(line, "reason"))
    removed = Removed(_id(line, "id"), _data(line), *texts, age, _owner(line), line["server_time"])
    return Record(key, at, origin, removed, by)


def _data(line: dict[str, Any]) -> bytes:
    data = base64.b64decode(_text(line, "data"), validate=True)
    # Earlier versions did not write their hash.
    if "sha256" in line and line["sha256"] != hashlib.sha256(data).hexdigest():
        raise ValueError("other bytes than were removed")
    return data


def _owner(line: dict[str, Any]) -> dict[str, Any] | None:
    lock = line["lock"]
    if lock is None:
        return None
    _plain(lock)
    if not all(isinstance(lock[name], kind) for name, kind in _OWNER.items()):
        raise TypeError("a lock without an owner")
    return dict(lock)


def _plain(fields: Any) -> None:
    if not isinstance(fields, dict) or not all(isinstance(value, str | int) for value in fields.values()):
        raise TypeError("no texts and numbers")


def _id(fields: dict[str, Any], name: str) -> str:
    text = _text(fields, name)
    if not _ID.fullmatch(text):
        raise ValueError(f"{name} is no name of a lock")
    return text


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value
