"""What is shown: no name from a share reaches a terminal, a spreadsheet or a script with any power of its own."""

from __future__ import annotations

import csv
import io
import json
import time
import unicodedata
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockctl.liveness.evidence import State, Verdict
from lockctl.removal.plan import Kept, Plan, Wish
from lockctl.removal.report import Report, Result
from lockctl.render import as_csv, as_json, details, outlook, past, table
from lockctl.render.harmless import visible
from lockctl.render.words import count, describe_age, describe_wait, paint, short_ids
from lockctl.repository.lock import Problem
from lockctl.settings.policy import Policy, Thresholds
from lockctl.state.records import Origin, Outcome, Record, Removed
from tests.unit.making import CONFIG, NOW, make_file, make_survey, make_verdict, of_host, seconds

HOSTILE = [
    "\x1b[2J\x1b]0;owned\x07",
    "two\nlines\r\n",
    "right\u202eto\u2066left\u200f",
    "null\0tab\tvertical\x0b",
    "c1\x9b31m",
    "lone\ud800surrogate",
    "line\u2028paragraph\u2029",
    "zero\u200bwidth\ufeff",
    "tag\U000e0041private\ue000",
    "x" * 10_000,
    "日" * 10_000,
    "e" + "\u0301" * 10_000,
    "=cmd|' /C calc'!A0",
]
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def is_harmless(text: str) -> bool:
    return not any(unicodedata.category(character) in HIDDEN for character in text.replace("\n", ""))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("ünï 日本 💾", "ünï 日本 💾"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb", "a\\x0ab"),
        ("a\u202eb", "a\\u202eb"),
        ("a\ud800b", "a\\ud800b"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_hidden_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(max_size=60), st.integers(1, 40))
@settings(max_examples=150, deadline=None)
def test_nothing_hidden_passes_and_nothing_is_too_wide(text: str, width: int) -> None:
    shown = visible(text, width)
    assert is_harmless(shown)
    wide = sum(1 for c in shown if unicodedata.east_asian_width(c) in "WF")
    assert len([c for c in shown if not unicodedata.combining(c)]) + wide <= width


@pytest.mark.parametrize(
    ("text", "shown"), [("日本語の名前", "日本語…"), ("abcdefgh", "abcdefgh"), ("abcdefghi", "abcdefg…")]
)
def test_wide_characters_take_two_columns(text: str, shown: str) -> None:
    assert visible(text, 8) == shown


@pytest.mark.parametrize("name", ["x" * 10_000, "日" * 5_000, "\x1b" * 2_500])
def test_a_huge_name_costs_next_to_nothing(name: str) -> None:
    """A lock can hold 64 KiB of it, and a table has many locks: what is cut must not be measured again and again."""
    begin = time.process_time()
    assert len(visible(name, 24)) <= 24
    assert time.process_time() - begin < 0.5


def test_marks_that_take_no_column_are_cut_as_well() -> None:
    assert len(visible("e" + "\u0301" * 10_000, 24)) < 200


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        (["a" * 64, "b" * 64], ["aaaaaaaa", "bbbbbbbb"]),
        (["a" * 64, "a" * 9 + "b" * 55], ["a" * 10, "a" * 9 + "b"]),
        (["abc", "abcd"], ["abc", "abcd"]),
        (["\x1b" * 9, "b"], ["\\x1b" * 8, "b"]),
        ([], []),
    ],
)
def test_short_ids_tell_apart(ids: list[str], shown: list[str]) -> None:
    assert list(short_ids(ids).values()) == shown


def texts(verdict: Verdict) -> Iterable[str]:
    """The verdict in every form for people."""
    survey = make_survey([verdict])
    kept = Kept(verdict, verdict.reasons[0].text)
    plan = Plan(survey, Wish(), (), (kept,))
    results = [Result(verdict, Outcome.REMOVED), Result(verdict, Outcome.KEPT, "failed", failed=True)]
    report = Report(plan, results)
    yield table.lock_table([verdict], colour=False)
    yield table.lock_table([verdict], colour=False, whole_ids=True)
    yield table.markdown_table([verdict])
    yield table.plan_table([verdict], [kept], colour=False)
    yield "\n".join(outlook.list_foot(survey, colour=False))
    yield past.history_table([record_of(verdict)])
    for width in (1, 40, 80):
        yield table.lock_table([verdict], colour=False, width=width)
        yield table.plan_table([verdict], [kept], colour=False, width=width)
        yield past.history_table([record_of(verdict)], width=width)
    yield from table.removal_lines(report)
    yield from table.failure_lines(report)
    yield table.report_summary(report, colour=False)
    yield details.describe(verdict, survey, colour=False)
    yield as_csv.csv_text([verdict])


@pytest.mark.parametrize(
    ("verdicts", "trust", "question"),
    [
        ([make_verdict()], None, "Remove 1 lock?"),
        (
            [make_verdict(), make_verdict(wait=1320), make_verdict(wait=70)],
            None,
            "Remove 3 locks? 2 of them are stale by the clocks of others alone; 'prune --watch' makes sure in 22 min.",
        ),
        (
            [make_verdict(state=State.DAMAGED, wait=1350)],
            None,
            "Remove 1 lock? It is damaged by the clocks of others alone; 'prune --watch' makes sure in 23 min.",
        ),
        (
            [make_verdict(state=State.SUPERSEDED, wait=10), make_verdict(wait=1)],
            "owner",
            "Remove 2 locks? All are judged by the owner's clock alone; 'prune --watch' makes sure in 1 min.",
        ),
        (
            [make_verdict(state=State.DEAD, wait=10), make_verdict(wait=1)],
            None,
            "Remove 2 locks? 1 of them is stale by the clocks of others alone; 'prune --watch' makes sure in 1 min.",
        ),
    ],
)
def test_the_question_says_what_it_rests_on(verdicts: list[Verdict], trust: str | None, question: str) -> None:
    survey = make_survey(verdicts, policy=Policy(trust_clock=trust))
    assert table.plan_question(Plan(survey, Wish(), tuple(verdicts), ())) == question


@pytest.mark.parametrize(
    ("zone", "seen", "wait", "said"),
    [
        ("UTC", 0, 1350, "seen here since 08:00; can go after 08:23 UTC"),
        ("Asia/Kolkata", 0, 1350, "seen here since 13:30; can go after 13:53 IST"),
        ("UTC", 3600 * 8, 60, "seen here since 00:00; can go after 08:01 UTC"),
        ("UTC", 3600 * 8 + 60, 60, "seen here since 23:59; can go after 2027-01-15 08:01 UTC"),
    ],
)
def test_when_it_can_go_is_told_by_the_clock_on_the_wall(
    monkeypatch: pytest.MonkeyPatch, zone: str, seen: float, wait: float, said: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert describe_wait(make_verdict(seen=seen, wait=wait), NOW + seconds(wait)) == said
    finally:
        monkeypatch.undo()
        time.tzset()


def record_of(verdict: Verdict) -> Record:
    lock = verdict.file.lock
    assert lock is not None
    fields = {"hostname": lock.hostname, "pid": lock.pid}
    removed = Removed(verdict.file.id, b"", verdict.state.value, lock.hostname, None, fields, NOW)
    origin = Origin(lock.hostname, CONFIG.id, CONFIG.sha256)
    by = {"user": lock.hostname, "hostname": lock.username, "pid": 1}
    return Record("key", "2026-11-23T00:16:16.641943Z", origin, removed, by, Outcome.REMOVED)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_harmless_in_every_form(name: str) -> None:
    short = name[:200]
    verdict = of_host(short)
    lines = len(list(table.lock_table([of_host("plain")], colour=False).splitlines()))
    assert len(table.lock_table([verdict], colour=False).split("\n")) == lines
    for text in texts(verdict):
        assert is_harmless(text)


def test_a_name_cannot_add_a_column_to_markdown() -> None:
    rows = table.markdown_table([of_host("a | b")]).splitlines()
    columns = {row.replace("\\|", "").count("|") for row in rows}
    assert len(columns) == 1


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\u3000+1", "＝1", " ＠1"])
def test_a_spreadsheet_takes_no_cell_for_a_formula(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv.csv_text([of_host(name)]))))
    for cell in rows[0].values():
        assert not unicodedata.normalize("NFKC", cell.strip()).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_csv_has_a_line_for_each_lock() -> None:
    damaged = make_verdict(make_file(created=7200, problem=Problem.INCOMPLETE), State.DAMAGED, claimed=None)
    rows = list(csv.DictReader(io.StringIO(as_csv.csv_text([of_host('a "quoted", name'), damaged]))))
    assert [row["hostname"] for row in rows] == ['a "quoted", name', ""]
    assert [row["age_seconds"] for row in rows] == ["7200", "7200"]
    assert list(rows[0]) == as_csv.COLUMNS


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_json_is_one_line_of_ascii(name: str) -> None:
    survey = make_survey([of_host(name)])
    text = "".join(as_json.dump_list(survey, survey.verdicts))
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["locks"][0]["hostname"] == name.replace("\ud800", "\ufffd")


@pytest.mark.parametrize(
    ("age", "claimed", "shown"),
    [
        (7200, 7200, "2 h"),
        (7200, 7800, "2 h"),
        (7200, 9000, "2 h (claims 2 h 30 min)"),
        (0, 60, "0 s"),
        (0, 61, "0 s (claims 1 min 1 s)"),
        (None, 7200, "? (claims 2 h)"),
        (7200, None, "2 h"),
        (None, None, "?"),
    ],
)
def test_ages(age: float | None, claimed: float | None, shown: str) -> None:
    assert describe_age(make_verdict(age=age, claimed=claimed)) == shown


@pytest.mark.parametrize("state", list(State))
def test_colour_only_where_it_is_wanted(state: State) -> None:
    assert paint(state, colour=False) == state.value
    assert paint(state, colour=True).replace("\x1b[0m", "").endswith(state.value)


@pytest.mark.parametrize(("number", "text"), [(0, "0 locks"), (1, "1 lock"), (2, "2 locks")])
def test_counts(number: int, text: str) -> None:
    assert count(number, "lock") == text


def test_what_would_change_names_the_thresholds_that_are_set() -> None:
    policy = Policy(Thresholds(missed=600, expired=7200))
    verdict = make_verdict(state=State.OVERDUE)
    shown = details.describe(verdict, make_survey([verdict], policy=policy), colour=False)
    assert "without one it is stale after 2 h by both" in shown
    active = make_verdict(state=State.ACTIVE)
    assert "or 10 min without a renewal" in details.describe(active, make_survey([active], policy=policy), colour=False)
