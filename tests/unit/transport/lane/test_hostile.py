"""Servers that never come to an end, and signals in the middle: every wait ends, and no signal is swallowed."""

from __future__ import annotations

import struct
import threading
from contextlib import suppress

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import ConnectionLost, Interrupted, LockctlError
from lockctl.transport.smb import requests
from lockctl.transport.smb.lane import lane as module
from lockctl.transport.smb.lane import unexpected
from lockctl.transport.smb.reading import FolderReading
from tests.unit.transport.lane.server import FIRST_ID, Scripted, message, opened

CREATE, QUERY_DIRECTORY = 5, 14
LONG = 16
"""The credits of a page of a MiB, and so the ids that it takes."""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server has done anything unexpected yet."""
    monkeypatch.setattr(unexpected, "_gave_up", set())


@pytest.fixture
def flooded(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """A server whose interim answers come faster than they are read: there is always one more."""
    server = Scripted(deadline=Deadline(2))
    server.say(b"more")
    monkeypatch.setattr(server.lane, "_receive", lambda: None)
    return server


def test_interim_answers_without_end_do_not_hold_up_who_waits(
    flooded: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REPLY_SECONDS", 0.3)
    ticket = flooded.lane.send(requests.create("locks/a", 1, 7, 1))
    with pytest.raises(ConnectionLost, match="no answer within"):
        flooded.lane.collect(ticket)


def test_interim_answers_without_end_do_not_hold_up_a_watch(flooded: Scripted) -> None:
    ticket = flooded.lane.begin(requests.change_notify(b"h" * 16))
    assert flooded.lane.poll(ticket, 0.3) is None


def page(*names: str) -> bytes:
    """The body of an answer to QUERY_DIRECTORY."""
    entries = b""
    for name in names:
        raw = name.encode("utf-16-le")
        following = 0 if name == names[-1] else 104 + len(raw)
        entries += struct.pack("<IIqqqqqqIIIBB24sHQ", following, 0, *[0] * 6, 0, len(raw), 0, 0, 0, b"", 0, 1) + raw
    return struct.pack("<HHI", 9, 72, len(entries)) + entries


def listing(server: Scripted) -> FolderReading:
    """Of which the first page has come, and says that there is more."""
    reading = FolderReading(server.lane, "", "locks", lambda entries: entries[:0], 100, lambda: None)
    server.say(message(FIRST_ID, CREATE, opened(), grant=64))
    server.say(message(FIRST_ID + 1, QUERY_DIRECTORY, page("a"), grant=64))
    server.say(message(FIRST_ID + 1 + LONG, QUERY_DIRECTORY, page("b"), grant=64))
    return reading


def test_pages_without_end_and_with_nothing_in_them() -> None:
    server = Scripted(deadline=Deadline(3))
    reading = listing(server)

    def serve() -> None:
        with suppress(OSError, struct.error):
            while True:
                for command, number, _ in server.heard():
                    if number > FIRST_ID + 1 + LONG:
                        server.say(
                            message(number, command, page(".") if command == QUERY_DIRECTORY else bytes(60), grant=16)
                        )

    threading.Thread(target=serve, daemon=True).start()
    with pytest.raises(LockctlError, match="has no end"):
        reading.finish()


def test_a_signal_while_pages_come_is_no_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Scripted()
    reading = listing(server)
    push = server.lane._push

    def interrupt() -> None:
        push()
        if FIRST_ID + 2 + LONG in server.lane._waiting:
            raise Interrupted(2)

    monkeypatch.setattr(server.lane, "_push", interrupt)
    with pytest.raises(Interrupted):
        reading.finish()
