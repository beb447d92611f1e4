"""Durations: m is minutes, nothing is guessed, and what is shown is what people say."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockctl.clock.duration import describe_duration, parse_duration
from lockctl.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("45m", 2700),
        ("2h", 7200),
        ("1h30m", 5400),
        ("7d", 604800),
        ("1w", 604800),
        ("1w2d3h4m5s", 788645),
        ("0s", 0),
        ("1.5h", 5400),
        ("30m30m", 3600),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "a number and a unit"),
        ("30", "Use s, m"),
        ("1h30", "Use s, m"),
        ("2mo", "weeks"),
        ("1y", "weeks"),
        ("1y2mo", "weeks"),
        ("2H", "a number and a unit"),
        ("-2h", "a number and a unit"),
        (" 2h", "a number and a unit"),
        ("2 h", "a number and a unit"),
        ("2h\n", "a number and a unit"),
        ("h", "a number and a unit"),
        ("1e3s", "a number and a unit|Use s, m"),
        ("nans", "a number and a unit"),
        ("2min", "Use s, m"),
    ],
)
def test_what_is_refused(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        parse_duration(text)


def test_a_number_beyond_all_bounds_is_refused() -> None:
    """It would become infinite, which no arithmetic after it expects."""
    with pytest.raises(UsageError):
        parse_duration("9" * 400 + "s")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (0.9, "0 s"),
        (42, "42 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (7380, "2 h 3 min"),
        (86400 * 7 + 3600, "7 d 1 h"),
        (86400 + 59, "1 d"),
        (59.9, "59 s"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (86400 * 400 + 23 * 3600 + 3599, "400 d 23 h"),
    ],
)
def test_descriptions(seconds: float, text: str) -> None:
    assert describe_duration(seconds) == text


@given(st.floats(0, 10**9))
@settings(max_examples=100, deadline=None)
def test_a_description_is_never_more_than_the_truth(seconds: float) -> None:
    shown = describe_duration(seconds).replace(" min", "m").replace(" ", "")
    assert 0 <= math.floor(seconds) - parse_duration(shown) < max(60, seconds / 24)
