"""`lockctl.advise/1`: the advice as the JSON that the manual promises. Durations are seconds, times of a day HH:MM."""

from __future__ import annotations

from typing import Any

from lockctl.clock.rfc3339 import format_moment
from lockctl.diagnosis.schedule.advice import Advice, Retry
from lockctl.diagnosis.schedule.counsel import give_counsel
from lockctl.diagnosis.schedule.habits import DAY, Habit, HostHabits
from lockctl.diagnosis.schedule.phrases import clock_time, retry_option
from lockctl.diagnosis.schedule.placement import Placement, Window
from lockctl.render.as_json import header
from lockctl.render.findings_json import finding_object
from lockctl.render.proposal import calendars
from lockctl.repository.snapshot import FoundSnapshots

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def advice_object(advice: Advice) -> dict[str, Any]:
    """All that was found, and the proposal."""
    now, then = advice.meeting
    return {
        **header(advice.survey, "lockctl.advise/1"),
        "since": format_moment(advice.found.since * 10**9),
        "snapshots": {**_found_object(advice.found), "copied": advice.copied},
        "runs": advice.runs,
        "ends": {known.value: number for known, number in advice.ends.items()},
        "hosts": [_host_object(host, advice) for host in advice.hosts],
        "hosts_left_out": advice.left_out,
        "overlaps": _overlaps_object(advice),
        "meeting_seconds_a_day": {"now": now * 60, "proposed": then * 60},
        "prune_window": None if advice.window is None else _window_object(advice.window),
        "retry_lock": None if advice.retry is None else _retry_object(advice.retry),
        "own_repository": [{"hostname": one.host, "why": one.why} for one in advice.own],
        "locks_left": [{"hostname": one.host, "removed": one.removed, "standing": one.standing} for one in advice.left],
        "findings": [finding_object(finding) for finding in give_counsel(advice)],
    }


def _found_object(found: FoundSnapshots) -> dict[str, int]:
    return {
        "listed": found.listed,
        "used": len(found.snapshots),
        "older": found.older,
        "not_read": found.beyond,
        "damaged": found.damaged,
        "unreadable": found.unreadable,
        "future": found.future,
    }


def _window_object(window: Window) -> dict[str, Any]:
    return {
        "begin_utc": clock_time(window.begin),
        "end_utc": clock_time(window.begin + window.minutes),
        "start_utc": clock_time(window.start),
        "seconds": window.minutes * 60,
        "spares_longest": window.spares_longest,
    }


def _retry_object(retry: Retry) -> dict[str, Any]:
    return {
        "seconds": retry.seconds,
        "option": retry_option(retry.seconds),
        "longest_wait_seconds": retry.longest.seconds,
        "longest_wait_from": format_moment(retry.longest.start * 10**9),
        "runs": retry.runs,
    }


def _host_object(host: HostHabits, advice: Advice) -> dict[str, Any]:
    placements = {id(one.habit): one for one in advice.placements}
    version = host.source.version
    return {
        "hostname": host.host,
        "runs": len(host.runs),
        "other_runs": host.others,
        "utc_offsets_seconds": list(host.source.offsets),
        "restic": None if version is None else ".".join(map(str, version)),
        "unplanned": None if host.unplanned is None else host.unplanned.value,
        "habits": [_habit_object(habit, placements.get(id(habit))) for habit in host.habits],
    }


def _habit_object(habit: Habit, placement: Placement | None) -> dict[str, Any]:
    return {
        "runs": habit.runs,
        "starts": [clock_time(start) for start in habit.starts],
        "every_seconds": None if habit.every is None else habit.every * 60,
        "days": [_DAYS[day] for day in habit.weekdays],
        "spread_seconds": habit.spread * 60,
        "timed_runs": habit.timed,
        "usual_seconds": habit.usual,
        "nine_of_ten_seconds": habit.long,
        "longest_seconds": habit.longest,
        "proposed": None
        if placement is None
        else {
            "starts": [clock_time(start % DAY) for start in placement.starts],
            "days": [_DAYS[day] for day in placement.weekdays],
            "shift_seconds": placement.shift * 60,
            "on_calendar": list(calendars(placement)),
        },
    }


def _overlaps_object(advice: Advice) -> dict[str, Any]:
    overlaps = advice.overlaps
    return {
        "most_at_once": overlaps.most_at_once,
        "pairs": [
            {
                "hostnames": [pair.first, pair.second],
                "together": pair.together,
                "longest_seconds": pair.longest,
                "started_together": pair.near,
            }
            for pair in overlaps.pairs
        ],
        "exclusive_waits": [
            {
                "at": clock_time(slot.minute),
                "days": slot.days,
                "waited": slot.blocked,
                "longest_seconds": slot.longest,
            }
            for slot in overlaps.slots
        ],
        "utc_offset_seconds": advice.offset,
    }
