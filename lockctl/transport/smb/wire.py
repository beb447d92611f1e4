"""A wire: carries requests to one share and answers back. Two ways behind one contract: smbprotocol's, and the lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from lockctl.transport.smb.requests import Request
from lockctl.transport.smb.server import Server


class Ticket:
    """Requests that go together, as one compound, and their answers: bytes, or the NTSTATUS that is not success."""

    __slots__ = ("answers", "missing", "requests", "sent", "started")

    def __init__(self, requests: Sequence[Request]) -> None:
        self.requests = requests
        self.answers: list[bytes | int] = [0] * len(requests)
        self.missing = len(requests)
        """How many answers have not come."""
        self.started = False
        """Whether the server has said that it is at work."""
        self.sent: Any = None
        """What the wire itself needs to know them again."""


class Wire(Protocol):
    """A session on one share. Whatever breaks it raises ConnectionLost, and it is not used again."""

    server: Server

    def max_transaction(self) -> int:
        """Bytes that one QUERY_DIRECTORY may answer with, within the credits at hand."""

    def send(self, *requests: Request) -> Ticket:
        """Sends these as one compound, each about the handle that the first opens where it has RELATED.

        It waits for no answer, unless that is what brings the credits. What is sent together may go together: at the
        latest when something is collected, or with `flush`.
        """

    def flush(self) -> None:
        """Sends what `send` may have kept back. Nobody needs to collect the answers."""

    def collect(self, ticket: Ticket) -> list[bytes | int]:
        """Waits for the answers. Raises ConnectionLost when one does not come, DeadlinePassed."""

    def begin(self, request: Request) -> Ticket:
        """Sends one request whose answer may take for ever; `poll` asks for it."""

    def await_start(self, ticket: Ticket) -> None:
        """Waits a little for the interim answer, by which the server says that it is at work. Not every server sends
        one.
        """

    def poll(self, ticket: Ticket, seconds: float) -> bytes | int | None:
        """The answer to the one request of a ticket, None where it does not come within `seconds`."""

    def close(self) -> None:
        """Drops the connection. Never raises."""


def exchange(wire: Wire, *requests: Request) -> list[bytes | int]:
    """Sends these as one compound and waits for the answers. Raises ConnectionLost, DeadlinePassed."""
    return wire.collect(wire.send(*requests))
