"""What a server can make us wait for: one limit, and nothing after it."""

from __future__ import annotations

import socket
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import ConnectionLost, LockctlError, Unreachable
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import Login
from lockctl.transport.smb import connection, hardening
from lockctl.transport.smb.connection import SmbConnection
from lockctl.transport.smb.hardening import LONGEST_GREETING, BoundedTcp
from lockctl.transport.smb.lane import lane
from lockctl.transport.smb.transport import SmbTransport
from tests.contract.places import DiskPlace, connect
from tests.lab.proxy import Proxy
from tests.lab.samba import Samba
from tests.removing import remove_one

BRIEF = 1.0
"""For an answer, in these tests."""
SECONDS = 60.0


@contextmanager
def answering(first: bytes) -> Iterator[int]:
    """A server that answers the first message with these bytes, and then says nothing."""
    done = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            client, _ = listener.accept()
            with client:
                client.recv(65536)
                client.sendall(first)
                done.wait(SECONDS)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        done.set()
    thread.join(SECONDS)


def opened(port: int, deadline: Deadline) -> SmbTransport:
    return SmbTransport(SmbAddress("127.0.0.1", "backup", "", port), Login("web1", "password"), deadline)


@pytest.mark.parametrize(
    "announced",
    [b"\x10\0\0\0", (LONGEST_GREETING + 1).to_bytes(4), b"SSH-"],
    ids=["256 MiB", "one byte too many", "SSH"],
)
def test_no_buffer_is_made_for_a_message_that_none_can_be(announced: bytes) -> None:
    """smbprotocol would make and clear it before it waits, which holds up all threads, the deadline's too."""
    tracemalloc.start()
    try:
        with answering(announced + bytes(4092)) as port, pytest.raises(Unreachable, match="does not speak SMB"):
            opened(port, Deadline(SECONDS))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * 2**20


def test_a_message_of_the_longest_kind_that_never_comes_ends_with_the_deadline() -> None:
    late = pytest.raises(LockctlError, match="not finished within")
    with answering(LONGEST_GREETING.to_bytes(4) + bytes(4092)) as port, late:
        opened(port, Deadline(1))


def test_a_send_that_is_not_taken_ends_with_the_deadline() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        tcp = BoundedTcp("nas", 445, 1, Deadline(1))
        tcp._sock, tcp.connected = ours, True
        with pytest.raises(OSError):
            tcp.send(bytes(10**7))


def settled(transport: SmbTransport, proxy: Proxy) -> int:
    """The frames so far, with those whose answers nobody waits for."""
    transport.read_many(["nothing"], 1)
    return proxy.frames


def be_impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on answers have to come at once."""
    for module in (connection, hardening, lane):
        monkeypatch.setattr(module, "REPLY_SECONDS", BRIEF)


@pytest.mark.parametrize("page", [1, 3])
def test_nothing_is_asked_after_a_page_that_does_not_come(
    shared: DiskPlace, samba: Samba, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    """Not even to close the handle: that would wait as long again."""
    shared.make_directory("locks")
    for number in range(200):
        (shared.root / "locks" / f"{number:064x}").touch()
    for wire in (SmbConnection, lane.Lane):
        monkeypatch.setattr(wire, "max_transaction", lambda _: 8192)
    with Proxy(samba.port) as proxy:
        transport = connect(samba, shared.root.name, port=proxy.port, lane=shared.kind == "lane")
        before = proxy.frames
        assert len(transport.list_directory("locks").entries) == 200
        assert proxy.frames - before > 4
        before = settled(transport, proxy)
        proxy.silence_after(before + page)
        be_impatient(monkeypatch)
        with pytest.raises(ConnectionLost, match="no answer within"):
            transport.list_directory("locks")
        with pytest.raises(ConnectionLost, match="it was closed"):
            transport.list_directory("locks")
        assert proxy.frames <= before + page


@pytest.mark.parametrize("frame", [1, 2])
def test_nothing_is_asked_after_a_removal_that_is_not_answered(
    shared: DiskPlace, samba: Samba, monkeypatch: pytest.MonkeyPatch, frame: int
) -> None:
    shared.put("locks/lock", b"bytes")
    with Proxy(samba.port) as proxy:
        transport = connect(samba, shared.root.name, port=proxy.port, lane=shared.kind == "lane")
        (entry,) = transport.list_directory("locks").entries
        before = settled(transport, proxy)
        proxy.silence_after(before + frame)
        be_impatient(monkeypatch)
        with pytest.raises(ConnectionLost, match="no answer within"):
            remove_one(transport, "locks", entry, b"bytes")
        assert proxy.frames <= before + frame
    assert shared.data("locks/lock") == b"bytes"
