"""The few SMB requests that the lab itself makes. It shares no code with lockctl."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, NamedTuple, Self

from smbprotocol.connection import Connection
from smbprotocol.file_info import FileBasicInformation, InfoType
from smbprotocol.open import (
    CreateDisposition,
    CreateOptions,
    FilePipePrinterAccessMask,
    ImpersonationLevel,
    Open,
    ShareAccess,
    SMB2QueryInfoRequest,
    SMB2QueryInfoResponse,
    SMB2SetInfoRequest,
)
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect

EPOCH_TICKS = 116_444_736_000_000_000
NS_PER_TICK = 100
UNCHANGED = 0
DEADLINE_SECONDS = 20
ALL_SHARED = ShareAccess.FILE_SHARE_READ | ShareAccess.FILE_SHARE_WRITE | ShareAccess.FILE_SHARE_DELETE


class Times(NamedTuple):
    """Times of a file as SMB tells them, in nanoseconds since 1970 (multiples of 100)."""

    created: int
    accessed: int
    written: int
    changed: int


def ticks_of(ns: int) -> int:
    """Nanoseconds since 1970 → FILETIME (MS-DTYP 2.3.3)."""
    return ns // NS_PER_TICK + EPOCH_TICKS


def ns_of(ticks: int) -> int:
    """FILETIME → nanoseconds since 1970."""
    return (ticks - EPOCH_TICKS) * NS_PER_TICK


class Wire:
    """One connection of one user to one share. Not safe for several threads."""

    def __init__(self, host: str, port: int, share: str, user: str, password: str) -> None:
        """Connect; raises what smbprotocol raises."""
        self._connection = Connection(uuid.uuid4(), host, port)
        self._connection.connect(timeout=DEADLINE_SECONDS)
        try:
            self._session = Session(self._connection, user, password, require_encryption=False, auth_protocol="ntlm")
            self._session.connect()
            self._tree = TreeConnect(self._session, rf"\\{host}\{share}")
            self._tree.connect()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connection without ceremony, which also works when the server has gone."""
        self._connection.disconnect(close=False, timeout=DEADLINE_SECONDS)

    def times(self, path: str | Path) -> Times:
        """The four times of a file or folder."""
        access = FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES
        handle = self._open(path, access, CreateDisposition.FILE_OPEN)
        try:
            query = SMB2QueryInfoRequest()
            query["info_type"] = InfoType.SMB2_0_INFO_FILE
            query["file_info_class"] = FileBasicInformation.INFO_CLASS
            query["output_buffer_length"] = 40
            query["file_id"] = handle.file_id
            answer = SMB2QueryInfoResponse()
            answer.unpack(self._exchange(query)["data"].get_value())
            information = FileBasicInformation()
            information.unpack(answer["buffer"].get_value())
        finally:
            handle.close()
        names = ("creation_time", "last_access_time", "last_write_time", "change_time")
        return Times(*(ns_of(information[name].get_value()) for name in names))

    def set_times(self, path: str | Path, created_ns: int | None, written_ns: int | None) -> None:
        """Set creation and last write of a file or folder, to the tick; None leaves a time as it is."""
        access = FilePipePrinterAccessMask.FILE_WRITE_ATTRIBUTES
        handle = self._open(path, access, CreateDisposition.FILE_OPEN)
        try:
            self._set_times(handle, created_ns, written_ns)
        finally:
            handle.close()

    def put(self, path: str | Path, data: bytes, created_ns: int | None = None, written_ns: int | None = None) -> None:
        """Write a file (a new one, or over an old one) and set its times through the same handle."""
        access = FilePipePrinterAccessMask.FILE_WRITE_DATA | FilePipePrinterAccessMask.FILE_WRITE_ATTRIBUTES
        handle = self._open(path, access, CreateDisposition.FILE_OVERWRITE_IF)
        try:
            if data:
                handle.write(data)
            if created_ns is not None or written_ns is not None:
                self._set_times(handle, created_ns, written_ns)
        finally:
            handle.close()

    def extend(self, path: str | Path, data: bytes, offset: int, written_ns: int) -> None:
        """Write on at `offset` (bytes) in a file that is there, and set its last write through the same handle."""
        access = FilePipePrinterAccessMask.FILE_WRITE_DATA | FilePipePrinterAccessMask.FILE_WRITE_ATTRIBUTES
        handle = self._open(path, access, CreateDisposition.FILE_OPEN)
        try:
            handle.write(data, offset)
            self._set_times(handle, None, written_ns)
        finally:
            handle.close()

    def _open(self, path: str | Path, access: int, disposition: int) -> Any:
        handle = Open(self._tree, str(path).replace("/", "\\"))
        options = CreateOptions.FILE_OPEN_REPARSE_POINT
        handle.create(ImpersonationLevel.Impersonation, access, 0, ALL_SHARED, disposition, options)
        return handle

    def _set_times(self, handle: Any, created_ns: int | None, written_ns: int | None) -> None:
        information = FileBasicInformation()
        information["creation_time"] = UNCHANGED if created_ns is None else ticks_of(created_ns)
        information["last_write_time"] = UNCHANGED if written_ns is None else ticks_of(written_ns)
        request = SMB2SetInfoRequest()
        request["info_type"] = InfoType.SMB2_0_INFO_FILE
        request["file_info_class"] = FileBasicInformation.INFO_CLASS
        request["file_id"] = handle.file_id
        request["buffer"] = information
        self._exchange(request)

    def _exchange(self, request: Any) -> Any:
        sent = self._connection.send(request, self._session.session_id, self._tree.tree_connect_id)
        return self._connection.receive(sent, timeout=DEADLINE_SECONDS)
