"""What the journal holds, as values, and its lines, both ways. Pure."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from lockctl.clock.rfc3339 import parse_moment

_KINDS = ("intent", "outcome", "held", "restored", "returned")


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


def apply_line(records: dict[str, Record], line: dict[str, Any]) -> None:
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
