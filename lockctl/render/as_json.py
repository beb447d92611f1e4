"""Values as the JSON that the manual promises. Times are RFC 3339 in UTC, durations seconds, the unknown null."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lockctl.clock.rfc3339 import format_moment, parse_moment
from lockctl.errors import LockctlError
from lockctl.liveness.evidence import Clocks, Verdict, Witness
from lockctl.removal.plan import Kept, Plan
from lockctl.removal.report import Report
from lockctl.state.records import Outcome, Record
from lockctl.survey.changes import Came, Change, Gone, Rejudged, Renewed, Stands
from lockctl.survey.values import Survey


def dump(value: Mapping[str, Any]) -> str:
    """One object on one line, in ASCII: no terminal can be harmed by a name in it.

    What is no character, half a pair of UTF-16, becomes U+FFFD: strict parsers refuse it (RFC 8259, 8.2).
    """
    text = json.dumps(value, ensure_ascii=True)
    return _LONE.sub(r"\1\\ufffd", text) if "\\ud" in text else text


_HIGH, _LOW = r"\\ud[89ab][0-9a-f]{2}", r"\\ud[c-f][0-9a-f]{2}"
_LONE = re.compile(rf"((?<!\\)(?:\\\\)*)(?:{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW})")


def error_object(error: LockctlError, name: str = "", address: str = "") -> dict[str, Any]:
    """What a `--json` run prints when it fails, and among several repositories which one it was."""
    fields = {"schema": "lockctl.error/1", "code": error.status, "kind": error.kind, "message": str(error)}
    return {**fields, "repository": {"name": name or None, "address": address}} if address else fields


def header(survey: Survey, schema: str) -> dict[str, Any]:
    """What every object about one repository starts with."""
    return {
        "schema": schema,
        "repository": {**repository_object(survey), "format": survey.config.format},
        "clock": clock_object(survey.clocks),
    }


def repository_object(survey: Survey) -> dict[str, Any]:
    """Which repository it is; `name` is that of the configuration."""
    return {"name": survey.name or None, "address": survey.address, "id": survey.config.id}


def dump_list(survey: Survey, verdicts: Iterable[Verdict]) -> Iterator[str]:
    """`lockctl.list/1` as `dump` would write it, lock by lock: of ten thousand one is made at a time."""
    yield dump(header(survey, "lockctl.list/1"))[:-1]
    yield from _dump_array("locks", map(lock_object, verdicts))
    yield f', "blocked": {dump(survey.blocked)}}}'


def dump_plan(plan: Plan, schema: str) -> Iterator[str]:
    """`lockctl.prune/1` or `lockctl.rm/1` of a dry run, lock by lock: `removed` is what would be."""
    yield dump({**header(plan.survey, schema), "dry_run": True})[:-1]
    yield from _dump_array("removed", map(lock_object, plan.steps))
    yield from _dump_array("kept", map(_kept_object, plan.kept))
    yield ', "failed": [], "gone": []}'


def dump_report(report: Report, schema: str) -> Iterator[str]:
    """The same of what was done."""
    yield dump({**header(report.survey, schema), "dry_run": False})[:-1]
    yield from _dump_array("removed", (lock_object(result.verdict) for result in report.of(Outcome.REMOVED)))
    yield from _dump_array("kept", map(_kept_object, report.kept))
    yield from _dump_array("failed", (lock_object(result.verdict, result.text) for result in report.failed))
    yield from _dump_array("gone", (lock_object(result.verdict) for result in report.of(Outcome.GONE)))
    yield "}"


def dump_history(records: Iterable[Record]) -> Iterator[str]:
    """`lockctl.history/1`, entry by entry."""
    yield dump({"schema": "lockctl.history/1"})[:-1]
    yield from _dump_array("entries", map(record_object, records))
    yield "}"


def clock_object(clocks: Clocks) -> dict[str, str]:
    """Our clock and the server's at the moment of the survey."""
    return {"local": format_moment(clocks.local), "server": format_moment(clocks.server)}


def lock_object(verdict: Verdict, error: str | None = None) -> dict[str, Any]:
    """One lock."""
    lock, entry = verdict.file.lock, verdict.file.entry
    fields = {
        "id": verdict.file.id,
        "state": verdict.state.value,
        "removable": verdict.removable,
        "reasons": [{"code": reason.code, "text": reason.text} for reason in verdict.reasons],
        "hostname": lock.hostname if lock else None,
        "username": lock.username if lock else None,
        "pid": lock.pid if lock else None,
        "uid": lock.uid if lock else None,
        "gid": lock.gid if lock else None,
        "exclusive": lock.exclusive if lock else None,
        "time": lock.time if lock else None,
        "age_seconds": _seconds(verdict.age),
        "claimed_age_seconds": _seconds(verdict.claimed_age),
        "seen_seconds": _seconds(verdict.seen),
        "blocks": list(verdict.blocks),
        "witnesses": [_witness_object(witness) for witness in verdict.witnesses],
        "file": {
            "size": entry.size,
            "created": format_moment(entry.created) if entry.created is not None else None,
            "written": format_moment(entry.written),
            "id": entry.file_id,
        },
    }
    return fields if error is None else {**fields, "error": error}


_EVENTS = {Stands: "stands", Came: "came", Renewed: "renewed", Gone: "gone", Rejudged: "state"}


def event_object(survey: Survey, change: Change) -> dict[str, Any]:
    """`lockctl.watch/1`: one event. `renews` is the id of the lock that a renewal takes the place of."""
    return {
        "schema": "lockctl.watch/1",
        "event": _EVENTS[type(change)],
        "at": format_moment(survey.clocks.local),
        "repository": repository_object(survey),
        "renews": change.before.file.id if isinstance(change, Renewed) else None,
        "lock": lock_object(change.verdict),
    }


def record_object(record: Record) -> dict[str, Any]:
    """One entry of the history. The lock's bytes stay in the journal."""
    return {
        "id": record.removed.id,
        "at": _as_written(record.at),
        "repository": {"address": record.origin.address, "id": record.origin.id},
        "state": record.removed.state,
        "reason": record.removed.reason,
        "age_seconds": _seconds(record.removed.age_seconds),
        "lock": record.removed.lock,
        "outcome": record.outcome.value if record.outcome is not None else None,
        "outcome_text": record.outcome_text or None,
        "restored_at": None if record.restored_at is None else _as_written(record.restored_at),
        "returned_as": record.returned_as,
        "by": record.by,
    }


def _dump_array(name: str, values: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One more field of an object that has some already."""
    yield f', "{name}": ['
    between = ""
    for value in values:
        yield between + dump(value)
        between = ", "
    yield "]"


def _kept_object(kept: Kept) -> dict[str, Any]:
    after = None if kept.until is None else format_moment(kept.until)
    return {**lock_object(kept.verdict), "kept_because": kept.why, "can_go_after": after}


def _witness_object(witness: Witness) -> dict[str, Any]:
    fields = {"name": witness.name, "says": witness.says, "age_seconds": _seconds(witness.age), "text": witness.text}
    if witness.ahead is not None:
        fields["ahead_seconds"] = round(witness.ahead, 3) + 0.0  # never -0.0
    return fields


def _as_written(moment: str) -> str:
    """A moment of the journal, in the one form that is promised, whatever form an editor gave it."""
    return format_moment(parse_moment(moment))


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
