"""The transport over SMB: lists, reads many files at once, and removes through one handle."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from smbprotocol.file_info import FileInformationClass
from smbprotocol.header import NtStatus

from lockctl.clock.deadline import Deadline
from lockctl.errors import FileError, InUse, NotFound, Unreachable
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import Login
from lockctl.transport.base import Entry, Listing, Removal
from lockctl.transport.names import check_directory, check_entry, check_path, is_usable
from lockctl.transport.smb import messages as message
from lockctl.transport.smb.connection import SmbConnection
from lockctl.transport.smb.errors import translate_file
from lockctl.transport.smb.watch import SmbWatch

MAX_ENTRIES = 500_000
"""Names in one directory: ten thousand machines would not leave as many."""
_PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between looks at a file that another program has open for an instant."""


class SmbTransport:
    """A repository on a share; see `base.Remover` for what each method promises."""

    def __init__(self, address: SmbAddress, login: Login, deadline: Deadline) -> None:
        """Connects and logs on. Raises Unreachable, ShareRefused, NoRepository, DeadlinePassed."""
        self._connection = SmbConnection(address, login, deadline)
        self._root = address.path
        self._deadline = deadline

    @property
    def encrypted(self) -> bool:
        """Whether all messages are encrypted; else all are signed."""
        return self._connection.encrypted

    def now(self) -> int:
        """The server's clock, from its answer to NEGOTIATE."""
        return self._connection.now()

    def close(self) -> None:
        """Drops the connection."""
        self._connection.close()

    def list_directory(self, directory: str) -> Listing:
        """All files, and the directory's own last-write time, which the CREATE already answers with."""
        check_directory(directory)
        opening = message.create(self._path(directory), message.LIST, message.SHARE_ALL, message.OPEN_DIRECTORY)
        length = self._connection.max_transaction()
        opened, page = self._connection.exchange(opening, message.query_directory(message.RELATED, length))
        handle = message.parse_create(self._check(opened, directory))
        entries: list[Entry] = []
        with self._closing(handle.handle):
            while page != NtStatus.STATUS_NO_MORE_FILES:
                before = len(entries)
                entries += message.parse_entries(message.parse_buffer(self._check(page, directory)))
                if len(entries) == before or len(entries) > MAX_ENTRIES:
                    raise FileError(f"{directory}: the server's listing has no end")
                (page,) = self._connection.exchange(message.query_directory(handle.handle, length))
        itself = Entry("", 0, handle.created, handle.written, handle.written, 0, handle.accessed, is_directory=True)
        return Listing(tuple(e for e in entries if e.name not in (".", "..")), handle.written, itself)

    def watch(self, directory: str) -> SmbWatch:
        """CHANGE_NOTIFY, on a handle of its own."""
        check_directory(directory)
        return SmbWatch(self._connection, self._path(directory), directory, lambda: self.list_directory(directory))

    def read_many(self, paths: Sequence[str], limit: int) -> list[bytes | FileError]:
        """CREATE, READ and CLOSE of each file in one compound: its handle lives for an instant."""
        first = min(limit + 1, self._connection.max_read())
        answers = self._connection.flights(self._reading(path, first) for path in paths if is_usable(path))
        results: list[bytes | FileError] = []
        longer: list[int] = []
        for path in paths:
            try:
                check_path(path)
                opened, content, _ = next(answers)
                results.append(self._content(opened, content, path, first))
                if message.parse_create(self._check(opened, path)).size > first:
                    longer.append(len(results) - 1)
            except FileError as error:
                results.append(error)
        # Only now: until all have landed, a flight may hold every credit.
        for number in longer:
            results[number] = self._read_rest(paths[number], results[number], limit)
        return results

    def remove(self, directory: str, entry: Entry, data: bytes) -> Removal:
        """Opens for reading and deletion, sharing only reads; compares; marks that handle; closes; looks again."""
        path = check_entry(directory, entry.name)
        try:
            opened = self._open_for_removal(path, entry, data)
        except NotFound:
            return Removal.GONE
        if opened is None:
            return Removal.CHANGED
        if entry.read_only:
            (cleared,) = self._connection.exchange(message.set_attributes(opened.handle, message.ATTRIBUTE_NORMAL))
            if isinstance(cleared, int):
                self._connection.exchange(message.close(opened.handle))
                raise translate_file(cleared, path)
        marked, _ = self._connection.exchange(message.mark_deleted(opened.handle), message.close(opened.handle))
        self._check(marked, path)
        return self._look_after(path, opened)

    def put_new(self, path: str, temporary: str, data: bytes) -> None:
        """Writes under `temporary`, renames without replacing, and removes what could not be renamed."""
        check_path(path)
        check_path(temporary)
        access = message.WRITE | message.DELETE | message.LOOK
        options = message.OPEN_FILE | 0x2  # FILE_WRITE_THROUGH: on the server's disk before it has its name
        creating = message.create(self._path(temporary), access, message.SHARE_READ, options, message.NEW)
        unit = self._connection.max_write()
        opened, written = self._connection.exchange(creating, message.write(message.RELATED, data[:unit]))
        handle = message.parse_create(self._check(opened, temporary)).handle
        try:
            self._check(written, temporary)
            for offset in range(unit, len(data), unit):
                (written,) = self._connection.exchange(message.write(handle, data[offset : offset + unit], offset))
                self._check(written, temporary)
            (renamed,) = self._connection.exchange(message.rename(handle, self._path(path)))
            self._check(renamed, path)
        except FileError:
            self._connection.exchange(message.mark_deleted(handle), message.close(handle))
            raise
        self._connection.exchange(message.close(handle))

    @contextmanager
    def _closing(self, handle: bytes) -> Iterator[None]:
        """Closes the handle at the end."""
        with self._letting_go(handle):
            yield
        self._connection.exchange(message.close(handle))

    @contextmanager
    def _letting_go(self, handle: bytes) -> Iterator[None]:
        """Closes the handle where something fails: with the connection where that is lost, not to wait once more."""
        try:
            yield
        except Unreachable:
            self._connection.close()
            raise
        except BaseException:
            self._connection.exchange(message.close(handle))
            raise

    def _reading(self, path: str, length: int, offset: int = 0) -> tuple[Any, Any, Any]:
        return (
            message.create(self._path(path), message.READ, message.SHARE_ALL, message.OPEN_FILE),
            message.read(message.RELATED, length, offset),
            message.close(message.RELATED),
        )

    def _open_for_removal(self, path: str, entry: Entry, data: bytes) -> message.Opened | None:
        """The handle, or None where another file or other bytes stand there. Waits a moment for other readers.

        Repeating is safe here: what was refused with a sharing violation has done nothing.
        """
        access = message.DELETE | message.READ | (message.WRITE_ATTRIBUTES if entry.read_only else 0)
        for pause in (*_PATIENCE, None):
            try:
                return self._open_and_compare(path, access, entry, data)
            except InUse:
                if pause is None:
                    raise
                time.sleep(self._deadline.cap(pause))
        return None

    def _open_and_compare(self, path: str, access: int, entry: Entry, data: bytes) -> message.Opened | None:
        first = min(len(data) + 1, self._connection.max_read())
        answers = self._connection.exchange(
            message.create(self._path(path), access, message.SHARE_READ, message.OPEN_FILE),
            message.query_info(message.RELATED, FileInformationClass.FILE_STANDARD_INFORMATION, 24),
            message.read(message.RELATED, first),
        )
        opened = message.parse_create(self._check(answers[0], path))
        with self._letting_go(opened.handle):
            going = message.is_going(message.parse_buffer(self._check(answers[1], path)))
            content = self._content(answers[0], answers[2], path, first)
            same = not going and (entry.name, opened.size, opened.written) == entry.version
            same = same and opened.size == len(data) and self._read_on(opened.handle, path, content, len(data)) == data
        if same:
            return opened
        self._connection.exchange(message.close(opened.handle))
        if going and not self._stands(path):
            raise NotFound(f"{path}: somebody else has just removed it")
        return None

    def _read_on(self, handle: bytes, path: str, content: bytes, size: int) -> bytes:
        """`content`, with which the handle's file begins, and what comes after that, until they are `size` bytes."""
        while len(content) < size:
            length = min(size - len(content), self._connection.max_read())
            (answer,) = self._connection.exchange(message.read(handle, length, len(content)))
            more = self._content(b"", answer, path, length)
            if not more:
                break
            content += more
        return content

    def _stands(self, path: str) -> bool:
        looking = message.create(self._path(path), message.LOOK, message.SHARE_ALL, message.OPEN_FILE)
        return isinstance(self._connection.exchange(looking, message.close(message.RELATED))[0], bytes)

    def _look_after(self, path: str, removed: message.Opened) -> Removal:
        """Whether the name is gone: a reader that shares deletion keeps a marked file until it closes."""
        for pause in (*_PATIENCE, None):
            looking = message.create(self._path(path), message.LOOK, message.SHARE_ALL, message.OPEN_FILE)
            answer, _ = self._connection.exchange(looking, message.close(message.RELATED))
            if isinstance(answer, bytes) and message.parse_create(answer).created == removed.created:
                raise FileError(f"{path}: the server said that it was removed, and it is still there")
            if answer != NtStatus.STATUS_DELETE_PENDING:
                break
            if pause is None:
                return Removal.MARKED
            time.sleep(self._deadline.cap(pause))
        return Removal.REMOVED

    def _read_rest(self, path: str, data: bytes | FileError, limit: int) -> bytes | FileError:
        """What a file holds beyond the first READ, up to `limit` + 1 bytes in all."""
        try:
            while isinstance(data, bytes) and len(data) <= limit:
                length = min(limit + 1 - len(data), self._connection.max_read())
                opened, content, _ = self._connection.exchange(*self._reading(path, length, len(data)))
                more = self._content(opened, content, path, length)
                if not more:
                    break
                data += more
        except FileError as error:
            return error
        return data

    def _content(self, opened: bytes | int, content: bytes | int, path: str, most: int) -> bytes:
        self._check(opened, path)
        if content == NtStatus.STATUS_END_OF_FILE:
            return b""
        return message.parse_read(self._check(content, path), most)

    def _path(self, path: str) -> str:
        return f"{self._root}/{path}".strip("/") if self._root else path

    @staticmethod
    def _check(answer: bytes | int, path: str) -> bytes:
        """The answer's bytes; raises the error for its NTSTATUS."""
        if isinstance(answer, int):
            raise translate_file(answer, path)
        return answer
