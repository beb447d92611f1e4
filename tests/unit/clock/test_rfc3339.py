"""Moments: what is written can be read back to the microsecond, and no number breaks a report."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockctl.clock.rfc3339 import format_moment, parse_moment

LAST = 253_402_300_799 * 10**9


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_795_392_976_641_943_135, "2026-11-23T00:16:16.641943Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (-11_644_473_600 * 10**9, "1601-01-01T00:00:00.000000Z"),
        (10**30, "9999-12-31T23:59:59.999999Z"),
        (-(10**30), "0001-01-01T00:00:00.000000Z"),
    ],
)
def test_moments(nanoseconds: int, text: str) -> None:
    assert format_moment(nanoseconds) == text


@given(st.integers(-62_135_596_800 * 10**9, LAST))
@settings(max_examples=100, deadline=None)
def test_what_was_written_can_be_read_back(nanoseconds: int) -> None:
    assert parse_moment(format_moment(nanoseconds)) == nanoseconds // 1000 * 1000


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text)
