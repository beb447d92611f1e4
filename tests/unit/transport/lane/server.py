"""Instead of a server: one end of a socket pair, whose answers a test writes, byte for byte."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence

from lockctl.clock.deadline import Deadline
from lockctl.transport.smb.lane.frames import HEADER, Answer
from lockctl.transport.smb.lane.lane import Lane
from lockctl.transport.smb.lane.takeover import Takeover
from lockctl.transport.smb.server import Server

FIRST_ID, SESSION, TREE = 10, 77, 5
ANSWER = 0x1
ASYNC = 0x2
SIGNED = 0x8
PENDING = 0x103


class Open:
    """Nothing is protected: what these tests are about lies below that."""

    signed = False

    def seal(self, messages: Sequence[bytes], _: Sequence[int], /) -> bytes:
        """As they are."""
        return b"".join(messages)

    def unseal(self, frame: bytes) -> bytes:
        """As it is."""
        return frame

    def check(self, messages: bytes, answer: Answer) -> None:
        """All are taken."""


class Scripted:
    """A lane, and the other end of its wire."""

    def __init__(self, credits_at_hand: int = 512, deadline: Deadline | None = None) -> None:
        ours, self.wire = socket.socketpair()
        self.wire.settimeout(10)
        server = Server(0, 0.0, 2**20, 2**20, 2**20, encrypts=True)
        taken = Takeover("nas", 445, ours, server, Open(), SESSION, TREE, FIRST_ID, credits_at_hand, multi_credit=True)
        self.lane = Lane(taken, deadline or Deadline(10))

    def say(self, *messages: bytes) -> None:
        """One frame, of these messages as they are."""
        data = b"".join(messages)
        self.wire.sendall(len(data).to_bytes(4, "big") + data)

    def heard(self) -> list[tuple[int, int, bool]]:
        """Of one frame that came, for each request its command, its message id, and whether it is related."""
        length = int.from_bytes(self.wire.recv(4, socket.MSG_WAITALL), "big")
        frame = self.wire.recv(length, socket.MSG_WAITALL)
        found: list[tuple[int, int, bool]] = []
        start = 0
        while True:
            fields = HEADER.unpack_from(frame, start)
            found.append((fields[4], fields[8], bool(fields[6] & 0x4)))
            if not fields[7]:
                return found
            start += fields[7]


def message(
    message_id: int,
    command: int,
    body: bytes = b"",
    *,
    status: int = 0,
    following: int = 0,
    flags: int = 0,
    grant: int = 1,
) -> bytes:
    """One answer; `following` is what it says of where the next one begins."""
    return (
        HEADER.pack(
            b"\xfeSMB", 64, 1, status, command, grant, ANSWER | flags, following, message_id, 0, TREE, SESSION, b""
        )
        + body
    )


def opened(handle: bytes = b"h" * 16, size: int = 3) -> bytes:
    """The body of an answer to CREATE."""
    return struct.pack("<HBBIqqqqqqII16s", 89, 0, 0, 1, 1, 1, 1, 1, 0, size, 0x20, 0, handle) + bytes(8)


def content(data: bytes) -> bytes:
    """The body of an answer to READ."""
    return struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data
