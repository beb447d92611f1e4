"""A server that lists names which lead elsewhere: they are shown as foreign files, and nothing is sent for them."""

from __future__ import annotations

import struct

import pytest
from smbprotocol.header import NtStatus

from lockctl.clock.deadline import Deadline
from lockctl.errors import UnusableName
from lockctl.repository.lock import LockFile, Problem
from lockctl.repository.locks import open_metadata
from lockctl.transport.base import Entry
from lockctl.transport.smb.requests import Request
from lockctl.transport.smb.server import Server
from lockctl.transport.smb.transport import SmbTransport
from lockctl.transport.smb.wire import Ticket
from tests.memory import MemoryTransport
from tests.removing import remove_one
from tests.unit.envelope import config_bytes
from tests.unit.transport.test_answers import answer, chain

ODD = [
    "",
    "..\\..\\config",
    "../../config",
    "config:stream",
    "*",
    "a\0b",
    "lock.",
    "lock ",
    "C:",
    "\\\\other\\share\\x",
]
OPENED = struct.pack("<HBBIqqqqqqII16s", 89, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0x10, 0, b"h" * 16)


class Scripted:
    """Instead of a wire: answers what it was told to, and keeps what it was asked."""

    def __init__(self, *answers: list[bytes | int]) -> None:
        self.server = Server(0, 0.0, 65536, 65536, 65536, encrypts=True)
        self.asked: list[tuple[Request, ...]] = []
        self._answers = list(answers)

    def send(self, *requests: Request) -> Ticket:
        """With the next answers already in it."""
        self.asked.append(requests)
        ticket = Ticket(requests)
        ticket.answers, ticket.missing = self._answers.pop(0), 0
        return ticket

    def collect(self, ticket: Ticket) -> list[bytes | int]:
        """They are there."""
        return ticket.answers

    def flush(self) -> None:
        """Nothing is kept back."""

    def max_transaction(self) -> int:
        """Enough."""
        return 65536


def over(scripted: Scripted) -> SmbTransport:
    made = object.__new__(SmbTransport)
    made._wire = scripted  # type: ignore[assignment]
    made._root = "repo"
    made._another = None
    made._deadline = Deadline()
    return made


def listed(*names: str) -> tuple[tuple[Entry, ...], Scripted]:
    listing = chain(".", "..", *names)
    page = answer("buffer", 64 + 9, len(listing), listing)
    scripted = Scripted([OPENED, page, int(NtStatus.STATUS_NO_MORE_FILES)], [b""])
    entries = over(scripted).list_directory("locks").entries
    assert [len(asked) for asked in scripted.asked] == [3, 1]
    return entries, scripted


def test_they_are_listed() -> None:
    entries, _ = listed(*ODD, "a" * 64)
    assert [entry.name for entry in entries] == [*ODD, "a" * 64]


def test_nothing_is_sent_for_them() -> None:
    entries, scripted = listed(*ODD)
    scripted.asked.clear()
    transport = over(scripted)
    read = transport.read_many([f"locks/{entry.name}" for entry in entries if entry.name != "../../config"], 100)
    assert [type(one) for one in read] == [UnusableName] * (len(ODD) - 1)
    for entry in entries:
        with pytest.raises(UnusableName):
            remove_one(transport, "locks", entry, b"")
        with pytest.raises(UnusableName):
            transport.put_new(f"locks/{entry.name}", "locks/x-tmp-1", b"")
    assert scripted.asked == []


def test_what_is_asked_for_beside_them_is_read_in_its_place() -> None:
    content = answer("read", 64 + 17, 3, b"abc")
    opened = OPENED[:48] + struct.pack("<q", 3) + OPENED[56:]
    transport = over(Scripted([opened, content, b""], [opened, content, b""]))
    read = transport.read_many(["locks/..", "locks/a", "locks/*", "locks/b", "locks/b:c"], 100)
    assert [one if isinstance(one, bytes) else type(one) for one in read] == [
        UnusableName,
        b"abc",
        UnusableName,
        b"abc",
        UnusableName,
    ]


def test_a_repository_takes_them_for_foreign_files() -> None:
    odd = [name for name in ODD if name and "/" not in name]
    memory = MemoryTransport({"config": config_bytes(), **{f"locks/{name}": b"bytes" for name in odd}})
    files: tuple[LockFile, ...] = open_metadata(memory, Deadline()).find_locks().files
    assert {file.id: file.problem for file in files} == dict.fromkeys(odd, Problem.FOREIGN)
