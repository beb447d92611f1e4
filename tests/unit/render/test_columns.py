"""A table on a terminal: what gives way first, and that no line is too wide."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockctl.liveness.evidence import State, Verdict
from lockctl.removal.plan import Kept
from lockctl.render import past, table
from lockctl.render.columns import Shape, Step, draw, flow, wrap
from lockctl.render.harmless import columns
from tests.unit.making import make_file, make_lock, make_verdict
from tests.unit.render.test_table import record_of

WIDTHS = [80, 100, 200]
REASON = (
    "no process with PID 31337 runs on this machine, and it was not renewed for 15 min 3 s; "
    "restic has given up by itself (0.15 and newer)"
)


def verdict_of(hostname: str = "backup-server-01.example.com") -> Verdict:
    """A lock whose row is wide."""
    lock = make_lock(900, hostname=hostname, username="administrator", pid=4194303, exclusive=True)
    return make_verdict(make_file(lock), State.SUPERSEDED, age=123, claimed=9000, text=REASON, seen=7385.0)


@pytest.mark.parametrize("width", [*range(20, 140, 7), *WIDTHS])
def test_no_line_is_too_wide(width: int) -> None:
    verdicts = [verdict_of(), verdict_of("日本語の名前のホスト"), make_verdict()]
    kept = [Kept(verdict, verdict.why) for verdict in verdicts]
    for text in (
        table.lock_table(verdicts, colour=False, width=width),
        table.lock_table(verdicts, colour=False, width=width, lines=1),
        table.plan_table(verdicts, kept, colour=False, width=width),
        past.history_table([record_of(verdict) for verdict in verdicts], width=width),
    ):
        assert max(columns(line) for line in text.split("\n")) <= width, text


@pytest.mark.parametrize(
    ("width", "head"),
    [
        (60, "ID HOST AGE STATE WHY"),
        (80, "ID HOST AGE STATE WHY"),
        (110, "ID HOST KIND AGE STATE WHY"),
        (140, "ID HOST PID KIND AGE STATE WHY"),
        (200, "ID HOST PID USER KIND AGE STATE WHY"),
    ],
)
def test_user_and_pid_give_way_first(width: int, head: str) -> None:
    assert table.lock_table([verdict_of()], colour=False, width=width).split("\n")[0].split() == head.split()


def test_nothing_gives_way_where_there_is_room() -> None:
    narrow = table.lock_table([make_verdict()], colour=False, width=80)
    assert narrow == table.lock_table([make_verdict()], colour=False)
    assert narrow.split("\n")[0].split() == "ID HOST PID USER KIND AGE STATE WHY".split()


def test_nothing_is_shortened_where_no_terminal_is() -> None:
    (_, row) = table.lock_table([verdict_of("x" * 60)], colour=False).split("\n")
    assert row.endswith(REASON)
    assert " " + "x" * 60 + " " in row
    assert "administrator" in row


def test_a_huge_name_does_not_make_every_line_as_wide() -> None:
    lines = table.lock_table([verdict_of("x" * 60_000), make_verdict()], colour=False).split("\n")
    assert max(map(len, lines)) < 1000


def test_why_goes_on_in_its_own_column() -> None:
    head, *rows = table.lock_table([verdict_of("web1")], colour=False, width=80).split("\n")
    begin = head.index("WHY")
    told = [row[begin:] for row in rows if row[begin:]]
    assert len(rows) == 3
    assert told[-1].endswith("…")
    assert REASON.startswith(" ".join(told).removesuffix("…").rstrip())


def test_a_plan_says_from_when_on_on_80_columns() -> None:
    """Beside a wide host, behind the longest common reason."""
    why = "cut short or altered, and no longer being written: 5 h 15 min old"
    wide = make_verdict(make_file(make_lock(1000, hostname="a-very-long-host-name")), age=18900, seen=49.0)
    told = table.plan_table([], [Kept(wide, why, 1_795_642_800 * 10**9)], colour=False, width=80)
    begin = told.index("WHY")
    why_told = " ".join(line[begin:].strip() for line in told.split("\n")[1:])
    assert re.search(r"can go after \d\d:\d\d \S+$", why_told), told


def test_one_line_each_is_cut_and_keeps_the_state() -> None:
    _, row = table.lock_table([verdict_of()], colour=False, width=80, lines=1).split("\n")
    assert row.endswith("…")
    assert "superseded" in row


def test_a_plan_shows_since_when_it_was_seen() -> None:
    lines = table.plan_table([verdict_of()], (), colour=False, width=80).split("\n")
    assert lines[0].split() == "DO ID HOST AGE SEEN STATE WHY".split()
    assert "2 h 3 min" in lines[1]


def test_a_lock_that_was_put_back_says_so() -> None:
    verdict = make_verdict()
    assert table.lock_table([verdict], colour=False, held={verdict.file.id}).endswith(
        "not renewed for 2 h; put back by 'restore', and left alone for a day"
    )


def test_one_repository_is_told_once() -> None:
    records = [record_of(verdict_of("web1")), record_of(verdict_of("web1"))]
    narrow = past.history_table(records, width=80)
    assert narrow.split("\n")[0].split()[:3] == "WHEN ID HOST".split()
    assert "REPOSITORY" not in narrow
    assert narrow.endswith("\n\n2 removals from web1")
    several = past.history_table([*records, record_of(verdict_of("web2"))], width=200)
    assert several.split("\n")[0].split()[-1] == "REPOSITORY"


@pytest.mark.parametrize("colour", [False, True])
def test_the_header_stands_out(colour: bool) -> None:
    head, row = table.lock_table([make_verdict()], colour=colour).split("\n")
    assert head.startswith("\x1b[1m") is colour
    assert ("\x1b[38;5;160mstale\x1b[0m" in row) is colour
    assert ("\x1b" in head + row) is colour


@pytest.mark.parametrize(
    ("text", "width", "lines", "told"),
    [
        ("renewed 38 s ago", 20, 1, ["renewed 38 s ago"]),
        ("renewed 38 s ago; it lives", 12, 3, ["renewed 38 s", "ago; it", "lives"]),
        ("not renewed for 15 min 3 s", 20, 3, ["not renewed for", "15 min 3 s"]),
        ("one two three four", 7, 2, ["one two", "three …"]),
        ("abcdefghij kl", 5, 3, ["abcd…", "kl"]),
        ("日本語 日本語", 6, 2, ["日本語", "日本語"]),
        ("abcdefghij", 5, 3, ["abcd…"]),
    ],
)
def test_flowing(text: str, width: int, lines: int, told: list[str]) -> None:
    assert flow(text, width, lines) == told


@given(st.lists(st.text("ab日 ", min_size=1, max_size=12), max_size=8), st.integers(2, 30), st.integers(1, 4))
@settings(max_examples=200, deadline=None)
def test_flowing_keeps_to_its_bounds(words: list[str], width: int, lines: int) -> None:
    told = flow(" ".join(words), width, lines)
    assert len(told) <= lines
    assert all(columns(line) <= width for line in told)


@pytest.mark.parametrize(
    ("width", "told"),
    [(0, "one two three"), (13, "one two three"), (9, "one two\n  three"), (2, "one\n  two\n  three")],
)
def test_wrapping_loses_nothing(width: int, told: str) -> None:
    assert wrap("one two three", width, 2) == told


def test_a_column_can_be_cut_before_another_is_left_out() -> None:
    rows = [{"A": "a" * 10, "B": "b" * 10, "C": "c c c c c c"}]
    shape = Shape("C", (Step("A", 5, 8), Step("B", 0, 8)), lines=1)
    assert draw(rows, shape, 40)[1] == f"{'a' * 10}  {'b' * 10}  c c c c c c"
    assert draw(rows, shape, 30)[1] == f"{'a' * 7}…  {'b' * 10}  c c c c…"
    assert draw(rows, shape, 20)[1] == "aaaa…  c c c c c c"
