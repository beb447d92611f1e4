"""Counsel: what an advice says in words, as findings: what was seen, what it means, what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import CURE, CURE_COST, Certainty, Finding, Weight, worst_first
from lockctl.diagnosis.schedule.advice import MAX_RETRY, Advice
from lockctl.diagnosis.schedule.overlap import NEAR_SECONDS, Slot
from lockctl.diagnosis.schedule.phrases import clock_time, name_host, retry_option, times, zone
from lockctl.diagnosis.schedule.placement import MAX_MOVE, WIDE_MINUTES
from lockctl.diagnosis.schedule.reservations import find_reservations

_MANY_NEAR = 5
_NAMED_PAIRS = 3


def give_counsel(advice: Advice) -> list[Finding]:
    """All that there is to say, worst first."""
    parts = (_cure, _starts, _waits, _window, _retry, _overlaps, find_reservations)
    return worst_first(finding for part in parts for finding in part(advice))


def _near_weight(advice: Advice) -> Weight:
    near = sum(pair.near for pair in advice.overlaps.pairs)
    return Weight.ACT if near >= _MANY_NEAR else Weight.LOOK


def _starts(advice: Advice) -> Iterator[Finding]:
    pairs = [pair for pair in advice.overlaps.pairs if pair.near]
    if not pairs:
        return
    total, most = sum(pair.near for pair in pairs), pairs[0]
    others = f", and {len(pairs) - 1} more pairs of hosts, {times(total)} in all" if len(pairs) > 1 else ""
    yield Finding(
        "starts-together",
        _near_weight(advice),
        f"{name_host(most.first)} and {name_host(most.second)} started within {NEAR_SECONDS} s of each other "
        f"{times(most.near)}{others}.",
        "Through rclone one of them can find the other's lock half-written, and then ends with 'circuit breaker open'.",
        f"Give each host a minute of its own{', as proposed here' if advice.placements else ''}.",
        Certainty.CERTAIN,
    )


def _cure(advice: Advice) -> Iterator[Finding]:
    if len(advice.hosts) < 2:
        return
    yield Finding(
        "breaker-cure",
        _near_weight(advice),
        f"{len(advice.hosts) + advice.left_out} hosts share this repository.",
        "Where they reach it through rclone, its memory of files' sizes is what opens the circuit breaker; no "
        "schedule rules that out, for locks are renewed every 5 minutes.",
        f"Give each restic that goes through rclone {CURE} {CURE_COST}",
        Certainty.CERTAIN,
    )


def _waits(advice: Advice) -> Iterator[Finding]:
    if not advice.overlaps.slots or not advice.retry is not None:
        return
    worst = max(advice.overlaps.slots, key=lambda slot: (slot.blocked, slot.longest))
    best = min(advice.overlaps.slots, key=lambda slot: (slot.blocked, slot.longest))
    if not worst.blocked:
        return
    yield Finding(
        "exclusive-waits",
        Weight.NOTE,
        f"prune, check or forget --prune that starts at {_blocked(worst)}; at {_blocked(best)}.",
        f"They lock exclusively, and wait until no backup runs. Times are {zone(advice.offset)}.",
        "",
        Certainty.CERTAIN,
    )


def _blocked(slot: Slot) -> str:
    if not slot.blocked:
        return f"{clock_time(slot.minute)} on none of {slot.days} days"
    wait = describe_duration(slot.longest)
    return f"{clock_time(slot.minute)} would have waited on {slot.blocked} of {slot.days} days, {wait} at most"


def _window(advice: Advice) -> Iterator[Finding]:
    window = advice.window
    if not advice.placements:
        return
    if window is None:
        yield Finding(
            "no-prune-window",
            Weight.LOOK,
            "With these hosts no quarter of an hour of the day is free of backups.",
            "prune, check and forget --prune come in only between two backups.",
            "Give them --retry-lock, or let a host that runs so often have a repository of its own.",
            Certainty.LIKELY,
        )
        return
    begin, start = (minute + advice.offset // 60 for minute in (window.begin, window.start))
    sure = "even if each host takes as long as it ever did" if window.spares_longest else "as a rule"
    yield Finding(
        "prune-window",
        Weight.NOTE,
        f"In the proposed schedule no backup runs from {clock_time(begin)} to {clock_time(begin + window.minutes)} "
        f"({zone(advice.offset)}), {sure}.",
        "That is the time for prune, check and forget --prune."
        if window.minutes >= WIDE_MINUTES
        else "That is little time for prune, check and forget --prune.",
        f"Start prune at {clock_time(start)}.",
        Certainty.LIKELY,
    )


def _retry(advice: Advice) -> Iterator[Finding]:
    retry = advice.retry
    if retry is None:
        return
    when = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=retry.longest.start + advice.offset)).strftime(
        "%Y-%m-%d %H:%M"
    )
    seen = describe_duration(retry.longest.seconds)
    short = f" It does not cover that one: more than {MAX_RETRY // 3600} h comes too late for the next turn."
    yield Finding(
        "retry-lock",
        Weight.NOTE,
        f"The longest time without a gap between backups was {seen}, from {when} on; on nine of ten days it was "
        f"{describe_duration(retry.usual)} at most ({retry.runs} runs with known ends).",
        "So long exclusive work would have had to wait. How long prune itself takes, and keeps backups waiting, no "
        "snapshot tells.",
        f"Give prune, check, forget --prune and the backups --retry-lock {retry_option(retry.seconds)}."
        + (short if retry.seconds < retry.longest.seconds else ""),
        Certainty.LIKELY,
    )


def _overlaps(advice: Advice) -> Iterator[Finding]:
    pairs = sorted((pair for pair in advice.overlaps.pairs if pair.together), key=lambda pair: -pair.together)
    if not pairs:
        return
    named = "; ".join(
        f"{name_host(pair.first)} and {name_host(pair.second)} {times(pair.together)}, "
        f"{describe_duration(pair.longest)} at most"
        for pair in pairs[:_NAMED_PAIRS]
    )
    others = f"; and {len(pairs) - _NAMED_PAIRS} more pairs" if len(pairs) > _NAMED_PAIRS else ""
    now, then = advice.meeting
    yield Finding(
        "overlaps",
        Weight.NOTE,
        f"At the same time worked {named}{others}. At most {advice.overlaps.most_at_once} hosts worked at once.",
        "Backups do not block each other. They load the server together, and prune waits for the last of them.",
        f"The proposed schedule takes what they share from {describe_duration(now * 60)} a day to "
        f"{describe_duration(then * 60)}, and moves no host by more than {MAX_MOVE // 60} hours."
        if now > then
        else "",
        Certainty.CERTAIN,
    )
