"""Values as the JSON that the manual promises. Times are RFC 3339 in UTC, durations seconds, the unknown null."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lockctl.clock.rfc3339 import format_moment, parse_moment
from lockctl.errors import LockctlError
from lockctl.liveness.evidence import Clocks, Verdict, Witness
from lockctl.removal.plan import Plan
from lockctl.removal.report import Report
from lockctl.state.records import Outcome, Record
from lockctl.survey.changes import Came, Change, Gone, Rejudged, Renewed, Stands
from lockctl.survey.values import Survey


def dump(value: Mapping[str, Any]) -> str:
    """One object on one line, in ASCII: no terminal can be harmed by a name in it."""
    return json.dumps(value, ensure_ascii=True)


def error_object(error: LockctlError) -> dict[str, Any]:
    """What a `--json` run prints when it fails."""
    return {"schema": "lockctl.error/1", "code": error.status, "kind": error.kind, "message": str(error)}


def header(survey: Survey, schema: str) -> dict[str, Any]:
    """What every object about one repository starts with."""
    return {
        "schema": schema,
        "repository": {"address": survey.address, "id": survey.config.id, "format": survey.config.format},
        "clock": clock_object(survey.clocks),
    }


def dump_list(survey: Survey, verdicts: Iterable[Verdict]) -> Iterator[str]:
    """`lockctl.list/1` as `dump` would write it, lock by lock: of ten thousand one is made at a time."""
    yield dump(header(survey, "lockctl.list/1"))[:-1] + ', "locks": ['
    between = ""
    for verdict in verdicts:
        yield between + dump(lock_object(verdict))
        between = ", "
    yield f'], "blocked": {dump(survey.blocked)}}}'


def plan_object(plan: Plan, schema: str) -> dict[str, Any]:
    """`lockctl.prune/1` or `lockctl.rm/1` of a dry run: `removed` is what would be."""
    return {
        **header(plan.survey, schema),
        "dry_run": True,
        "removed": [lock_object(verdict) for verdict in plan.steps],
        "kept": [_kept_object(kept.verdict, kept.why, kept.until) for kept in plan.kept],
        "failed": [],
        "gone": [],
    }


def report_object(report: Report, schema: str) -> dict[str, Any]:
    """`lockctl.prune/1` or `lockctl.rm/1` of what was done."""
    kept = [_kept_object(kept.verdict, kept.why, kept.until) for kept in report.kept]
    return {
        **header(report.survey, schema),
        "dry_run": False,
        "removed": [lock_object(result.verdict) for result in report.of(Outcome.REMOVED)],
        "kept": kept,
        "failed": [lock_object(result.verdict, result.text) for result in report.failed],
        "gone": [lock_object(result.verdict) for result in report.of(Outcome.GONE)],
    }


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
        "repository": {"address": survey.address, "id": survey.config.id},
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


def _kept_object(verdict: Verdict, why: str, until: int | None = None) -> dict[str, Any]:
    after = None if until is None else format_moment(until)
    return {**lock_object(verdict), "kept_because": why, "can_go_after": after}


def _witness_object(witness: Witness) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": witness.name, "says": witness.says, "text": witness.text}
    if witness.age is not None:
        fields["age_seconds"] = _seconds(witness.age)
    if witness.ahead is not None:
        fields["ahead_seconds"] = round(witness.ahead, 3) + 0.0  # never -0.0
    return fields


def _as_written(moment: str) -> str:
    """A moment of the journal, in the one form that is promised, whatever form an editor gave it."""
    return format_moment(parse_moment(moment))


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
