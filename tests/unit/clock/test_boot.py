"""When this process began, by the clock that cannot be set."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from lockctl.clock.boot import boottime, process_began
from lockctl.clock.deadline import Deadline

CLEARLY = 2.0
"""Seconds: the kernel's own times are to a hundredth, the wall clock may be put right meanwhile."""


def test_it_is_when_the_kernel_says() -> None:
    since = boottime() - process_began()
    assert abs(since - (time.time() - psutil.Process().create_time())) < CLEARLY
    assert process_began() == process_began()


@pytest.mark.parametrize("text", ["", "1 (a) b", f"1 (a) b) {'x ' * 40}", "no such thing"])
def test_where_it_cannot_be_read_it_is_now(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: text)
    before = boottime()
    assert before <= process_began() <= boottime()


def test_a_name_with_parentheses_and_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = " ".join(["S", *(str(number) for number in range(4, 22)), "100", "23"])
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: f"1 (a) b (1 2 3) {fields}")
    assert 0 < process_began() <= 100


def test_a_deadline_that_counts_from_an_earlier_moment() -> None:
    assert Deadline(60, boottime() - 50).left() <= 10
    assert Deadline(60, boottime() - 61).passed()
    assert not Deadline(None, boottime() - 61).passed()
