"""A session on one share: sends messages and collects their answers, as many at once as the server's credits allow."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from smbprotocol.connection import Dialects
from smbprotocol.exceptions import SMBResponseException
from smbprotocol.open import SMB2CreateRequest
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect

from lockctl.background import Background
from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.errors import LockctlError, Unreachable
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import Login
from lockctl.transport.smb.errors import WireError, lost, translate_connect
from lockctl.transport.smb.hardening import REPLY_SECONDS, DeadlineConnection
from lockctl.transport.smb.messages import READ_UNIT, RELATED, parse_create

_LONGER = 5
CONNECT_SECONDS = 20.0
"""To find the host, connect, log on and open the share."""
START_SECONDS = 5.0
"""For a server to say that it has begun with what may take for ever."""
LEAST_UNIT = 4096
"""Bytes to ask for at a time at least, whatever the server says: else one that says 1 would be asked for ever."""


class SmbConnection:
    """A session on one share. All requests go through `exchange` and `flights`."""

    def __init__(self, address: SmbAddress, login: Login, deadline: Deadline) -> None:
        """Connects, logs on and opens the share. Raises Unreachable, ShareRefused, NoRepository, DeadlinePassed."""
        self._deadline = deadline
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
            user = login.account
            raise translate_connect(error, address.host, address.port, address.share, user) from error

    def _open(self, address: SmbAddress, login: Login) -> None:
        connection = self._connection
        # Some seconds more than whoever waits for this thread: so it is never this time-out that ends the waiting.
        connection.connect(timeout=math.ceil(self._deadline.cap(CONNECT_SECONDS)) + _LONGER)
        encrypt = bool(connection.supports_encryption) and connection.dialect >= Dialects.SMB_3_0_0
        session = Session(
            connection,
            login.account,
            login.password,
            require_encryption=encrypt,
            auth_protocol=login.protocol,
        )
        session.connect()
        tree = TreeConnect(session, f"\\\\{address.host}\\{address.share}")
        tree.connect()
        self._session, self._tree = session, tree

    @property
    def encrypted(self) -> bool:
        """Whether all messages are encrypted; else they are signed."""
        return bool(self._session.encrypt_data)

    def now(self) -> int:
        """The server's clock: what NEGOTIATE said, and the time since by a clock that cannot be set."""
        return int(self._connection.system_time + (boottime() - self._connection.received_at) * 1e9)

    def max_transaction(self) -> int:
        """Bytes that one QUERY_DIRECTORY may answer with, within the credits at hand."""
        credits_at_hand = max(1, self._connection.credits_at_hand - 2)
        return int(min(self._connection.max_transact_size, 2**20, credits_at_hand * 65536))

    def max_read(self) -> int:
        """Bytes that one READ may ask for: what one credit pays for, or less where the server says so in NEGOTIATE."""
        return max(LEAST_UNIT, min(READ_UNIT, int(self._connection.max_read_size)))

    def max_write(self) -> int:
        """Bytes that one WRITE may bring, likewise."""
        return max(LEAST_UNIT, min(READ_UNIT, int(self._connection.max_write_size)))

    def exchange(self, *messages: Any) -> list[bytes | int]:
        """Sends related messages as one compound and waits: for each its answer's bytes, or its NTSTATUS.

        Raises ConnectionLost when an answer does not come, DeadlinePassed.
        """
        return next(self.flights([messages]))

    def flights(self, compounds: Iterable[Sequence[Any]]) -> Iterator[list[bytes | int]]:
        """Sends compounds as fast as credits allow, and yields the answers in the same order.

        Where credits run out it waits for answers, which bring new ones.
        """
        under_way: deque[list[Any]] = deque()
        for compound in compounds:
            needed = self._connection.charge(*compound)
            while under_way and self._connection.credits_at_hand < needed:
                yield self._collect(under_way.popleft())
            if self._connection.credits_at_hand < needed:
                yield self._one_by_one(compound)
            else:
                under_way.append(self._send(compound))
        while under_way:
            yield self._collect(under_way.popleft())

    def begin(self, message: Any) -> Any:
        """Sends one message whose answer may take for ever; `poll` asks for it."""
        (request,) = self._send([message])
        return request

    def await_start(self, request: Any) -> None:
        """Waits for the interim answer, by which the server says that it is at work. Not every server sends one."""
        request.response_event.wait(self._deadline.cap(START_SECONDS))

    def poll(self, request: Any, seconds: float) -> bytes | int | None:
        """The answer to what `begin` sent, or None where it does not come within `seconds`. Raises as `exchange`."""
        if not self._connection.is_answered(request, self._deadline.cap(seconds)):
            return None
        return self._answer(request, 0)

    def close(self) -> None:
        """Drops the connection: no handle is open between two calls, so the server has nothing to tidy."""
        transport = self._connection.transport
        if transport is not None:
            try:
                transport.close()
            except OSError:
                return  # it was closed from the other side already, which is all that was wanted

    def _send(self, compound: Sequence[Any]) -> list[Any]:
        session, tree = self._session.session_id, self._tree.tree_connect_id
        with self._guarded():
            return list(self._connection.send_compound(list(compound), session, tree, related=True))

    def _one_by_one(self, compound: Sequence[Any]) -> list[bytes | int]:
        """The same for a server that does not even grant the credits of one compound."""
        answers: list[bytes | int] = []
        for message in compound:
            first = answers[0] if answers else 0
            if isinstance(message, SMB2CreateRequest) or message["file_id"].get_value() != RELATED:
                pass
            elif isinstance(first, bytes):
                message["file_id"] = parse_create(first).handle
            else:
                answers.append(first)  # what cannot be opened cannot be read or closed either
                continue
            answers += self._collect(self._send([message]))
        return answers

    def _collect(self, requests: list[Any]) -> list[bytes | int]:
        """The answers to one compound, which have one limit together: a server has no more time for each."""
        end = boottime() + REPLY_SECONDS
        return [self._answer(request, end - boottime()) for request in requests]

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
