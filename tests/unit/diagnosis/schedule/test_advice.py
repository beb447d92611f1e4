"""What follows from snapshots, locks and the journal: the figures, and each finding with what it rests on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lockctl.clock.rfc3339 import format_moment
from lockctl.diagnosis.findings import CURE, Finding, Weight
from lockctl.diagnosis.schedule import advice as module
from lockctl.diagnosis.schedule.advice import MAX_RETRY, Advice
from lockctl.diagnosis.schedule.counsel import give_counsel
from lockctl.diagnosis.schedule.runs import End
from lockctl.liveness.evidence import State
from lockctl.state.records import Origin, Outcome, Record, Removed
from tests.unit.diagnosis.schedule.backups import DAY, HOUR, MINUTE, NOW, advice_of, at_hour, backup
from tests.unit.making import CONFIG, make_file, make_lock, make_survey, make_verdict, of_host

TEN_AT_TWO = [one for number in range(10) for one in at_hour(f"web{number}", 2, 20, zone="Europe/Berlin")]


def findings_of(advice: Advice) -> dict[str, Finding]:
    return {finding.code: finding for finding in give_counsel(advice)}


def removal(host: str = "web1", days: float = 1, outcome: Outcome | None = Outcome.REMOVED, **changes: Any) -> Record:
    """A line of the journal: one of this host's locks was removed so many days before NOW."""
    lock = {"hostname": host, "pid": 1, "username": "root", "uid": 0, "gid": 0, "exclusive": False}
    removed = Removed("a" * 64, b"", "stale", "not renewed", 7200.0, lock, 0)
    at = format_moment((NOW - round(days * DAY)) * 10**9)
    record = Record("key", at, Origin("//nas/backup", CONFIG.id, CONFIG.sha256), removed, {}, outcome)
    return replace(record, **changes)


def test_ten_hosts_that_start_together() -> None:
    advice = advice_of(TEN_AT_TWO)
    findings = findings_of(advice)
    assert list(findings) == [
        "breaker-cure",
        "starts-together",
        "exclusive-waits",
        "prune-window",
        "retry-lock",
        "overlaps",
    ]
    assert findings["starts-together"].weight is Weight.ACT
    assert (
        "web0 and web1 started within 60 s of each other 28 times, and 44 more pairs"
        in findings["starts-together"].seen
    )
    assert CURE in findings["breaker-cure"].todo
    assert "worked web0 and web1 28 times, 20 min at most; web0 and web2 28 times" in findings["overlaps"].seen
    assert "and 42 more pairs. At most 10 hosts worked at once." in findings["overlaps"].seen
    assert "from 3 h a day to 0 s" in findings["overlaps"].todo
    assert advice.meeting == (180, 0)
    assert sorted(one.starts[0] for one in advice.placements) == [20, 45, 70, 95, 120, 145, 170, 195, 220, 245]
    assert (advice.offset, advice.runs, advice.ends[End.SUMMARY]) == (HOUR, 280, 280)
    assert "04:25 to 00:20 (UTC+01:00), even if each host" in findings["prune-window"].seen
    assert findings["prune-window"].todo == "Start prune at 04:40."
    assert (
        "at 02:00 would have waited on 28 of 28 days, 20 min at most; at 00:00 on none"
        in findings["exclusive-waits"].seen
    )


def test_one_host_alone() -> None:
    advice = advice_of(at_hour("web1", 2))
    assert list(findings_of(advice)) == ["exclusive-waits", "prune-window", "retry-lock"]
    assert (advice.placements[0].shift, advice.own) == (0, ())


def test_nobody() -> None:
    advice = advice_of()
    assert (give_counsel(advice), advice.runs, advice.window, advice.retry) == ([], 0, None, None)


@pytest.mark.parametrize(
    ("minutes", "option", "covered"),
    [(2, "15m", True), (20, "25m", True), (60, "1h15m", True), (5 * 60, "6h30m", True), (20 * 60, "12h", False)],
)
def test_the_wait_for_a_lock_covers_the_longest_that_was_seen(minutes: int, option: str, covered: bool) -> None:
    longest = backup("web2", NOW - 10 * DAY, minutes * 60)
    advice = advice_of(at_hour("web1", 2, 1), [longest])
    finding = findings_of(advice)["retry-lock"]
    assert advice.retry is not None
    assert (advice.retry.longest.start, advice.retry.longest.seconds) == (longest.start, minutes * 60)
    assert (advice.retry.seconds >= minutes * 60, advice.retry.seconds <= MAX_RETRY) == (covered, True)
    assert f"--retry-lock {option}." in finding.todo
    assert ("does not cover" in finding.todo) is not covered
    assert "2025-11-15 12:00" in finding.seen
    assert "on nine of ten days it was 1 min at most (29 runs" in finding.seen


def test_nothing_is_said_of_waits_where_too_few_ends_are_known() -> None:
    unknown = [replace(one, end=None, written=1) for one in at_hour("web1", 2)]
    advice = advice_of(unknown, at_hour("web2", 5, days=range(1, 5)))
    findings = findings_of(advice)
    assert advice.retry is None
    assert {"retry-lock", "exclusive-waits"} & findings.keys() == set()
    assert "the end of 4 of 32 runs" in findings["ends-not-written"].seen
    assert "Of 28 only the start is known." in findings["ends-not-written"].seen


def test_hosts_of_which_nothing_is_said() -> None:
    chance = [backup("laptop", NOW - number * DAY + number * 7919 * 11 % DAY - DAY) for number in range(1, 30)]
    advice = advice_of(at_hour("new", 2, days=range(1, 4)), at_hour("gone", 2, days=range(9, 40)), chance)
    findings = findings_of(advice)
    assert findings["too-few-runs"].seen == "Fewer than 5 runs: new."
    assert findings["silent"].seen.endswith(": gone.")
    assert findings["no-fixed-hour"].seen.endswith(": laptop.")
    assert advice.placements == ()


def test_time_zones_and_changes_of_the_clock() -> None:
    six_weeks = range(1, 43)
    zones = [
        ("berlin", "Europe/Berlin"),
        ("ny", "America/New_York"),
        ("lagos", "Africa/Lagos"),
    ]
    advice = advice_of(*(at_hour(name, 2, zone=zone, days=six_weeks) for name, zone in zones))
    finding = findings_of(advice)["time-zones"]
    assert finding.seen.startswith("The hosts' local times are UTC-05:00, UTC+01:00. The clocks of berlin, ny were")
    assert {host.host: len(host.habits) for host in advice.hosts} == {"berlin": 1, "lagos": 1, "ny": 1}
    assert "time-zones" not in findings_of(advice_of(at_hour("a", 2, zone="Europe/Berlin", days=six_weeks)))


def test_old_restic_gets_no_option_that_it_does_not_have() -> None:
    advice = advice_of(at_hour("old", 2, version=None), at_hour("older", 4, version=(0, 15)), at_hour("new", 6))
    assert findings_of(advice)["old-restic"].seen == "Older than restic 0.16, by their snapshots: old, older."


def test_snapshots_that_do_not_count_are_told() -> None:
    findings = findings_of(advice_of(at_hour("web1", 2), listed=99_999, beyond=1000, damaged=2, unreadable=3, future=4))
    seen = findings["not-counted"].seen
    assert seen.startswith("Of 99,999 snapshots 1,000 were not read")
    for text in ("2 are damaged", "3 could not be read", "4 are from the future"):
        assert text in seen


def test_what_was_copied_here_is_told_and_counts_for_nothing() -> None:
    copies = [backup("elsewhere", NOW - number * DAY, copied=True) for number in range(1, 9)]
    advice = advice_of(copies)
    assert (advice.runs, advice.hosts) == (0, ())
    assert "8 were copied here from elsewhere" in findings_of(advice)["not-counted"].seen


def test_hosts_beyond_the_bound_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_HOSTS", 2)
    advice = advice_of(at_hour("a", 2), at_hour("b", 3), at_hour("c", 4, days=range(1, 8)))
    assert ([host.host for host in advice.hosts], advice.left_out) == (["a", "b"], 1)
    assert "1 hosts with the fewest runs" in findings_of(advice)["not-counted"].seen


def test_who_left_locks_behind() -> None:
    records = [
        *(removal("laptop", days) for days in (1, 2, 89)),
        removal("laptop", 91),
        removal("laptop", outcome=Outcome.KEPT),
        removal("laptop", outcome=None),
        removal("laptop", returned_as="b" * 64),
        removal("laptop", origin=Origin("//elsewhere", None, "6" * 64)),
        removal("web1"),
    ]
    survey = make_survey([of_host("laptop"), of_host("laptop"), of_host("db1", State.ACTIVE)])
    advice = advice_of(at_hour("web1", 2), at_hour("db1", 4), survey=survey, records=records)
    assert [(one.host, one.removed, one.standing) for one in advice.left] == [("laptop", 3, 2), ("web1", 1, 0)]
    left = [finding for finding in give_counsel(advice) if finding.code == "locks-left-behind"]
    assert [(finding.weight, bool(finding.todo)) for finding in left] == [(Weight.LOOK, True), (Weight.NOTE, False)]
    assert [(one.host, "5 locks" in one.why) for one in advice.own] == [("laptop", True)]


@pytest.mark.parametrize(
    ("others", "host", "why"),
    [
        (at_hour("big", 8, 7 * 60), "big", "7 hours of the day"),
        ([one for hour in range(24) for one in at_hour("often", hour, 35)], "often", "hours of the day"),
        (
            [backup("quick", NOW - n * 900, 30) for n in range(1, 96 * 7)],
            "quick",
            "without it 23 hours a day would be free",
        ),
    ],
)
def test_who_would_do_better_with_a_repository_of_its_own(others: list[Any], host: str, why: str) -> None:
    advice = advice_of(at_hour("web1", 2), others)
    assert [(one.host, why in one.why) for one in advice.own] == [(host, True)]
    assert host in findings_of(advice)["own-repository"].seen


def test_there_may_be_no_window() -> None:
    advice = advice_of([backup("quick", NOW - n * 900, 300) for n in range(1, 96 * 7)])
    assert advice.window is None
    assert findings_of(advice)["no-prune-window"].weight is Weight.LOOK


@pytest.mark.parametrize(("state", "weight"), [(State.STALE, Weight.ACT), (State.ACTIVE, Weight.NOTE)])
def test_an_exclusive_lock_that_stands_now(state: State, weight: Weight) -> None:
    verdict = make_verdict(make_file(make_lock(7200, exclusive=True), created=7200), state)
    finding = findings_of(advice_of(at_hour("web1", 2), survey=make_survey([verdict])))["exclusive-now"]
    assert (finding.weight, finding.locks) == (weight, (verdict.file.id,))


def test_what_waits_includes_minutes_that_a_run_was_late() -> None:
    late = at_hour("web1", 2, 30, jitter=(0, 20 * MINUTE))
    (habit,) = advice_of(late).hosts[0].habits
    assert (habit.runs, habit.usual, habit.spread >= 10) == (28, 30 * MINUTE, True)
