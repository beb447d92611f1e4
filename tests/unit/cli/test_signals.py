"""A signal that comes while something is at stake is obeyed once, at its end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from lockctl.cli.signals import Signals
from lockctl.errors import Interrupted


@pytest.fixture
def signals() -> Iterator[Signals]:
    """Signals of their own, and the test runner's put back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    made = Signals()
    made.install()
    yield made
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_inside_a_shield_is_raised_once(signals: Signals) -> None:
    """Else the report of what was done would be cut off by it a second time."""
    done: list[str] = []

    def remove() -> None:
        with signals.shield():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("removed")

    with pytest.raises(Interrupted) as caught:
        remove()
    assert caught.value.status == 143
    with signals.shield():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("told")
    assert done == ["removed", "told"]
    assert signals.received == signal.SIGTERM


def test_a_signal_outside_is_raised_at_once(signals: Signals) -> None:
    with pytest.raises(Interrupted) as caught:
        os.kill(os.getpid(), signal.SIGINT)
    assert caught.value.status == 130


def test_shields_are_counted(signals: Signals) -> None:
    """One inside another, or beside it in another thread, ends nothing before its time."""
    done: list[str] = []

    def nested() -> None:
        with signals.shield():
            with signals.removing():
                os.kill(os.getpid(), signal.SIGINT)
            done.append("still shielded")

    with pytest.raises(Interrupted):
        nested()
    assert done == ["still shielded"]


def test_what_only_prints_has_begun_no_removal(signals: Signals) -> None:
    """A deadline that passes before anything was removed is told from one that comes after that."""
    with signals.shield():
        assert not signals.has_begun
    assert not signals.has_begun
    with signals.removing():
        assert signals.has_begun
    assert signals.has_begun


@pytest.mark.parametrize("ignored", [False, True], ids=["a terminal that goes", "nohup"])
def test_a_hangup_ends_cleanly_unless_it_is_ignored(ignored: bool) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    made = Signals()
    try:
        made.install()
        if not ignored:
            with pytest.raises(Interrupted) as caught:
                os.kill(os.getpid(), signal.SIGHUP)
            assert caught.value.status == 129
        else:
            os.kill(os.getpid(), signal.SIGHUP)
        assert made.received == (0 if ignored else signal.SIGHUP)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
