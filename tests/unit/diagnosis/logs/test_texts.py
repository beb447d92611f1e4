"""The table of what restic and rclone print: each row is found in its own example, and in nothing else."""

from __future__ import annotations

import time

import pytest

from lockctl.diagnosis.logs.events import MAX_TEXT, parse_go_duration, recognise
from lockctl.diagnosis.logs.lines import Line
from lockctl.diagnosis.logs.texts import TEXTS, Kind, Text


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.kind.value)
def test_each_row_is_found_by_its_example(text: Text) -> None:
    event = recognise(Line(7, text.example))
    assert event is not None
    assert event.kind is text.kind
    assert text.source
    assert text.versions[-4:-2] in ("0.", "1.")


def test_every_kind_has_a_row() -> None:
    assert {text.kind for text in TEXTS} == set(Kind)


@pytest.mark.parametrize(
    "line",
    [
        "new       /home/x/circuit breaker open for file <lock/c6632a542a>, saved in 0.000s (0 B added)",
        "unchanged /srv/Fatal: wrong password or no key found",
        "rclone: 2026/11/25 14:00:00 DEBUG : locks: list request",
        "rclone: 2026/11/25 14:00:00 INFO  : locks/aa: GET 200",
        "Files:           1 new,     0 changed,     0 unmodified",
        "the word lock alone",
        "",
    ],
)
def test_what_tells_nothing(line: str) -> None:
    """Names of files that are backed up stand in a log, and may hold anything."""
    assert recognise(Line(1, line)) is None


def test_what_an_event_holds() -> None:
    retried = recognise(Line(1, TEXTS[0].example))
    assert retried is not None
    assert (retried.lock, retried.action, retried.file_type) == ("c6632a542a", "Load", "lock")
    assert retried.pause == 1.39
    assert retried.grew
    locked = recognise(Line(1, "repository is already locked by PID 77 on a b by björn (UID 1000, GID 100)"))
    assert locked is not None
    assert locked.holder is not None
    assert (locked.holder.hostname, locked.holder.username, locked.holder.pid) == ("a b", "björn", 77)
    assert (locked.holder.uid, locked.holder.gid, locked.holder.exclusive) == (1000, 100, False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1.39s", 1.39), ("26h3m0.5s", 93780.5), ("642.5ms", 0.6425), ("-58m49s", -3529.0), ("5m0s", 300.0), ("0s", 0.0)],
)
def test_durations_as_go_writes_them(text: str, seconds: float) -> None:
    assert parse_go_duration(text) == pytest.approx(seconds)


def test_a_hostile_name_costs_no_square_of_its_length() -> None:
    def cost(length: int) -> float:
        line = Line(1, "repository is already locked by PID 1 on a" + " by " * (length // 4) + " (UID 1, GID")
        took = []
        for _ in range(9):
            began = time.perf_counter()
            recognise(line)
            took.append(time.perf_counter() - began)
        return min(took)

    assert cost(3000) < 1e-3 + 8 * cost(600), "the square would be 25 times as much"


def test_of_a_long_line_little_is_kept() -> None:
    event = recognise(Line(1, "Fatal: " + "x" * 16_000))
    assert event is not None
    assert len(event.line.text) == MAX_TEXT
