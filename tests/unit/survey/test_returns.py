"""Owners that came back after their lock was removed, and locks that were put back."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from lockctl.clock.rfc3339 import format_moment
from lockctl.liveness.evidence import Clocks, State, Verdict
from lockctl.removal.restore import find_removed
from lockctl.repository.lock import Lock
from lockctl.state.records import Origin, Outcome, Record, Removed
from lockctl.survey.returns import find_returned, held_ids
from lockctl.survey.values import Survey
from tests.unit.making import CONFIG, NOW, SECOND, make_file, make_lock, make_survey, make_verdict

DATA = b"sealed"
ADDRESS = make_survey([]).address
MINUTE = 60
REMOVED_LOCK = {"hostname": "web1", "username": "root", "pid": 4209, "uid": 0, "gid": 0, "exclusive": False, "time": ""}


def record(outcome: Outcome | None = Outcome.REMOVED, state: str = "stale", **changes: object) -> Record:
    """A removal at NOW."""
    removed = Removed("a" * 64, DATA, state, "why", 7200.0, dict(REMOVED_LOCK), NOW)
    origin = Origin(ADDRESS, CONFIG.id, CONFIG.sha256)
    made = Record("key", format_moment(NOW), origin, removed, {}, outcome)
    return replace(made, **changes)  # type: ignore[arg-type]


def later(lock: Lock | None, created: float, name: str = "") -> Survey:
    """A survey that shows one lock; ages are before (positive) or after (negative) the removal."""
    return make_survey([make_verdict(make_file(lock, created=created, name=name), State.ACTIVE)])


@pytest.mark.parametrize(
    ("made", "survey", "returned"),
    [
        (record(), later(make_lock(-5 * MINUTE), -5 * MINUTE), True),
        (record(), later(make_lock(0), 0), True),
        (record(), later(make_lock(-30 * MINUTE), -30 * MINUTE), True),
        (record(), later(make_lock(-30 * MINUTE - 1), -30 * MINUTE - 1), False),
        (record(), later(make_lock(-90 * MINUTE), -5 * MINUTE), True),
        (record(), later(make_lock(-5 * MINUTE), 90 * MINUTE), True),
        (record(), later(make_lock(MINUTE), MINUTE), False),
        (record(), later(make_lock(-5 * MINUTE), -5 * MINUTE, "a" * 64), False),
        (record(), later(make_lock(-5 * MINUTE, pid=1), -5 * MINUTE), False),
        (record(), later(make_lock(-5 * MINUTE, hostname="web2"), -5 * MINUTE), False),
        (record(), later(make_lock(-5 * MINUTE, username="joe"), -5 * MINUTE), False),
        (record(), later(make_lock(-5 * MINUTE, exclusive=True), -5 * MINUTE), False),
        (record(), later(None, -5 * MINUTE), False),
        (record(), make_survey([]), False),
        (record(Outcome.UNKNOWN), later(make_lock(-5 * MINUTE), -5 * MINUTE), True),
        (record(Outcome.KEPT), later(make_lock(-5 * MINUTE), -5 * MINUTE), False),
        (record(Outcome.GONE), later(make_lock(-5 * MINUTE), -5 * MINUTE), False),
        (record(None), later(make_lock(-5 * MINUTE), -5 * MINUTE), False),
        (record(state="superseded"), later(make_lock(-5 * MINUTE), -5 * MINUTE), False),
        (record(state="dead"), later(make_lock(-5 * MINUTE), -5 * MINUTE), True),
        (record(returned_as="b" * 64), later(make_lock(-5 * MINUTE), -5 * MINUTE), False),
        (record(origin=Origin(ADDRESS, "d" * 64, "")), later(make_lock(-5 * MINUTE), -5 * MINUTE), False),
        (record(origin=Origin("smb://copy/share", CONFIG.id, "")), later(make_lock(-5 * MINUTE), -5 * MINUTE), False),
        (record(removed=replace(record().removed, lock=None)), later(make_lock(-300), -300), False),
    ],
)
def test_owners_that_came_back(made: Record, survey: Survey, returned: bool) -> None:
    found = find_returned([made], survey)
    assert [one.verdict for one in found] == (list(survey.verdicts) if returned else [])


def test_an_owner_comes_back_once() -> None:
    verdicts = [make_verdict(make_file(make_lock(-minutes * MINUTE), created=-minutes * MINUTE)) for minutes in (5, 10)]
    assert len(find_returned([record()], make_survey(verdicts))) == 1


@pytest.mark.parametrize(("ago", "held"), [(0, True), (86_000, True), (86_500, False), (-60, True)])
def test_what_was_put_back_is_held_for_a_day(ago: int, held: bool) -> None:
    at = format_moment(time.time_ns() - ago * SECOND)
    ids = held_ids([record(held_at=at), record(restored_at=at)], time.time_ns())
    assert ids == (frozenset({"a" * 64}) if held else frozenset())


def test_what_came_back_is_put_in_order_by_the_servers_clock() -> None:
    """Its owner's is a minute behind the removal, and the server's an hour and a half ahead of ours."""
    shown: Verdict = make_verdict(make_file(make_lock(MINUTE), created=-95 * MINUTE), State.ACTIVE)
    removed = replace(record().removed, server_time=NOW + 90 * MINUTE * SECOND)
    survey = replace(make_survey([shown]), clocks=Clocks(NOW, removed.server_time))
    assert len(find_returned([record(removed=removed)], survey)) == 1
    assert find_returned([record()], survey) == []


def test_what_another_run_found_gone_can_be_put_back_all_the_same() -> None:
    """Two runs that came to one lock: the one removed it, and the other tells that it was not there any more."""
    records = [record(), record(Outcome.GONE, key="other")]
    assert find_removed(records, "a" * 8) is records[0]


def test_a_hold_of_a_clock_that_was_wrong_does_not_last_for_years() -> None:
    now = time.time_ns()
    assert held_ids([record(held_at=format_moment(now + 10 * 365 * 86400 * SECOND))], now) == frozenset()


@pytest.mark.parametrize("noted", ["held_at", "restored_at"])
def test_a_lock_that_was_perhaps_put_back_is_no_sign_of_life(noted: str) -> None:
    """Of the same owner another lock was removed too."""
    shown = later(make_lock(-5 * MINUTE), -5 * MINUTE, "b" * 64)
    put_back = record(removed=replace(record().removed, id="b" * 64), key="other")
    put_back = replace(put_back, **{noted: format_moment(NOW)})  # type: ignore[arg-type]
    assert find_returned([record(), put_back], shown) == []
