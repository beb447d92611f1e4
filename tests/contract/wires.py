"""Other clients of the share, made of smbprotocol alone: one that holds a file open, and one that sits on the wire."""

from __future__ import annotations

import contextlib
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from smbprotocol.connection import Connection
from smbprotocol.file_info import FileBasicInformation, InfoType
from smbprotocol.open import (
    CreateDisposition,
    CreateOptions,
    FilePipePrinterAccessMask,
    ImpersonationLevel,
    Open,
    SMB2SetInfoRequest,
)
from smbprotocol.session import Session
from smbprotocol.tree import TreeConnect

from tests.lab.samba import Samba

SECONDS = 20
SHARE_READ = 0x1
SHARE_ALL = 0x7
READ_ONLY = 0x1

Alter = Callable[[bytes], bytes]


class OtherClient:
    """A program on another machine that opens files as it likes."""

    def __init__(self, samba: Samba, share: str = "backup") -> None:
        self._connection = Connection(uuid.uuid4(), samba.host, samba.port)
        self._connection.connect(timeout=SECONDS)
        self._session = Session(self._connection, samba.user, samba.password, False, "ntlm")
        self._session.connect()
        self._tree = TreeConnect(self._session, rf"\\{samba.host}\{share}")
        self._tree.connect()

    def close(self) -> None:
        """Drop the connection."""
        self._connection.disconnect(close=False, timeout=SECONDS)

    def open(self, path: str, share: int, access: int = FilePipePrinterAccessMask.FILE_READ_DATA) -> Any:
        """A handle; its `close` closes it."""
        handle = Open(self._tree, path.replace("/", "\\"))
        options = CreateOptions.FILE_NON_DIRECTORY_FILE
        handle.create(ImpersonationLevel.Impersonation, access, 0, share, CreateDisposition.FILE_OPEN, options)
        return handle

    def make_read_only(self, path: str) -> None:
        """Set the DOS attribute."""
        handle = self.open(path, SHARE_ALL, FilePipePrinterAccessMask.FILE_WRITE_ATTRIBUTES)
        information = FileBasicInformation()
        information["file_attributes"] = READ_ONLY
        request = SMB2SetInfoRequest()
        request["info_type"] = InfoType.SMB2_0_INFO_FILE
        request["file_info_class"] = FileBasicInformation.INFO_CLASS
        request["file_id"] = handle.file_id
        request["buffer"] = information
        sent = self._connection.send(request, self._session.session_id, self._tree.tree_connect_id)
        self._connection.receive(sent, timeout=SECONDS)
        handle.close()


@contextmanager
def tampering(samba: Samba, alter: Alter) -> Iterator[int]:
    """Someone between client and server, for one connection: each message of the server becomes `alter(message)`.

    Yields the port to connect to. Messages are without their length of four bytes.
    """
    with socket.create_server((samba.host, 0)) as listener:
        thread = threading.Thread(target=_relay, args=(listener, samba, alter), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
    thread.join(timeout=SECONDS)


def _relay(listener: socket.socket, samba: Samba, alter: Alter) -> None:
    with contextlib.suppress(OSError):
        client, _ = listener.accept()
        with client, socket.create_connection((samba.host, samba.port)) as server:
            upward = threading.Thread(target=_copy, args=(client, server), daemon=True)
            upward.start()
            with server.makefile("rb") as frames:
                while len(head := frames.read(4)) == 4:
                    message = alter(frames.read(int.from_bytes(head, "big")))
                    client.sendall(len(message).to_bytes(4, "big") + message)
            client.shutdown(socket.SHUT_RDWR)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


@contextmanager
def choosy(samba: Samba, most: int) -> Iterator[int]:
    """A server that hangs up on whoever sends it a message of more than `most` bytes. Yields the port to connect to."""
    with socket.create_server((samba.host, 0)) as listener:
        threading.Thread(target=_accept_choosily, args=(listener, samba, most), daemon=True).start()
        yield listener.getsockname()[1]
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _accept_choosily(listener: socket.socket, samba: Samba, most: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = socket.create_connection((samba.host, samba.port))
            threading.Thread(target=_copy, args=(server, client), daemon=True).start()
            threading.Thread(target=_copy_choosily, args=(client, server, most), daemon=True).start()


def _copy_choosily(client: socket.socket, server: socket.socket, most: int) -> None:
    with contextlib.suppress(OSError), client.makefile("rb") as frames:
        while len(head := frames.read(4)) == 4 and (length := int.from_bytes(head, "big")) <= most:
            server.sendall(head + frames.read(length))
    for one in (client, server):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
