"""One SMB connection of our own on smbprotocol: every wait ends, every message is signed or encrypted, credits are
waited for, and the server's clock is kept. smbprotocol by itself does none of the four.
"""

from __future__ import annotations

import logging
import math
import socket
import struct
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from smbprotocol.connection import Commands, Connection, Dialects
from smbprotocol.exceptions import SMBException, SMBResponseException
from smbprotocol.header import NtStatus, Smb2Flags
from smbprotocol.open import SMB2CreateRequest
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect

from lockctl.background import Background
from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.errors import LockctlError, Unreachable
from lockctl.settings.address import SmbAddress
from lockctl.transport.smb.errors import lost, translate_connect
from lockctl.transport.smb.messages import RELATED, from_filetime, parse_create

CONNECT_SECONDS = 20.0
"""To find the host, connect, log on and open the share."""
REPLY_SECONDS = 60.0
"""For one answer: another client's oplock can hold a CREATE for 35 s."""
START_SECONDS = 5.0
"""For a server to say that it has begun with what may take for ever."""
CREDITS_WANTED = 512
"""Credits to ask for when logging on; the server grants what it likes."""

# smbprotocol logs a traceback when a connection breaks. What broke is told by our own error, once.
logging.getLogger("smbprotocol").addHandler(logging.NullHandler())
logging.getLogger("smbprotocol").propagate = False
logging.getLogger("spnego").addHandler(logging.NullHandler())
logging.getLogger("spnego").propagate = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who logs on to the share. `protocol` is one of SPNEGO's: negotiate, ntlm or kerberos."""

    user: str
    password: str = field(repr=False)
    domain: str = ""
    protocol: str = "negotiate"

    @property
    def account(self) -> str:
        """`DOMAIN\\user`, or the user alone."""
        return f"{self.domain}\\{self.user}" if self.domain else self.user


class DeadlineConnection(Connection):  # type: ignore[misc]
    """smbprotocol's connection with the four promises of this module."""

    def __init__(self, server: str, port: int, deadline: Deadline) -> None:
        super().__init__(uuid.uuid4(), server, port, require_signing=True)
        self._deadline = deadline
        self.system_time = 0
        """The server's clock when it answered NEGOTIATE, in nanoseconds since 1970."""
        self.received_at = 0.0
        """Boot-time clock when that answer had come."""

    def _send_smb2_negotiate(self, *arguments: Any) -> Any:
        answer = super()._send_smb2_negotiate(*arguments)
        self.received_at = boottime()
        self.system_time = from_filetime(struct.unpack("<q", answer["system_time"].pack())[0])
        # A send that cannot get rid of its bytes must end as well.
        limit = struct.pack("@ll", math.ceil(REPLY_SECONDS), 0)
        self.transport._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        return answer

    def send(self, message: Any, *arguments: Any, credit_request: int | None = None, **options: Any) -> Any:
        """Asks for many credits when logging on, so that a flight of reads needs no round trip of its own for them."""
        if message.COMMAND == Commands.SMB2_SESSION_SETUP:
            credit_request = CREDITS_WANTED
        return super().send(message, *arguments, credit_request=credit_request, **options)

    def receive(
        self,
        request: Any,
        wait: bool = True,
        timeout: float | None = None,
        resolve_symlinks: bool = False,  # noqa: ARG002 - smbprotocol passes it
    ) -> Any:
        """As smbprotocol's, but it ends in time whatever the server sends, and follows no link that a server names."""
        limit = self._deadline.cap(min(timeout or REPLY_SECONDS, REPLY_SECONDS))
        # Interim answers are awaited here: smbprotocol gives each of them another second, for ever.
        if not self.is_answered(request, limit):
            raise self._deadline.error() if self._deadline.passed() else lost(f"no answer within {limit:.0f} s")
        return super().receive(request, wait, 1, resolve_symlinks=False)

    def is_answered(self, request: Any, seconds: float) -> bool:
        """Whether the answer to this request came within `seconds`, or never will; an interim one is none."""
        end = boottime() + seconds
        while True:
            # In slices: when the server hangs up, smbprotocol's thread ends and tells nobody.
            told = request.response_event.wait(max(0.0, min(1.0, end - boottime())))
            with request.response_event_lock:
                answer = request.response
                if answer["status"].get_value() != NtStatus.STATUS_PENDING if answer is not None else told:
                    return True
                request.response_event.clear()
            if not self._t_worker.is_alive():
                return True
            if boottime() >= end:
                return False

    def verify_signature(self, header: Any, session_id: int, force: bool = False) -> None:
        """Once logged on, refuses every answer in the clear that our own session's key has not signed.

        smbprotocol lets many pass (without the flag, as a SESSION_SETUP, of no session), and in an encrypted session
        any: whoever sits on the wire could answer in the server's place.
        """
        session = next(iter(self.session_table.values()), None)
        if session is None or force:
            super().verify_signature(header, session_id, force)
            return
        if session.encrypt_data:
            raise SMBException("an answer in the clear within an encrypted session")
        if header["status"].get_value() == NtStatus.STATUS_PENDING:
            return  # an interim answer is not signed, and only makes us wait ([MS-SMB2] 3.2.5.1.3)
        if not header["flags"].has_flag(Smb2Flags.SMB2_FLAGS_SIGNED):
            raise SMBException("an answer without a signature")
        super().verify_signature(header, session.session_id, force=True)


class SmbConnection:
    """A session on one share. All requests go through `exchange` and `flights`."""

    def __init__(self, address: SmbAddress, credentials: Credentials, deadline: Deadline) -> None:
        """Connects, logs on and opens the share. Raises Unreachable, ShareRefused, DeadlinePassed."""
        self._deadline = deadline
        self._connection = DeadlineConnection(address.host, address.port, deadline)
        # In a thread: asking the name server and Kerberos have no time limit of their own.
        opening = Background(lambda: self._open(address, credentials))
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
            user = credentials.account
            raise translate_connect(error, address.host, address.port, address.share, user) from error

    def _open(self, address: SmbAddress, credentials: Credentials) -> None:
        connection = self._connection
        connection.connect(timeout=math.ceil(self._deadline.cap(CONNECT_SECONDS)))
        encrypt = bool(connection.supports_encryption) and connection.dialect >= Dialects.SMB_3_0_0
        session = Session(
            connection,
            credentials.account,
            credentials.password,
            require_encryption=encrypt,
            auth_protocol=credentials.protocol,
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
        credits_at_hand = max(1, self._credits() - 2)
        return int(min(self._connection.max_transact_size, 2**20, credits_at_hand * 65536))

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
            needed = sum(max(1, int(self._connection._calculate_credit_charge(message))) for message in compound)
            while under_way and self._credits() < needed:
                yield self._collect(under_way.popleft())
            if self._credits() < needed:
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
        return self._answer(request)

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
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> bytes | int:
        with self._guarded():
            try:
                return bytes(self._connection.receive(request)["data"].get_value())
            except SMBResponseException as error:
                return int(error.status)

    def _credits(self) -> int:
        window = self._connection.sequence_window
        return int(window["high"] - window["low"])

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """What breaks below becomes ConnectionLost, and the connection is not used again."""
        try:
            yield
        except LockctlError:
            raise
        except Exception as error:
            # smbprotocol hands on whatever its receiving thread died of.
            self.close()
            raise lost(_reason(error)) from error


def _reason(error: Exception) -> str:
    text = str(error)
    if "signature" in text or "in the clear" in text:
        return "it sent an answer that is not signed by the server we logged on to"
    if "credits" in text:
        return "it grants too few credits"
    return "it was closed"
