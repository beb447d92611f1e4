"""The schemas of what is printed of the journal, and of errors: history, restore, error. Pure."""

from __future__ import annotations

from lockctl.render.schemas.pieces import (
    CODE,
    COUNT,
    MOMENT,
    NAME,
    SECONDS,
    TEXT,
    WHOLE,
    YES_OR_NO,
    Schema,
    described,
    document,
    list_of,
    one_of,
    or_null,
    record,
)
from lockctl.state.records import Outcome


def history_schema() -> Schema:
    """`lockctl.history/1`."""
    names = ("hostname", "username", "time")
    lock = record({**dict.fromkeys(names, TEXT), **dict.fromkeys(("pid", "uid", "gid"), WHOLE), "exclusive": YES_OR_NO})
    by = record({"user": TEXT, "hostname": TEXT, "pid": WHOLE, "lockctl": TEXT})
    entry = record(
        {
            "id": TEXT,
            "at": MOMENT,
            "repository": record({"address": TEXT, "id": or_null(TEXT)}),
            "state": described(TEXT, "The state that it had then, as the journal has it."),
            "reason": TEXT,
            "age_seconds": or_null(SECONDS),
            "lock": described(or_null(lock), "What the lock held, null where that could not be read."),
            "outcome": described(
                or_null(one_of(outcome.value for outcome in Outcome)), "Null where the run was ended in between."
            ),
            "outcome_text": or_null(TEXT),
            "restored_at": or_null(MOMENT),
            "returned_as": described(or_null(TEXT), "The id under which the owner came back: it was alive."),
            "by": by,
        }
    )
    return document("lockctl.history/1", "What was removed, oldest first.", record({"entries": list_of(entry)}))


def restore_schema() -> Schema:
    """`lockctl.restore/1`."""
    restored = record({"id": TEXT, "repository": record({"address": TEXT})})
    body = record({"restored": list_of(restored), "failed": list_of(record({"id": TEXT, "error": TEXT}))})
    return document("lockctl.restore/1", "What was put back.", body)


def error_schema() -> Schema:
    """`lockctl.error/1`."""
    among_several = described(record({"name": NAME, "address": TEXT}), "Which one it was of several.")
    told = {"code": described(COUNT, "The exit status."), "kind": CODE, "message": TEXT}
    body = record(told, {"repository": among_several})
    return document("lockctl.error/1", "What a run with --json prints when it fails, instead of its own object.", body)
