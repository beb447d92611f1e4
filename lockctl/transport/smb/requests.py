"""The SMB2 requests that lockctl sends, without their headers. Layouts are those of [MS-SMB2] 2.2.13 to 2.2.39."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

RELATED = b"\xff" * 16
"""The handle that the CREATE before it in the same compound opened."""
SHARE_ALL = 0x7
SHARE_READ = 0x1
OPEN_FILE = 0x40 | 0x200000
"""FILE_NON_DIRECTORY_FILE and FILE_OPEN_REPARSE_POINT: a link that somebody planted is never followed."""
OPEN_DIRECTORY = 0x1
LOOK = 0x80
"""FILE_READ_ATTRIBUTES."""
READ = 0x1 | LOOK
"""FILE_READ_DATA."""
LIST = 0x1 | LOOK
"""FILE_LIST_DIRECTORY."""
WRITE = 0x2
WRITE_ATTRIBUTES = 0x100
ADD_FILE = WRITE
"""FILE_ADD_FILE, of a directory."""
DELETE_CHILD = 0x40
"""FILE_DELETE_CHILD."""
DELETE = 0x10000
EXISTING = 1
NEW = 2

ATTRIBUTE_NORMAL = 0x80
CREDIT_UNIT = 65536
"""Bytes that one credit pays for."""

CREATE, CLOSE, READ_FILE, WRITE_FILE, QUERY_DIRECTORY, CHANGE_NOTIFY, QUERY_INFO, SET_INFO = 5, 6, 8, 9, 14, 15, 16, 17
"""Commands ([MS-SMB2] 2.2.1.2)."""
_HEADER = 64
_CREATE = struct.Struct("<HBBIQQIIIIIHHII")
_CLOSE = struct.Struct("<HHI16s")
_READ = struct.Struct("<HBBIQ16sIIIHHB")
_WRITE = struct.Struct("<HHIQ16sIIHHI")
_QUERY_DIRECTORY = struct.Struct("<HBBI16sHHI")
_CHANGE_NOTIFY = struct.Struct("<HHI16sII")
_QUERY_INFO = struct.Struct("<HBBIHHIII16sB")
_SET_INFO = struct.Struct("<HBBIHHI16s")
_FILE = 1
"""InfoType of what is asked or set: of a file."""
_FILE_ID_BOTH_DIRECTORY, _BASIC, _STANDARD, _RENAME, _DISPOSITION = 37, 4, 5, 10, 13
"""Classes of information ([MS-FSCC] 2.4)."""
_STANDARD_SIZE = 24
_IMPERSONATION = 2
_CONTEXT = struct.Struct("<IHHHHI4s4x")
_QUERY_MAXIMAL_ACCESS = b"MxAc"
"""SMB2_CREATE_QUERY_MAXIMAL_ACCESS_REQUEST ([MS-SMB2] 2.2.13.2.5)."""
_USUAL_ANSWER = 1024
"""Bytes that an answer without content may have; 152 are usual."""


@dataclass(slots=True)
class Request:
    """One request. smbprotocol sends it as one of its own: it asks for COMMAND, `pack` and the length."""

    COMMAND: int
    body: bytes
    handle_at: int = 0
    """Where in `body` the handle stands; 0 where it has none."""
    most: int = _USUAL_ANSWER
    """Bytes that the answer may have, without its header."""
    payload: int = 1
    """Bytes that are sent or asked for: what it costs is reckoned by them."""

    def pack(self) -> bytes:
        """The bytes behind the header."""
        return self.body

    def __len__(self) -> int:
        return len(self.body)

    @property
    def is_related(self) -> bool:
        """Whether it is about the handle that a CREATE before it opens."""
        return bool(self.handle_at) and self.body[self.handle_at : self.handle_at + 16] == RELATED

    def about(self, handle: bytes) -> Request:
        """The same about this handle."""
        body = self.body[: self.handle_at] + handle + self.body[self.handle_at + 16 :]
        return replace(self, body=body)


def create(path: str, access: int, share: int, options: int, disposition: int = EXISTING) -> Request:
    """CREATE without an oplock: a reader must never make an owner wait."""
    return _create(path, access, share, options, disposition)


def create_asking_access(path: str, access: int, share: int, options: int) -> Request:
    """The same of what stands there, whose answer also tells what more this user may do with it."""
    context = _CONTEXT.pack(0, 16, 4, 0, 0, 0, _QUERY_MAXIMAL_ACCESS)
    return _create(path, access, share, options, EXISTING, context)


def permits_deletion(access: int) -> bool:
    """Whether this access to a directory permits to delete the files in it.

    Whoever has FILE_DELETE_CHILD needs no permission on them. Windows gives `Modify` without it, but the files inherit
    what the directory itself has: there FILE_ADD_FILE and DELETE together are taken for it. DELETE alone is not: Samba
    tells that of a directory from its parent, whatever may be done in it (measured; a sticky bit it does not tell).
    """
    inherited = ADD_FILE | DELETE
    return bool(access & DELETE_CHILD) or access & inherited == inherited


def _create(path: str, access: int, share: int, options: int, disposition: int, context: bytes = b"") -> Request:
    name = path.replace("/", "\\").encode("utf-16-le", "surrogatepass")
    at = _HEADER + _CREATE.size
    behind = name or b"\0\0"
    behind += b"\0" * (-(at + len(behind)) % 8 if context else 0)
    where = (at + len(behind), len(context)) if context else (0, 0)
    fixed = _CREATE.pack(57, 0, 0, _IMPERSONATION, 0, 0, access, 0, share, disposition, options, at, len(name), *where)
    return Request(CREATE, fixed + behind + context)


def read(handle: bytes, length: int, offset: int = 0) -> Request:
    """READ of at most `length` bytes."""
    body = _READ.pack(49, _HEADER + 16, 0, length, offset, handle, 0, 0, 0, 0, 0, 0)
    return Request(READ_FILE, body, 16, length + _USUAL_ANSWER, length)


def write(handle: bytes, data: bytes, offset: int = 0) -> Request:
    """WRITE of all of `data`."""
    body = _WRITE.pack(49, _HEADER + _WRITE.size, len(data), offset, handle, 0, 0, 0, 0, 0) + data
    return Request(WRITE_FILE, body, 16, payload=len(data))


def close(handle: bytes) -> Request:
    """CLOSE."""
    return Request(CLOSE, _CLOSE.pack(24, 0, 0, handle), 8)


def query_directory(handle: bytes, length: int) -> Request:
    """QUERY_DIRECTORY for all names, with times and file ids, in at most `length` bytes."""
    name = "*".encode("utf-16-le")
    at = _HEADER + _QUERY_DIRECTORY.size
    body = _QUERY_DIRECTORY.pack(33, _FILE_ID_BOTH_DIRECTORY, 0, 0, handle, at, len(name), length) + name
    return Request(QUERY_DIRECTORY, body, 8, length + _USUAL_ANSWER, length)


def change_notify(handle: bytes) -> Request:
    """CHANGE_NOTIFY of files that come, go, are renamed or written; reading changes none of that."""
    most, changes = 16384, 0x1 | 0x8 | 0x10  # FILE_NAME, SIZE, LAST_WRITE
    return Request(CHANGE_NOTIFY, _CHANGE_NOTIFY.pack(32, 0, most, handle, changes, 0), 8, most + _USUAL_ANSWER, most)


def query_standard(handle: bytes) -> Request:
    """QUERY_INFO for FileStandardInformation: how many names the file has, and whether it is marked for deletion."""
    return Request(QUERY_INFO, _QUERY_INFO.pack(41, _FILE, _STANDARD, _STANDARD_SIZE, 0, 0, 0, 0, 0, handle, 0), 24)


def mark_deleted(handle: bytes) -> Request:
    """Marks this one handle's file: it goes when the last handle on it is closed ([MS-FSCC] 2.4.11)."""
    return _set_info(handle, _DISPOSITION, b"\x01")


def set_attributes(handle: bytes, attributes: int) -> Request:
    """Sets the attributes and leaves the times as they are ([MS-FSCC] 2.4.7)."""
    return _set_info(handle, _BASIC, struct.pack("<qqqqII", 0, 0, 0, 0, attributes, 0))


def rename(handle: bytes, path: str) -> Request:
    """Renames, and fails where `path` stands already ([MS-FSCC] 2.4.42.2)."""
    name = path.replace("/", "\\").encode("utf-16-le", "surrogatepass")
    return _set_info(handle, _RENAME, struct.pack("<B7xQI", 0, 0, len(name)) + name)


def _set_info(handle: bytes, information_class: int, buffer: bytes) -> Request:
    at = _HEADER + _SET_INFO.size
    body = _SET_INFO.pack(33, _FILE, information_class, len(buffer), at, 0, 0, handle) + buffer
    return Request(SET_INFO, body, 16)
