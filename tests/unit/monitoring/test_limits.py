"""Limits as users write them."""

from __future__ import annotations

import pytest

from lockctl.errors import UsageError
from lockctl.monitoring.limits import QUANTITIES, default_limits, find_limits


@pytest.mark.parametrize(
    ("texts", "changed"),
    [
        ([], {}),
        (["stale=3"], {"stale": 3.0}),
        (["3"], {"stale": 3.0}),
        (["oldest=2h, damaged=0", "clock=1m30s"], {"oldest": 7200.0, "damaged": 0.0, "clock": 90.0}),
        (["owner-clock=off"], {"owner-clock": None}),
        (["stale=1", "stale=2"], {"stale": 2.0}),
    ],
)
def test_what_is_named_changes_and_nothing_else(texts: list[str], changed: dict[str, float | None]) -> None:
    warning, critical = default_limits()
    assert find_limits(texts, []) == ({**warning, **changed}, critical)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no number of locks: ''"),
        ("fresh=1", "They are stale, oldest, exclusive, damaged, clock, owner-clock"),
        ("stale=-1", "no number of locks: '-1'"),
        ("stale=1.5", "no number of locks"),
        ("stale=2h", "no number of locks"),
        ("stale=²", "no number of locks"),
        (f"stale={'9' * 5000}", "no number of locks"),
        ("stale=", "no number of locks"),
        ("oldest=5", "'5' has no unit"),
        ("oldest=2mo", "months or years"),
        ("10:20", "no number of locks"),
    ],
)
def test_what_is_no_limit(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_limits([text], [])
    with pytest.raises(UsageError, match=said):
        find_limits([], [text])


def test_a_warning_above_the_critical_limit() -> None:
    with pytest.raises(UsageError, match=r"the limit of stale .* Give -c stale=… too, or -c stale=off"):
        find_limits(["stale=30"], [])
    assert find_limits(["stale=30"], ["stale=off"])[1]["stale"] is None
    assert find_limits(["stale=30"], ["stale=30"])[0]["stale"] == 30


def test_defaults_are_limits_that_could_be_given() -> None:
    warning, critical = default_limits()
    assert list(warning) == list(critical) == [quantity.name for quantity in QUANTITIES]
    assert find_limits([], []) == (warning, critical)
