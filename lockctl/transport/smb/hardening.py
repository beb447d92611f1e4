"""smbprotocol's connection with promises that it does not make by itself: every wait ends, no message is longer than
one can be, every answer is signed or encrypted, and the server's clock is kept.

What it uses of smbprotocol's private parts is held by tests/unit/transport/test_smbprotocol_parts.py.
"""

from __future__ import annotations

import errno
import logging
import select
import socket
import struct
import uuid
from contextlib import suppress
from typing import Any

from smbprotocol.connection import Commands, Connection
from smbprotocol.exceptions import SMBException
from smbprotocol.header import NtStatus, Smb2Flags
from smbprotocol.session import SessionFlags
from smbprotocol.transport import Tcp

from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.transport.smb.answers import from_filetime, parse_session_flags
from lockctl.transport.smb.errors import Forged, GuestOnly, TooFewCredits, TooLong, lost
from lockctl.transport.smb.requests import CREDIT_UNIT, Request

REPLY_SECONDS = 60.0
"""For one answer: another client's oplock can hold a CREATE for 35 s."""
START_SECONDS = 5.0
"""For a server to say that it has begun with what may take for ever."""
CREDITS_WANTED = 8192
"""Credits to ask for when logging on; the server grants what it likes."""
RELEASE_SECONDS = 5.0
"""For smbprotocol's thread to end, which takes no time."""
LONGEST_MESSAGE = 2**24 - 1
"""Bytes: the length before a message has three of them ([MS-SMB2] 2.1)."""
LONGEST_GREETING = 2**16 + 2**12
"""Bytes of a message before anybody has logged on: tokens of Kerberos are the longest in them."""
MOST_ANSWERS = 16
"""Messages in answer to one, as long as nobody has logged on; smbprotocol keeps them all."""

# smbprotocol logs a traceback when a connection breaks. What broke is told by our own error, once.
for _library in ("smbprotocol", "spnego"):
    logging.getLogger(_library).addHandler(logging.NullHandler())
    logging.getLogger(_library).propagate = False


class BoundedTcp(Tcp):  # type: ignore[misc]
    """smbprotocol's socket: takes no message that is longer than any, and sends no longer than there is time."""

    def __init__(self, server: str, port: int, timeout: float, deadline: Deadline) -> None:
        super().__init__(server, port, timeout)
        self._deadline = deadline
        self._wake, self._waker = socket.socketpair()
        self._is_trusted = False
        self._answers = 0

    def trust(self) -> None:
        """Somebody has logged on: from here on messages are signed, and as long as any can be."""
        self._is_trusted = True

    def release(self) -> socket.socket:
        """Lets go of the socket, for another to use: what waits to receive here ends, as at the end of a connection."""
        with suppress(OSError):  # where the connection has ended, its thread has too
            self._waker.send(b"\0")
        released: socket.socket = self._sock
        return released

    def recv(self, timeout: float) -> Any:
        """As smbprotocol's; b"" when the socket was released, which ends its thread as the end of a connection does."""
        ready, _, _ = select.select([self._sock, self._wake], [], [], timeout)
        if not ready:
            raise TimeoutError  # then smbprotocol asks whether the server is still there
        self._answers += 1
        if not self._is_trusted and self._answers > MOST_ANSWERS:
            raise TooLong
        frame = b"" if self._wake in ready else super().recv(timeout)
        if not frame:
            self._wake.close()
            self._waker.close()
        return frame

    def close(self) -> None:
        """Closes the socket, and lets its thread end."""
        super().close()
        self._waker.close()

    def send(self, header: bytes) -> None:
        """Sends, or ends with an OSError: a server that takes nothing must not hold the sender up."""
        microseconds = max(1000, int(self._deadline.cap(REPLY_SECONDS) * 1e6))  # 0 would be for ever
        limit = struct.pack("@ll", *divmod(microseconds, 10**6))
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        self._answers = 0
        super().send(header)

    def _recv(self, length: int, timeout: float) -> Any:
        # smbprotocol makes and clears a buffer of the length that was announced, up to 4 GiB, before anything has
        # come; while it does so nothing else in this process runs, no deadline either.
        if length > (LONGEST_MESSAGE if self._is_trusted else LONGEST_GREETING):
            raise TooLong
        return super()._recv(length, timeout)


class DeadlineConnection(Connection):  # type: ignore[misc]
    """smbprotocol's connection with the promises of this module."""

    def __init__(self, server: str, port: int, deadline: Deadline) -> None:
        self._deadline = deadline
        self._tcp: BoundedTcp | None = None
        super().__init__(uuid.uuid4(), server, port, require_signing=True)
        self.system_time = 0
        """The server's clock when it answered NEGOTIATE, in nanoseconds since 1970."""
        self.received_at = 0.0
        """Boot-time clock when that answer had come."""

    @property
    def transport(self) -> BoundedTcp | None:
        """The socket; None before it is made."""
        return self._tcp

    @transport.setter
    def transport(self, made: Any) -> None:
        """smbprotocol's `connect` makes a socket of its own kind; ours takes its place before it is opened."""
        self._tcp = made and BoundedTcp(made.server, made.port, made.timeout, self._deadline)

    @property
    def credits_at_hand(self) -> int:
        """What may be sent before an answer brings more."""
        return int(self.sequence_window["high"] - self.sequence_window["low"])

    def release(self) -> socket.socket:
        """Ends smbprotocol's receiving thread, when no answer is awaited, and lets go of the socket.

        Raises ConnectionLost where that thread does not end.
        """
        if self._tcp is None:
            raise OSError(errno.ENOTCONN, "not connected")
        released = self._tcp.release()
        self._t_worker.join(RELEASE_SECONDS)
        if self._t_worker.is_alive() or not self._tcp.connected:
            self._tcp.close()
            raise lost("its socket could not be taken over")
        return released

    def charge(self, *messages: Any) -> int:
        """Credits that these messages cost. Before SMB 2.1 smbprotocol reckons with none, and takes one each."""
        return sum(max(1, int(self._calculate_credit_charge(message))) for message in messages)

    def _send_smb2_negotiate(self, *arguments: Any) -> Any:
        answer = super()._send_smb2_negotiate(*arguments)
        self.received_at = boottime()
        self.system_time = from_filetime(struct.unpack("<q", answer["system_time"].pack())[0])
        return answer

    def send(self, message: Any, *arguments: Any, credit_request: int | None = None, **options: Any) -> Any:
        """Asks for many credits when logging on, so that a flight of reads needs no round trip of its own for them."""
        self._afford(message)
        if message.COMMAND == Commands.SMB2_SESSION_SETUP:
            credit_request = CREDITS_WANTED
        return super().send(message, *arguments, credit_request=credit_request, **options)

    def send_compound(self, messages: list[Any], *arguments: Any, **options: Any) -> Any:
        """As smbprotocol's; raises TooFewCredits where it would raise what only its text tells from all else."""
        self._afford(*messages)
        return super().send_compound(messages, *arguments, **options)

    def _calculate_credit_charge(self, message: Any) -> int:
        """Of our own requests; smbprotocol looks into its own ([MS-SMB2] 3.2.4.1.5)."""
        if not isinstance(message, Request):
            return int(super()._calculate_credit_charge(message))
        return max(0, message.payload - 1) // CREDIT_UNIT + 1 if self.supports_multi_credit else 0

    def _afford(self, *messages: Any) -> None:
        if self.charge(*messages) > self.credits_at_hand:
            raise TooFewCredits

    def receive(
        self,
        request: Any,
        wait: bool = True,
        timeout: float | None = None,
        resolve_symlinks: bool = False,  # noqa: ARG002 - smbprotocol passes it
    ) -> Any:
        """As smbprotocol's, but it ends in time whatever the server sends, and follows no link that a server names."""
        wanted = REPLY_SECONDS if timeout is None else max(0.0, timeout)
        # Interim answers are awaited here: smbprotocol gives each of them another second, for ever.
        if not self.is_answered(request, self._deadline.cap(min(wanted, REPLY_SECONDS))):
            raise self._deadline.error() if self._deadline.passed() else lost(f"no answer within {REPLY_SECONDS:.0f} s")
        answer = super().receive(request, wait, 1, resolve_symlinks=False)
        if request.message["command"].get_value() == Commands.SMB2_SESSION_SETUP:
            _refuse_guest(answer["data"].get_value())
        return answer

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
        if session is not None and not force:
            if session.encrypt_data:
                raise Forged  # in the clear, within an encrypted session
            if header["status"].get_value() == NtStatus.STATUS_PENDING:
                return  # an interim answer is not signed, and only makes us wait ([MS-SMB2] 3.2.5.1.3)
            if not header["flags"].has_flag(Smb2Flags.SMB2_FLAGS_SIGNED):
                raise Forged
            session_id, force = session.session_id, True
        try:
            super().verify_signature(header, session_id, force)
        except SMBException as error:
            raise Forged from error

    def _decrypt(self, message: Any) -> Any:
        try:
            return super()._decrypt(message)
        except Exception as error:
            raise Forged from error  # of another session, or altered on the way


def _refuse_guest(answer: bytes) -> None:
    """Raises GuestOnly: a guest's messages cannot be signed, and smbprotocol says so by a text alone."""
    if parse_session_flags(answer) & (SessionFlags.SMB2_SESSION_FLAG_IS_GUEST | SessionFlags.SMB2_SESSION_FLAG_IS_NULL):
        raise GuestOnly
