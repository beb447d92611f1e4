"""The schemas of what is printed of locks: list, show, prune, rm, watch. Pure."""

from __future__ import annotations

from lockctl.liveness.evidence import WORK, State
from lockctl.render.schemas.findings import LOG_FINDING
from lockctl.render.schemas.pieces import (
    CODE,
    COUNT,
    HEADER,
    MOMENT,
    NUMBER,
    SECONDS,
    TEXT,
    WHICH,
    WHOLE,
    YES_OR_NO,
    Schema,
    described,
    document,
    known,
    list_of,
    one_of,
    or_null,
    record,
)

_WITNESS = record(
    {
        "name": CODE,
        "says": or_null(known(("renewed", "unchanged", "superseded", "alive", "gone"))),
        "age_seconds": or_null(SECONDS),
        "text": TEXT,
    },
    {"ahead_seconds": described(NUMBER, "By which a clock is ahead of the server's; behind is negative.")},
)
_FIELDS = {
    "id": described(TEXT, "The file's name: 64 hex digits where it is a lock's."),
    "state": one_of(state.value for state in State),
    "removable": described(YES_OR_NO, "The state's answer, before options and the conditions of an unattended run."),
    "reasons": list_of(record({"code": CODE, "text": TEXT})),
    "hostname": or_null(TEXT),
    "username": or_null(TEXT),
    "pid": or_null(WHOLE),
    "uid": or_null(WHOLE),
    "gid": or_null(WHOLE),
    "exclusive": or_null(YES_OR_NO),
    "time": described(or_null(TEXT), "The lock's own text."),
    "age_seconds": described(or_null(SECONDS), "What is certain."),
    "claimed_age_seconds": described(or_null(SECONDS), "What the owner's clock says."),
    "seen_seconds": described(SECONDS, "For how long this machine itself has certainly seen this very file."),
    "blocks": list_of(known(WORK)),
    "witnesses": list_of(_WITNESS),
    "file": record({"size": COUNT, "created": or_null(MOMENT), "written": MOMENT, "id": or_null(WHOLE)}),
}
LOCK = record(_FIELDS)
_KEPT = record({**_FIELDS, "kept_because": TEXT, "can_go_after": or_null(MOMENT)})
_FAILED = record({**_FIELDS, "error": TEXT})


def list_schema() -> Schema:
    """`lockctl.list/1`."""
    blocked = record({work: list_of(TEXT) for work in WORK})
    body = record({**HEADER, "locks": list_of(LOCK), "blocked": blocked})
    return document("lockctl.list/1", "The locks of one repository, and what they block, by id.", body)


def show_schema() -> Schema:
    """`lockctl.show/1`."""
    renewed_as = described(or_null(TEXT), "Where lock is null: the id that it was renewed under, null if it is gone.")
    would_change = described(TEXT, "Where lock is not null: what would give it another state.")
    body = record({**HEADER, "lock": or_null(LOCK)}, {"renewed_as": renewed_as, "would_change": would_change})
    return document("lockctl.show/1", "One lock; null where --watch saw it go.", body)


def prune_schema() -> Schema:
    """`lockctl.prune/1`."""
    return _removal("lockctl.prune/1")


def rm_schema() -> Schema:
    """`lockctl.rm/1`."""
    return _removal("lockctl.rm/1")


def watch_schema() -> Schema:
    """`lockctl.watch/1`. What an event has beside what all have depends on its kind."""
    locks, logs = ("stands", "came", "renewed", "gone", "state"), ("log-trouble", "log-over")
    always = {
        "event": known((*locks, *logs)),
        "at": MOMENT,
        "repository": record(WHICH),
        "lock": described(or_null(LOCK), "Null where a log speaks of a lock that is not there."),
    }
    renews = described(or_null(TEXT), "The id of the lock that a renewal takes the place of.")
    body = record(always, {"renews": renews, "number": COUNT, "count": COUNT, "story": LOG_FINDING})
    body["allOf"] = [
        {"if": _is_event(*locks), "then": {"required": ["renews"], "properties": {"lock": {"type": "object"}}}},
        {"if": _is_event(*logs), "then": {"required": ["number", "count", "story"]}},
    ]
    return document("lockctl.watch/1", "One event, a line each.", body)


def _is_event(*names: str) -> Schema:
    return {"properties": {"event": {"enum": list(names)}}}


def _removal(name: str) -> Schema:
    body = record(
        {
            **HEADER,
            "dry_run": YES_OR_NO,
            "removed": described(list_of(LOCK), "Of a dry run: what would be."),
            "kept": list_of(_KEPT),
            "failed": list_of(_FAILED),
            "gone": list_of(LOCK),
        }
    )
    return document(name, "What was removed, and what was not.", body)
