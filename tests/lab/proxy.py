"""A TCP proxy before Samba that counts SMB messages, and delays, cuts or swallows them.

It knows no more of SMB than the length before each message (MS-SMB2 2.1, Direct TCP: a zero byte and three
bytes of length), so it works on signed and on encrypted connections. A frame may hold a compound of requests.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Self

from tests.lab.processes import LOOPBACK

LENGTH_BYTES = 4
CONNECT_SECONDS = 5
JOIN_SECONDS = 5
QUIET_SECONDS = 0.1


class _Fault(Enum):
    CUT = auto()
    DROP_REPLY = auto()
    SILENCE = auto()


class Proxy:
    """Listens on a free port of 127.0.0.1 and forwards to `target_port`.

    Frames from clients are counted from 1, over all connections, in the order in which they are forwarded. A
    cut happens once, at its frame: who connects again gets through. Silence lasts, for new connections too.
    `delay` (seconds, may be changed at any time) is how long each frame from a client is on its way: a round
    trip takes that much longer, while frames that follow each other closely travel together.
    """

    def __init__(self, target_port: int, delay: float = 0) -> None:
        """Take notes only; the context manager listens."""
        self.delay = delay
        self.port = 0
        self._target_port = target_port
        self._listener = socket.socket()
        self._links: list[_Link] = []
        self._guard = threading.Lock()
        self._frames = 0
        self._replies = 0
        self._turns = 0
        self._server_spoke = True
        self._faults: dict[int, _Fault] = {}
        self._callbacks: dict[int, Callable[[int], None]] = {}
        self._listeners: list[Callable[[bytes], None]] = []
        self._silent = threading.Event()

    def __enter__(self) -> Self:
        self._listener.bind((LOOPBACK, 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True, name="proxy").start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.close()

    @property
    def frames(self) -> int:
        """How many frames clients sent, with those that a fault kept back."""
        return self._frames

    @property
    def replies(self) -> int:
        """How many frames clients got."""
        return self._replies

    @property
    def turns(self) -> int:
        """How often a client spoke after the server had: what a slow link makes it wait for."""
        return self._turns

    @property
    def connections(self) -> int:
        """How many connections clients made."""
        return len(self._links)

    def cut_after(self, n: int) -> None:
        """Close both sides when the n-th frame arrives, which the server never sees."""
        self._faults[n] = _Fault.CUT

    def drop_reply_after(self, n: int) -> None:
        """Forward the n-th frame, and close both sides before any reply to it passes: the server acts on it.

        Replies to earlier frames pass: they are counted, one for each frame. An interim reply
        (STATUS_PENDING) counts as one too.
        """
        self._faults[n] = _Fault.DROP_REPLY

    def silence_after(self, n: int) -> None:
        """From the n-th frame on forward nothing more, in no direction, and keep the connections open."""
        self._faults[n] = _Fault.SILENCE

    def on_frame(self, n: int, callback: Callable[[int], None]) -> None:
        """Call `callback(n)` and wait for it right before the n-th frame is forwarded or meets its fault."""
        self._callbacks[n] = callback

    def on_each_frame(self, callback: Callable[[bytes], None]) -> None:
        """Call `callback` with each frame of a client, its length in front, and wait for it before forwarding it."""
        self._listeners.append(callback)

    def next_frame(self, frame: bytes) -> _Fault | None:
        """Count a frame, call its callbacks and tell its fault."""
        for listener in self._listeners:
            listener(frame)
        with self._guard:
            self._frames += 1
            n = self._frames
        callback = self._callbacks.get(n)
        if callback is not None:
            callback(n)
        fault = self._faults.get(n)
        if fault is _Fault.SILENCE:
            self._silent.set()
        return fault

    def count_reply(self) -> None:
        """Count a frame that a client gets."""
        with self._guard:
            self._replies += 1
            self._server_spoke = True

    def hear_client(self) -> None:
        """Count a turn, where the server spoke last."""
        with self._guard:
            self._turns += self._server_spoke
            self._server_spoke = False

    @property
    def is_silent(self) -> bool:
        """Whether nothing is forwarded any more."""
        return self._silent.is_set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection((LOOPBACK, self._target_port), CONNECT_SECONDS)
            except OSError:
                client.close()
                continue
            link = _Link(self, client, server)
            self._links.append(link)
            link.start()


class _Link:
    """One connection: a thread that reads the client, one that forwards what is due, one for the replies."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._due: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        self._forwarded = 0
        self._answered = 0
        self._last_answer: int | None = None
        works = (self._read_client, self._forward, self._reply)
        self._threads = [threading.Thread(target=work, daemon=True, name="proxy-link") for work in works]
        for one in (client, server):
            one.settimeout(None)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        """Begin to forward."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the connection and its threads."""
        self._cut()
        for thread in self._threads:
            if thread.ident is not None:  # one that was just made may not have begun
                thread.join(timeout=JOIN_SECONDS)
        self._client.close()
        self._server.close()

    def _cut(self) -> None:
        for one in (self._client, self._server):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _read_client(self) -> None:
        while frame := _read_frame(self._client):
            self._proxy.hear_client()
            self._due.put((time.monotonic() + self._proxy.delay, frame))
        self._due.put((0, b""))

    def _forward(self) -> None:
        while True:
            due, frame = self._due.get()
            time.sleep(max(0.0, due - time.monotonic()))
            fault = self._proxy.next_frame(frame) if frame else _Fault.CUT
            if fault is _Fault.CUT:
                break
            if fault is _Fault.DROP_REPLY:
                self._last_answer = self._forwarded
            if self._proxy.is_silent:
                continue
            self._forwarded += 1
            try:
                self._server.sendall(frame)
            except OSError:
                break
            if fault is _Fault.DROP_REPLY:
                return  # the cut comes with the reply
        self._cut()

    def _reply(self) -> None:
        while frame := _read_frame(self._server):
            if self._proxy.is_silent:
                continue
            if self._last_answer is not None and self._answered >= self._last_answer:
                self._drop()
                break
            self._answered += 1
            self._proxy.count_reply()
            try:
                self._client.sendall(frame)
            except OSError:
                break
        self._cut()

    def _drop(self) -> None:
        """Swallow replies until the server has no more to say; the cut follows.

        An interim reply may be the first: a cut right then would make Samba give up the request.
        """
        self._server.settimeout(QUIET_SECONDS)
        with contextlib.suppress(OSError):
            while self._server.recv(65536):
                pass


def _read_frame(source: socket.socket) -> bytes:
    """One message with its length in front; empty at the end of the connection."""
    head = _read_exactly(source, LENGTH_BYTES)
    body = _read_exactly(source, int.from_bytes(head[1:], "big")) if head else b""
    return head + body if body else b""


def _read_exactly(source: socket.socket, size: int) -> bytes:
    """`size` bytes; empty where the connection ends before."""
    parts: list[bytes] = []
    while size:
        try:
            part = source.recv(size)
        except OSError:
            part = b""
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
