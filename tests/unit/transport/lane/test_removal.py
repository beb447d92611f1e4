"""Removals by the lane, against servers that answer otherwise than Samba where something fails."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import FileError
from lockctl.transport.base import Entry, Removal
from lockctl.transport.smb.lane import unexpected
from lockctl.transport.smb.removing import remove_many
from tests.unit.transport.lane.server import Scripted, content, message, opened

CREATE, CLOSE, READ, QUERY_INFO, SET_INFO = 5, 6, 8, 16, 17
NOT_FOUND, FILE_CLOSED, NOT_SUPPORTED = 0xC0000034, 0xC0000128, 0xC00000BB
LOCK = Entry("a" * 64, 3, 0, (1 - 116444736000000000) * 100, 0, 1)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server has done anything unexpected yet."""
    monkeypatch.setattr(unexpected, "_gave_up", set())


class Folder:
    """A server with one file of three bytes in it."""

    def __init__(self, mark: int = 0) -> None:
        self._mark = mark
        self._stands = True
        self.is_open = False

    def answer(self, command: int) -> tuple[int, bytes]:
        """A status, and what comes behind the header."""
        if command == CREATE:
            self.is_open = self._stands
            return (0, opened()) if self._stands else (NOT_FOUND, bytes(9))
        if not self.is_open:
            return FILE_CLOSED, bytes(9)  # as ksmbd has it
        if command == QUERY_INFO:
            return 0, struct.pack("<HHI", 9, 72, 24) + struct.pack("<qqI?xxx", 8, 3, 1, False)
        if command == READ:
            return 0, content(b"abc")
        if command == SET_INFO:
            self._stands = bool(self._mark)
            return self._mark, bytes(9)
        time.sleep(0.1)
        self.is_open = False
        return 0, bytes(60)


@contextmanager
def serving(server: Scripted, folder: Folder) -> Iterator[None]:
    """Answers what comes, until the other end closes."""

    def serve() -> None:
        with suppress(OSError, struct.error):
            while True:
                for command, number, _ in server.heard():
                    status, body = folder.answer(command)
                    server.say(message(number, command, body, status=status))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield
    server.lane.close()
    thread.join()


def test_a_server_that_closes_nothing_where_nothing_was_opened() -> None:
    """ksmbd answers STATUS_FILE_CLOSED to the CLOSE behind a CREATE that failed: the lock is gone, as it should be."""
    server = Scripted()
    with serving(server, Folder()):
        assert remove_many(server.lane, "", Deadline(10), "locks", [(LOCK, b"abc")]) == [Removal.REMOVED]
    assert not unexpected.has_given_up("nas", 445)


def test_a_mark_that_the_server_does_not_support_is_an_answer() -> None:
    """A share that is written once, for one. The lock is kept, and no other one of the batch is lost for it."""
    server = Scripted()
    with serving(server, Folder(mark=NOT_SUPPORTED)):
        (result,) = remove_many(server.lane, "", Deadline(10), "locks", [(LOCK, b"abc")])
    assert isinstance(result, FileError)
    assert "STATUS_NOT_SUPPORTED" in str(result)


def test_no_handle_is_open_on_a_lock_that_is_told_as_kept() -> None:
    """It shares nothing but reading: the owner could not remove its lock."""
    server, folder = Scripted(), Folder()
    with serving(server, folder):
        assert remove_many(server.lane, "", Deadline(10), "locks", [(LOCK, b"abd")]) == [Removal.CHANGED]
        assert not folder.is_open
