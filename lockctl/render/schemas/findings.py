"""The schemas of what is found and told: doctor and its logs, advise. Pure."""

from __future__ import annotations

from lockctl.diagnosis.findings import Certainty, Weight
from lockctl.diagnosis.schedule.habits import Unplanned
from lockctl.diagnosis.schedule.runs import End
from lockctl.render.schemas.pieces import (
    CODE,
    COUNT,
    HEADER,
    MOMENT,
    SECONDS,
    TEXT,
    TIME_OF_DAY,
    WHOLE,
    YES_OR_NO,
    Schema,
    document,
    known,
    list_of,
    one_of,
    or_null,
    record,
)

_DAYS = list_of(one_of(("mon", "tue", "wed", "thu", "fri", "sat", "sun")))
_FINDING = {
    "code": CODE,
    "weight": one_of(weight.name.lower() for weight in Weight),
    "certainty": one_of(certainty.value for certainty in Certainty),
    "seen": TEXT,
    "meaning": TEXT,
    "todo": or_null(TEXT),
    "locks": list_of(TEXT),
}
_LINE = record({"line": COUNT, "time": or_null(TEXT), "text": TEXT})
_EVENT = record(
    {"kind": CODE, "lock": or_null(TEXT), "count": COUNT, "seconds": SECONDS, "first": _LINE, "last": _LINE}
)
_STORY = {"times": COUNT, "repository": or_null(TEXT), "source": or_null(TEXT), "events": list_of(_EVENT)}
LOG_FINDING = record({**_FINDING, **_STORY})
"""A finding that a log told, and the lines that it rests on."""


def doctor_schema() -> Schema:
    """`lockctl.doctor/1`: of a share, or of a log and, where one was named, of the share beside it."""
    share = {
        **HEADER,
        "connection": or_null(record({"dialect": TEXT, "encrypted": YES_OR_NO})),
        "may_delete": or_null(YES_OR_NO),
        "looks": COUNT,
        "watched_seconds": SECONDS,
    }
    log = record({"lines": COUNT, "runs": COUNT, "untold": COUNT})
    always = {"status": {"type": "integer", "enum": [0, 1, 2]}, "findings": list_of(record(_FINDING, _STORY))}
    told = {"properties": {"findings": {"items": {"required": list(_STORY)}}}}
    body = record(always, {**share, "log": log})
    body |= {"if": {"required": ["log"]}, "then": told, "else": {"required": list(share)}}
    return document("lockctl.doctor/1", "What is wrong with locking, what it means and what to do.", body)


def advise_schema() -> Schema:
    """`lockctl.advise/1`."""
    names = "listed used older not_read damaged unreadable future copied".split()
    window = {"begin_utc": TIME_OF_DAY, "end_utc": TIME_OF_DAY, "start_utc": TIME_OF_DAY}
    retry = {"seconds": COUNT, "option": TEXT, "longest_wait_seconds": COUNT, "longest_wait_from": MOMENT}
    body = record(
        {
            **HEADER,
            "since": MOMENT,
            "snapshots": record(dict.fromkeys(names, COUNT)),
            "runs": COUNT,
            "ends": record({}, {end.value: COUNT for end in End}),
            "hosts": list_of(_host()),
            "hosts_left_out": COUNT,
            "overlaps": _overlaps(),
            "meeting_seconds_a_day": record({"now": COUNT, "proposed": COUNT}),
            "prune_window": or_null(record({**window, "seconds": COUNT, "spares_longest": YES_OR_NO})),
            "retry_lock": or_null(record({**retry, "runs": COUNT})),
            "own_repository": list_of(record({"hostname": TEXT, "why": TEXT})),
            "locks_left": list_of(record({"hostname": TEXT, "removed": COUNT, "standing": COUNT})),
            "findings": list_of(record(_FINDING)),
        }
    )
    return document("lockctl.advise/1", "When the hosts' work meets, and a schedule that keeps it apart.", body)


def _host() -> Schema:
    starts, days = list_of(TIME_OF_DAY), _DAYS
    proposed = record({"starts": starts, "days": days, "shift_seconds": WHOLE, "on_calendar": list_of(TEXT)})
    habit = record(
        {
            "runs": COUNT,
            "starts": starts,
            "every_seconds": or_null(COUNT),
            "days": days,
            "spread_seconds": COUNT,
            "timed_runs": COUNT,
            "usual_seconds": or_null(COUNT),
            "nine_of_ten_seconds": or_null(COUNT),
            "longest_seconds": or_null(COUNT),
            "proposed": or_null(proposed),
        }
    )
    return record(
        {
            "hostname": TEXT,
            "runs": COUNT,
            "other_runs": COUNT,
            "utc_offsets_seconds": list_of(WHOLE),
            "restic": or_null(TEXT),
            "unplanned": or_null(known(one.value for one in Unplanned)),
            "habits": list_of(habit),
        }
    )


def _overlaps() -> Schema:
    hostnames = {**list_of(TEXT), "minItems": 2, "maxItems": 2}
    pair = {"hostnames": hostnames, "together": COUNT, "longest_seconds": COUNT, "started_together": COUNT}
    wait = {"at": TIME_OF_DAY, "days": COUNT, "waited": COUNT, "longest_seconds": COUNT}
    return record(
        {
            "most_at_once": COUNT,
            "pairs": list_of(record(pair)),
            "exclusive_waits": list_of(record(wait)),
            "utc_offset_seconds": WHOLE,
        }
    )
