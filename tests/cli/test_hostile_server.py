"""A server that sends more than it was asked for, before anybody has logged on: it fills no memory and no time."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.run import COMMAND, assert_fails, lockctl, smb_environment
from tests.lab.processes import LOOPBACK
from tests.lab.restic import Repository

BOUND = 1_000_000
"""KiB of address space: a run takes a third of it."""
PENDING = 0x103


def message(status: int, size: int) -> bytes:
    """An answer to the first request, with so many bytes behind its header."""
    header = b"\xfeSMB" + struct.pack("<HHLHHLLQLLQ", 64, 0, status, 0, 1, 1, 0, 0, 0, 0, 0) + bytes(16)
    return struct.pack(">L", len(header) + size) + header + bytes(size)


@contextmanager
def server_that_says(piece: bytes) -> Iterator[int]:
    """Hears the first message, and then says the same without end."""
    with socket.create_server((LOOPBACK, 0)) as listener:

        def talk() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.recv(4096)
                    with contextlib.suppress(OSError):
                        while True:
                            connection.sendall(piece)

        threading.Thread(target=talk, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "piece",
    [message(PENDING, 0), message(PENDING, 60_000), message(0, 2**23), struct.pack(">L", 2**32 - 1) + bytes(2**20)],
    ids=["interim answers", "large interim answers", "a large answer", "an announcement of 4 GiB"],
)
def test_what_nobody_asked_for(repository: Repository, piece: bytes) -> None:
    bounded = ("sh", "-c", f'ulimit -v {BOUND}; exec "$@"', "sh", *COMMAND)
    with server_that_says(piece) as port:
        done = lockctl(smb_environment(repository.through(port)), "list", command=bounded)
    assert_fails(done, 14, "does not speak SMB as lockctl needs it")
    assert done.seconds < 15
