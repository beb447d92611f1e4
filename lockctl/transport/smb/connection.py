"""A session on one share: sends messages and collects their answers, as many at once as the server's credits allow."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from smbprotocol.connection import Dialects
from smbprotocol.exceptions import SMBResponseException
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect

from lockctl.background import Background
from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.errors import LockctlError, Unreachable
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import KERBEROS, Login
from lockctl.transport.smb.answers import parse_create
from lockctl.transport.smb.errors import WireError, lost, translate_connect
from lockctl.transport.smb.hardening import REPLY_SECONDS, START_SECONDS, DeadlineConnection
from lockctl.transport.smb.kerberos import require_gssapi, translate_kerberos
from lockctl.transport.smb.requests import Request
from lockctl.transport.smb.server import Server
from lockctl.transport.smb.wire import Ticket

_LONGER = 5
CONNECT_SECONDS = 20.0
"""To find the host, connect, log on and open the share."""


class SmbConnection:
    """A session on one share. One of the two wires: the plain one, as smbprotocol sends and receives."""

    def __init__(self, address: SmbAddress, login: Login, deadline: Deadline) -> None:
        """Connects, logs on and opens the share. Raises Unreachable, ShareRefused, NoRepository, DeadlinePassed."""
        self._deadline = deadline
        self._under_way: deque[Ticket] = deque()
        self._connection = DeadlineConnection(address.host, address.port, deadline)
        # In a thread: asking the name server and Kerberos have no time limit of their own.
        opening = Background(lambda: self._open(address, login))
        if not opening.wait(deadline.cap(CONNECT_SECONDS)):
            if deadline.passed():
                raise deadline.error()
            raise Unreachable(
                f"no answer from {address.host} port {address.port} within {CONNECT_SECONDS:.0f} s",
                "Check the host, the port and the network",
            )
        try:
            opening.result()
        except LockctlError:
            self.close()
            raise
        except Exception as error:
            # Whatever is not SMB, or is made to look like it, makes smbprotocol's parser raise anything.
            self.close()
            if deadline.passed():
                raise deadline.error() from error
            if login.protocol == KERBEROS and (failure := translate_kerberos(error, login, address.host)) is not None:
                raise failure from error
            user = login.account
            raise translate_connect(error, address.host, address.port, address.share, user) from error

    def _open(self, address: SmbAddress, login: Login) -> None:
        connection = self._connection
        # Some seconds more than whoever waits for this thread: so it is never this time-out that ends the waiting.
        connection.connect(timeout=math.ceil(self._deadline.cap(CONNECT_SECONDS)) + _LONGER)
        encrypt = bool(connection.supports_encryption) and connection.dialect >= Dialects.SMB_3_0_0
        if login.protocol == KERBEROS:
            require_gssapi()
        session = Session(
            connection,
            login.account or None,
            login.password or None,
            require_encryption=encrypt,
            auth_protocol=login.protocol,
            hostname_override=login.service_host or None,
        )
        session.connect()
        if connection.transport is not None:
            connection.transport.trust()
        tree = TreeConnect(session, f"\\\\{address.host}\\{address.share}")
        tree.connect()
        self._session, self._tree = session, tree
        self.server = Server(
            connection.system_time,
            connection.received_at,
            int(connection.max_transact_size),
            int(connection.max_read_size),
            int(connection.max_write_size),
            bool(session.encrypt_data),
            int(connection.dialect),
        )

    @property
    def underneath(self) -> tuple[DeadlineConnection, Session, TreeConnect]:
        """smbprotocol's own connection, session and share."""
        return self._connection, self._session, self._tree

    def max_transaction(self) -> int:
        """Bytes that one QUERY_DIRECTORY may answer with, within the credits at hand."""
        return self.server.max_transaction(self._connection.credits_at_hand - 2)

    def send(self, *requests: Request) -> Ticket:
        """Sends one compound. Where credits run out it waits for the answers to earlier ones, which bring new ones."""
        ticket = Ticket(requests)
        needed = self._connection.charge(*requests)
        while self._under_way and self._connection.credits_at_hand < needed:
            self._settle(self._under_way.popleft())
        if self._connection.credits_at_hand < needed:
            self._one_by_one(ticket)
        else:
            ticket.sent = self._send(requests)
            self._under_way.append(ticket)
        return ticket

    def flush(self) -> None:
        """Nothing is ever kept back here."""

    def collect(self, ticket: Ticket) -> list[bytes | int]:
        """Waits for the answers, and for those to whatever was sent before."""
        while ticket.missing:
            if not self._under_way:
                raise lost("it was closed")
            self._settle(self._under_way.popleft())
        return ticket.answers

    def begin(self, request: Request) -> Ticket:
        """Sends it, and nobody waits for credits from its answer."""
        ticket = Ticket([request])
        ticket.sent = self._send([request])
        return ticket

    def await_start(self, ticket: Ticket) -> None:
        """Waits for the interim answer."""
        ticket.sent[0].response_event.wait(self._deadline.cap(START_SECONDS))

    def poll(self, ticket: Ticket, seconds: float) -> bytes | int | None:
        """The answer, or None where it does not come within `seconds`."""
        if not self._connection.is_answered(ticket.sent[0], self._deadline.cap(seconds)):
            return None
        return self._answer(ticket.sent[0], 0)

    def close(self) -> None:
        """Drops the connection: no handle is open between two calls, so the server has nothing to tidy."""
        transport = self._connection.transport
        if transport is not None:
            try:
                transport.close()
            except OSError:
                return  # it was closed from the other side already, which is all that was wanted

    def _send(self, requests: Sequence[Request]) -> list[Any]:
        session, tree = self._session.session_id, self._tree.tree_connect_id
        with self._guarded():
            return list(self._connection.send_compound(list(requests), session, tree, related=True))

    def _one_by_one(self, ticket: Ticket) -> None:
        """The same for a server that does not even grant the credits of one compound."""
        for number, request in enumerate(ticket.requests):
            first = ticket.answers[0]
            if not request.is_related:
                about = request
            elif isinstance(first, bytes):
                about = request.about(parse_create(first).handle)
            else:
                ticket.answers[number] = first  # what cannot be opened cannot be read or closed either
                continue
            (ticket.answers[number],) = self._await(self._send([about]))
        ticket.missing = 0

    def _settle(self, ticket: Ticket) -> None:
        ticket.answers = self._await(ticket.sent)
        ticket.missing = 0

    def _await(self, sent: Sequence[Any]) -> list[bytes | int]:
        """The answers to one compound, which have one limit together: a server has no more time for each."""
        end = boottime() + REPLY_SECONDS
        return [self._answer(request, end - boottime()) for request in sent]

    def _answer(self, request: Any, seconds: float) -> bytes | int:
        with self._guarded():
            try:
                return bytes(self._connection.receive(request, timeout=seconds)["data"].get_value())
            except SMBResponseException as error:
                return int(error.status)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """What breaks below becomes ConnectionLost, and the connection is not used again: not to wait once more."""
        try:
            yield
        except Unreachable:
            self.close()
            raise
        except LockctlError:
            raise
        except Exception as error:
            # smbprotocol hands on whatever its receiving thread died of.
            self.close()
            if self._deadline.passed():
                raise self._deadline.error() from error
            raise lost(error.reason if isinstance(error, WireError) else "it was closed") from error
