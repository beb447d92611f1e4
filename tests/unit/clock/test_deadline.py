"""The one deadline: it caps every wait, and a call in the background cannot hold up the end."""

from __future__ import annotations

import threading

import pytest

from lockctl.background import Background
from lockctl.clock.deadline import Deadline
from lockctl.errors import DeadlinePassed


def test_without_a_deadline_each_wait_has_its_own_limit() -> None:
    assert Deadline().cap(60) == 60
    assert not Deadline().passed()


def test_what_is_left_caps_a_wait() -> None:
    deadline = Deadline(30)
    assert 29 < deadline.cap(60) <= 30
    assert deadline.cap(5) == 5
    assert not deadline.passed()


@pytest.mark.parametrize("seconds", [0, -1])
def test_when_it_has_passed(seconds: float) -> None:
    deadline = Deadline(seconds)
    assert deadline.passed()
    with pytest.raises(DeadlinePassed, match="--timeout"):
        deadline.cap(60)


def test_a_call_in_the_background_gives_its_result() -> None:
    background = Background(lambda: 7)
    assert background.wait(60)
    assert background.result() == 7


def test_a_call_in_the_background_raises_what_it_raised() -> None:
    def fail() -> int:
        raise KeyError("lost")

    background = Background(fail)
    assert background.wait(None)
    with pytest.raises(KeyError):
        background.result()


def test_a_call_that_does_not_end_is_not_waited_for() -> None:
    go = threading.Event()
    background = Background(go.wait)
    assert not background.wait(0.01)
    go.set()
    assert background.wait(60)
