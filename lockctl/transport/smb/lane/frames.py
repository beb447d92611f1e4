"""Frames: requests with their headers, several compounds in one, and the answers in what comes back. Pure.

[MS-SMB2] 2.2.1.2 is the header, 3.3.5.2.7 how compounds are read. What a server says of lengths is a claim.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lockctl.transport.smb.lane.unexpected import Unexpected
from lockctl.transport.smb.requests import CREDIT_UNIT, Request

HEADER = struct.Struct("<4sHHIHHIIQIIQ16s")
_MAGIC = b"\xfeSMB"
_SIZE = 64
RELATED_OPERATIONS, SIGNED = 0x4, 0x8
_PENDING = 0x103
_ANSWERED = 0x1


@dataclass(slots=True)
class Part:
    """One request of a frame: its message id, the credits it costs and asks for, and whether it is related."""

    request: Request
    message_id: int
    charge: int
    wanted: int
    related: bool


@dataclass(slots=True)
class Answer:
    """One answer of a frame, which lies from `start` to `end` in it, header and padding included."""

    message_id: int
    command: int
    status: int
    signed: bool
    session_id: int
    granted: int
    start: int
    end: int

    @property
    def interim(self) -> bool:
        """Whether it only says that the server is at work."""
        return self.status == _PENDING

    @property
    def size(self) -> int:
        """Bytes behind the header."""
        return self.end - self.start - _SIZE


def cost(request: Request, multi_credit: bool) -> int:
    """The credits of one request ([MS-SMB2] 3.2.4.1.5)."""
    return max(0, request.payload - 1) // CREDIT_UNIT + 1 if multi_credit else 1


def pack(parts: Sequence[Part], session_id: int, tree_id: int, *, signed: bool) -> list[bytes]:
    """The messages of one frame, each padded to where the next begins, and unsigned."""
    messages: list[bytes] = []
    last = parts[-1]
    for part in parts:
        body = part.request.body
        length = _SIZE + len(body)
        padding = 0 if part is last else -length % 8
        flags = (RELATED_OPERATIONS if part.related else 0) | (SIGNED if signed else 0)
        following = 0 if part is last else length + padding
        header = HEADER.pack(
            _MAGIC,
            _SIZE,
            part.charge,
            0,
            part.request.COMMAND,
            part.wanted,
            flags,
            following,
            part.message_id,
            0,
            tree_id,
            session_id,
            b"",
        )
        messages.append(header + body + bytes(padding))
    return messages


def split(frame: bytes) -> Iterator[Answer]:
    """The answers in a frame. Raises Unexpected where one does not lie whole within it."""
    start, whole = 0, len(frame)
    while True:
        if start + _SIZE > whole:
            raise Unexpected("it sent an answer that is cut short")
        magic, size, _, status, command, granted, flags, following, message_id, _, _, session_id, _ = (
            HEADER.unpack_from(frame, start)
        )
        if magic != _MAGIC or size != _SIZE or not flags & _ANSWERED:
            raise Unexpected("it sent what is no answer")
        end = start + following if following else whole
        if following and (following < _SIZE or following % 8 or end > whole - _SIZE):
            raise Unexpected("it sent answers that overlap")
        yield Answer(message_id, command, status, bool(flags & SIGNED), session_id, granted, start, end)
        if not following:
            return
        start = end


def body_of(frame: bytes, answer: Answer) -> bytes:
    """What lies behind the header of an answer."""
    return frame[answer.start + _SIZE : answer.end]
