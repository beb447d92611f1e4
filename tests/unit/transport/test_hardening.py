"""What our connection refuses and how long it waits, without a server."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from smbprotocol.exceptions import SMBConnectionClosed, SMBException
from smbprotocol.open import SMB2CreateRequest
from smbprotocol.transport import Tcp

from lockctl.clock.deadline import Deadline
from lockctl.errors import ConnectionLost, DeadlinePassed, FileError, LockctlError
from lockctl.transport.smb import connection, requests
from lockctl.transport.smb.connection import SmbConnection
from lockctl.transport.smb.errors import Forged, TooFewCredits, TooLong
from lockctl.transport.smb.hardening import (
    LONGEST_GREETING,
    LONGEST_MESSAGE,
    MOST_ANSWERS,
    REPLY_SECONDS,
    BoundedTcp,
    DeadlineConnection,
)
from lockctl.transport.smb.server import LEAST_UNIT, Server


class Silent:
    """Instead of smbprotocol's connection: each answer takes its time by the clock of the test."""

    def __init__(self, answers: float = 0.0) -> None:
        self.clock = 1000.0
        self.limits: list[float] = []
        self.closed = 0
        self.transport = self
        self._answers = answers

    def receive(self, request: object, timeout: float) -> dict[str, Any]:
        """An answer after `answers` seconds."""
        self.limits.append(timeout)
        self.clock += self._answers
        return {"data": _Value(b"answer")}

    def close(self) -> None:
        """Count it."""
        self.closed += 1


class _Value:
    def __init__(self, value: bytes) -> None:
        self._value = value

    def get_value(self) -> bytes:
        """As a field of smbprotocol."""
        return self._value


def over(silent: Silent, deadline: Deadline | None = None) -> SmbConnection:
    """A session on what is no connection."""
    made = object.__new__(SmbConnection)
    made._connection = silent  # type: ignore[assignment]
    made._deadline = deadline or Deadline()
    return made


def test_a_message_is_refused_before_there_is_a_buffer_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(Tcp, "_recv", lambda self, length, timeout: asked.append(length))
    tcp = BoundedTcp("nas", 445, 1, Deadline())
    for longest in (LONGEST_GREETING, LONGEST_MESSAGE):
        for length in (4, longest):
            tcp._recv(length, 1)
        for length in (longest + 1, 0x5353482D, 2**32 - 1):  # the second is what SSH begins with
            with pytest.raises(TooLong):
                tcp._recv(length, 1)
        assert asked == [4, longest]
        asked.clear()
        tcp.trust()


def test_answers_without_end_are_refused_until_somebody_has_logged_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """smbprotocol keeps each of them for its hash of what came before the log-on."""
    monkeypatch.setattr(Tcp, "recv", lambda self, timeout: b"frame")
    monkeypatch.setattr(Tcp, "send", lambda self, header: None)
    with answering_socket() as ours:
        tcp = BoundedTcp("nas", 445, 1, Deadline(20))
        tcp._sock = ours
        for _ in range(2):
            assert [tcp.recv(1) for _ in range(MOST_ANSWERS)] == [b"frame"] * MOST_ANSWERS
            with pytest.raises(TooLong):
                tcp.recv(1)
            tcp.send(b"another")
        tcp.trust()
        assert {tcp.recv(1) for _ in range(3 * MOST_ANSWERS)} == {b"frame"}


@contextmanager
def answering_socket() -> Iterator[socket.socket]:
    """One that always has something to read."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        yield ours


def test_the_answers_to_one_compound_have_one_limit_together(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = Silent(answers=25.0)
    monkeypatch.setattr(connection, "boottime", lambda: silent.clock)
    assert over(silent)._await([object(), object(), object()]) == [b"answer"] * 3
    assert silent.limits == [REPLY_SECONDS, REPLY_SECONDS - 25, REPLY_SECONDS - 50]


def test_a_limit_that_is_over_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not the usual one."""
    tested = DeadlineConnection("nas", 445, Deadline())
    seen: list[float] = []

    def never(_: object, seconds: float) -> bool:
        seen.append(seconds)
        return False

    monkeypatch.setattr(tested, "is_answered", never)
    for timeout in (0, -3.0, 7, None, 1000):
        with pytest.raises(ConnectionLost, match="no answer within 60 s"):
            tested.receive(object(), timeout=timeout)
    assert seen == [0, 0, 7, REPLY_SECONDS, REPLY_SECONDS]


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Forged(), "not signed by the server"),
        (TooFewCredits(), "too few credits"),
        (TooLong(), "no SMB message"),
        (SMBConnectionClosed("signature credits"), "it was closed"),
        (SMBException("signature, in the clear, credits"), "it was closed"),
        (KeyError("signature"), "it was closed"),
        (OSError("credits"), "it was closed"),
    ],
)
def test_what_broke_is_told_by_its_type_and_the_connection_not_used_again(error: Exception, said: str) -> None:
    silent = Silent()
    silent.receive = failing(error)  # type: ignore[method-assign]
    with pytest.raises(ConnectionLost, match=said):
        over(silent)._await([object()])
    assert silent.closed == 1


@pytest.mark.parametrize(("error", "closed"), [(ConnectionLost("silence"), 1), (FileError("one file"), 0)])
def test_after_a_lost_answer_the_connection_is_not_used_again(error: LockctlError, closed: int) -> None:
    silent = Silent()
    silent.receive = failing(error)  # type: ignore[method-assign]
    with pytest.raises(type(error)):
        over(silent)._await([object()])
    assert silent.closed == closed


def test_what_breaks_after_the_deadline_is_the_deadlines() -> None:
    """As a send that ended because there was no more time."""
    silent = Silent()
    silent.receive = failing(BlockingIOError(11, "Resource temporarily unavailable"))  # type: ignore[method-assign]
    with pytest.raises(DeadlinePassed):
        over(silent, Deadline(0))._await([object()])


def test_what_cannot_be_paid_for_is_not_sent() -> None:
    tested = DeadlineConnection("nas", 445, Deadline())
    tested.sequence_window = {"low": 5, "high": 7}
    create = requests.create("locks", 1, 7, 1)
    with pytest.raises(TooFewCredits):
        tested.send_compound([create, create, SMB2CreateRequest()], 1, 1, related=True)
    tested.sequence_window = {"low": 5, "high": 5}
    with pytest.raises(TooFewCredits):
        tested.send(create)


@pytest.mark.parametrize(
    ("said", "unit"), [(0, LEAST_UNIT), (1, LEAST_UNIT), (8192, 8192), (65536, 65536), (2**32 - 1, 65536)]
)
def test_as_much_at_a_time_as_the_server_says(said: int, unit: int) -> None:
    tested = Server(0, 0.0, said, said, said, encrypts=True)
    assert (tested.max_read(), tested.max_write()) == (unit, unit)
