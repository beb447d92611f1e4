"""The answers to SMB2 requests, read from raw bytes.

They are read with struct: smbprotocol's own types round times to a microsecond, and the rules about creation
times need every tick of 100 ns. Layouts are those of [MS-SMB2] 2.2.14 and [MS-FSCC] 2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lockctl.errors import ConnectionLost
from lockctl.transport.base import Entry

ATTRIBUTE_READ_ONLY = 0x1
ATTRIBUTE_DIRECTORY = 0x10
_FILETIME_EPOCH = 116444736000000000
_DIRECTORY_ENTRY = struct.Struct("<IIqqqqqqIIIBB24sHQ")
_CREATE_ANSWER = struct.Struct("<HBBIqqqqqqII16s")
_CONTEXTS = struct.Struct("<80xII")
_CONTEXT = struct.Struct("<IHHHHI")
_MAXIMAL_ACCESS = struct.Struct("<II")
_MAX_CONTEXTS = 16
_SESSION_ANSWER = struct.Struct("<HH")
_BUFFER_ANSWER = struct.Struct("<HHI")
_READ_ANSWER = struct.Struct("<HBBIII")
_STANDARD_INFORMATION = struct.Struct("<qqI?")
_HEADER_SIZE = 64
"""Offsets in an answer count from its header, which is not among the bytes that are parsed here."""
_AGAIN = "Run the command again"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a CREATE answered. Times are nanoseconds since 1970."""

    handle: bytes
    created: int
    accessed: int
    written: int
    size: int


def parse_create(data: bytes) -> Opened:
    """The answer to a CREATE."""
    _, _, _, _, created, accessed, written, _, _, size, _, _, handle = _unpack(_CREATE_ANSWER, data)
    return Opened(handle, from_filetime(created), from_filetime(accessed), from_filetime(written), size)


def parse_maximal_access(data: bytes) -> int | None:
    """What this user may do with what a CREATE opened ([MS-SMB2] 2.2.14.2.5); None where its answer does not tell."""
    offset, length = _unpack(_CONTEXTS, data)
    contexts = _payload(data, _CONTEXTS.size, offset, length)
    at = 0
    for _ in range(_MAX_CONTEXTS):
        if not contexts[at:]:
            return None
        following, name_at, name_length, _, start, size = _unpack(_CONTEXT, contexts, at)
        if contexts[at + name_at : at + name_at + name_length] == b"MxAc" and size:
            status, access = _unpack(_MAXIMAL_ACCESS, contexts, at + start)
            return None if status else int(access)
        if not following:
            return None
        at += following
    return None


def parse_session_flags(data: bytes) -> int:
    """What an answer to SESSION_SETUP says of the session ([MS-SMB2] 2.2.6)."""
    _, flags = _unpack(_SESSION_ANSWER, data)
    return int(flags)


def parse_buffer(data: bytes) -> bytes:
    """The payload of an answer to QUERY_DIRECTORY or QUERY_INFO ([MS-SMB2] 2.2.34, 2.2.38)."""
    _, offset, length = _unpack(_BUFFER_ANSWER, data)
    return _payload(data, _BUFFER_ANSWER.size, offset, length)


def parse_read(data: bytes, most: int) -> bytes:
    """The payload of an answer to READ, which asked for `most` bytes ([MS-SMB2] 2.2.20)."""
    _, offset, _, length, _, _ = _unpack(_READ_ANSWER, data)
    if length > most:
        raise ConnectionLost("the server sent more of a file than was asked for", _AGAIN)
    return _payload(data, _READ_ANSWER.size, offset, length)


def parse_standard(buffer: bytes) -> tuple[int, bool]:
    """How many names a file has, and whether it is marked for deletion: FileStandardInformation ([MS-FSCC] 2.4.41)."""
    _, _, links, pending = _unpack(_STANDARD_INFORMATION, buffer)
    return int(links), bool(pending)


def parse_entries(buffer: bytes) -> Iterator[Entry]:
    """The entries of FileIdBothDirectoryInformation ([MS-FSCC] 2.4.17), `.` and `..` included."""
    offset = 0
    while buffer:
        following, _, created, accessed, written, changed, size, _, attributes, length, _, _, _, _, _, file_id = (
            _unpack(_DIRECTORY_ENTRY, buffer, offset)
        )
        start = offset + _DIRECTORY_ENTRY.size
        end = start + length
        if end > len(buffer) or 0 < following < end - offset:
            raise ConnectionLost("the server sent a listing whose entries overlap", _AGAIN)
        name = buffer[start:end].decode("utf-16-le", "replace")
        yield Entry(
            name=name,
            size=size,
            created=from_filetime(created),
            written=from_filetime(written),
            changed=from_filetime(changed),
            file_id=file_id,
            accessed=from_filetime(accessed),
            is_directory=bool(attributes & ATTRIBUTE_DIRECTORY),
            read_only=bool(attributes & ATTRIBUTE_READ_ONLY),
        )
        if not following:
            return
        offset += following


def from_filetime(ticks: int) -> int:
    """100 ns since 1601 to nanoseconds since 1970 ([MS-DTYP] 2.3.3)."""
    return (ticks - _FILETIME_EPOCH) * 100


def _payload(data: bytes, fixed: int, offset: int, length: int) -> bytes:
    """What lies at `offset`: behind the answer's own `fixed` bytes, and whole. Where nothing is, an offset may be 0."""
    start = offset - _HEADER_SIZE
    if length and not fixed <= start <= len(data) - length:
        raise ConnectionLost("the server sent an answer that does not hold what it says", _AGAIN)
    return data[start : start + length] if length else b""


def _unpack(layout: struct.Struct, data: bytes, offset: int = 0) -> tuple[Any, ...]:
    try:
        return layout.unpack_from(data, offset)
    except struct.error as error:
        raise ConnectionLost("the server sent an answer that is cut short", _AGAIN) from error
