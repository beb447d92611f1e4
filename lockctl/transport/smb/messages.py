"""SMB2 requests that lockctl sends, and the answers it reads from raw bytes.

Answers are read with struct: smbprotocol's own types round times to a microsecond, and the rules about creation
times need every tick of 100 ns. Layouts are those of [MS-SMB2] 2.2.14 and [MS-FSCC] 2.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from smbprotocol.change_notify import SMB2ChangeNotifyRequest
from smbprotocol.file_info import FileInformationClass, InfoType
from smbprotocol.open import (
    CreateDisposition,
    DirectoryAccessMask,
    FilePipePrinterAccessMask,
    ImpersonationLevel,
    SMB2CloseRequest,
    SMB2CreateRequest,
    SMB2QueryDirectoryRequest,
    SMB2QueryInfoRequest,
    SMB2ReadRequest,
    SMB2SetInfoRequest,
    SMB2WriteRequest,
)

from lockctl.errors import ConnectionLost
from lockctl.transport.base import Entry

RELATED = b"\xff" * 16
"""The handle that the CREATE before it in the same compound opened."""
SHARE_ALL = 0x7
SHARE_READ = 0x1
OPEN_FILE = 0x40 | 0x200000
"""FILE_NON_DIRECTORY_FILE and FILE_OPEN_REPARSE_POINT: a link that somebody planted is never followed."""
OPEN_DIRECTORY = 0x1
READ = FilePipePrinterAccessMask.FILE_READ_DATA | FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES
LOOK = FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES
WRITE = FilePipePrinterAccessMask.FILE_WRITE_DATA
WRITE_ATTRIBUTES = FilePipePrinterAccessMask.FILE_WRITE_ATTRIBUTES
DELETE = FilePipePrinterAccessMask.DELETE
LIST = DirectoryAccessMask.FILE_LIST_DIRECTORY | DirectoryAccessMask.FILE_READ_ATTRIBUTES
EXISTING = CreateDisposition.FILE_OPEN
NEW = CreateDisposition.FILE_CREATE

ATTRIBUTE_READ_ONLY = 0x1
ATTRIBUTE_DIRECTORY = 0x10
ATTRIBUTE_NORMAL = 0x80
READ_UNIT = 65536
"""Bytes that one credit pays for."""
_FILETIME_EPOCH = 116444736000000000
_DIRECTORY_ENTRY = struct.Struct("<IIqqqqqqIIIBB24sHQ")
_CREATE_ANSWER = struct.Struct("<HBBIqqqqqqII16s")
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


def create(path: str, access: int, share: int, options: int, disposition: int = EXISTING) -> SMB2CreateRequest:
    """CREATE without an oplock: a reader must never make an owner wait."""
    message = SMB2CreateRequest()
    message["impersonation_level"] = ImpersonationLevel.Impersonation
    message["desired_access"] = access
    message["share_access"] = share
    message["create_disposition"] = disposition
    message["create_options"] = options
    message["buffer_path"] = path.replace("/", "\\").encode("utf-16-le", "surrogatepass") or b"\x00\x00"
    return message


def read(handle: bytes, length: int, offset: int = 0) -> SMB2ReadRequest:
    """READ of at most `length` bytes."""
    message = SMB2ReadRequest()
    message["length"] = length
    message["offset"] = offset
    message["file_id"] = handle
    return message


def write(handle: bytes, data: bytes, offset: int = 0) -> SMB2WriteRequest:
    """WRITE of all of `data`."""
    message = SMB2WriteRequest()
    message["length"] = len(data)
    message["offset"] = offset
    message["file_id"] = handle
    message["buffer"] = data
    return message


def close(handle: bytes) -> SMB2CloseRequest:
    """CLOSE."""
    message = SMB2CloseRequest()
    message["file_id"] = handle
    return message


def query_directory(handle: bytes, length: int) -> SMB2QueryDirectoryRequest:
    """QUERY_DIRECTORY for all names, with times and file ids."""
    message = SMB2QueryDirectoryRequest()
    message["file_information_class"] = FileInformationClass.FILE_ID_BOTH_DIRECTORY_INFORMATION
    message["file_id"] = handle
    message["output_buffer_length"] = length
    message["buffer"] = "*".encode("utf-16-le")
    return message


def change_notify(handle: bytes) -> SMB2ChangeNotifyRequest:
    """CHANGE_NOTIFY of files that come, go, are renamed or written; reading changes none of that."""
    message = SMB2ChangeNotifyRequest()
    message["output_buffer_length"] = 16384
    message["file_id"] = handle
    message["completion_filter"] = 0x1 | 0x8 | 0x10  # FILE_NAME, SIZE, LAST_WRITE
    return message


def query_info(handle: bytes, information_class: int, length: int) -> SMB2QueryInfoRequest:
    """QUERY_INFO about a file."""
    message = SMB2QueryInfoRequest()
    message["info_type"] = InfoType.SMB2_0_INFO_FILE
    message["file_info_class"] = information_class
    message["output_buffer_length"] = length
    message["file_id"] = handle
    return message


def set_info(handle: bytes, information_class: int, buffer: bytes) -> SMB2SetInfoRequest:
    """SET_INFO of a file."""
    message = SMB2SetInfoRequest()
    message["info_type"] = InfoType.SMB2_0_INFO_FILE
    message["file_info_class"] = information_class
    message["file_id"] = handle
    message["buffer"] = buffer
    return message


def mark_deleted(handle: bytes) -> SMB2SetInfoRequest:
    """Marks this one handle's file: it goes when the last handle on it is closed ([MS-FSCC] 2.4.11)."""
    return set_info(handle, FileInformationClass.FILE_DISPOSITION_INFORMATION, b"\x01")


def set_attributes(handle: bytes, attributes: int) -> SMB2SetInfoRequest:
    """Sets the attributes and leaves the times as they are ([MS-FSCC] 2.4.7)."""
    buffer = struct.pack("<qqqqII", 0, 0, 0, 0, attributes, 0)
    return set_info(handle, FileInformationClass.FILE_BASIC_INFORMATION, buffer)


def rename(handle: bytes, path: str) -> SMB2SetInfoRequest:
    """Renames, and fails where `path` stands already ([MS-FSCC] 2.4.42.2)."""
    name = path.replace("/", "\\").encode("utf-16-le", "surrogatepass")
    buffer = struct.pack("<B7xQI", 0, 0, len(name)) + name
    return set_info(handle, FileInformationClass.FILE_RENAME_INFORMATION, buffer)


def parse_create(data: bytes) -> Opened:
    """The answer to a CREATE."""
    _, _, _, _, created, accessed, written, _, _, size, _, _, handle = _unpack(_CREATE_ANSWER, data)
    return Opened(handle, from_filetime(created), from_filetime(accessed), from_filetime(written), size)


def parse_session_flags(data: bytes) -> int:
    """What an answer to SESSION_SETUP says of the session ([MS-SMB2] 2.2.6)."""
    _, flags = _unpack(_SESSION_ANSWER, data)
    return int(flags)


def parse_buffer(data: bytes) -> bytes:
    """The payload of an answer to QUERY_DIRECTORY or QUERY_INFO ([MS-SMB2] 2.2.34, 2.2.38)."""
    _, offset, length = _unpack(_BUFFER_ANSWER, data)
    return _payload(data, _BUFFER_ANSWER.size, offset, length)


def parse_read(data: bytes, most: int = READ_UNIT) -> bytes:
    """The payload of an answer to READ, which asked for `most` bytes ([MS-SMB2] 2.2.20)."""
    _, offset, _, length, _, _ = _unpack(_READ_ANSWER, data)
    if length > most:
        raise ConnectionLost("the server sent more of a file than was asked for", _AGAIN)
    return _payload(data, _READ_ANSWER.size, offset, length)


def is_going(buffer: bytes) -> bool:
    """Whether FileStandardInformation ([MS-FSCC] 2.4.41) tells of a file without a name, or one marked for deletion.

    A CREATE that meets the end of another handle on a marked file can open what has lost its name already.
    """
    _, _, links, pending = _unpack(_STANDARD_INFORMATION, buffer)
    return links == 0 or bool(pending)


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
