"""How many keys are derived at once."""

from __future__ import annotations

import threading

import pytest

from lockctl.repository.deriving import Gate

SECONDS = 20.0


def enter(gate: Gate, memory: int, leave: threading.Event) -> threading.Event:
    """Somebody goes in, in a thread of his own, and stays until he may leave. Set once he is in."""
    inside = threading.Event()

    def go() -> None:
        with gate.admit(memory):
            inside.set()
            leave.wait(SECONDS)

    threading.Thread(target=go, daemon=True).start()
    return inside


@pytest.mark.parametrize(
    ("most", "memory", "sizes"), [(2, 1000, [10, 10, 10]), (9, 100, [60, 60]), (9, 100, [500, 10])]
)
def test_the_last_waits_until_one_has_left(most: int, memory: int, sizes: list[int]) -> None:
    """For a place, or for memory; what is larger than all goes alone."""
    gate, leave = Gate(most, memory), threading.Event()
    *first, last = sizes
    for size in first:
        assert enter(gate, size, leave).wait(SECONDS)
    waiting = enter(gate, last, leave)
    assert not waiting.wait(0.05)
    leave.set()
    assert waiting.wait(SECONDS)


def test_whoever_is_alone_is_let_in_whatever_the_size() -> None:
    with Gate(1, 100).admit(10**9):
        pass


def test_a_failure_leaves_too() -> None:
    gate = Gate(1, 100)
    with pytest.raises(ZeroDivisionError), gate.admit(10):
        raise ZeroDivisionError
    with gate.admit(10):
        pass
