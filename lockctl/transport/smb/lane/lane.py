"""The lane: one thread that sends what is asked for as fast as credits allow, and matches what comes back by its id."""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.transport.smb.errors import Forged, TooLong, lost
from lockctl.transport.smb.hardening import CREDITS_WANTED, LONGEST_MESSAGE, REPLY_SECONDS, START_SECONDS
from lockctl.transport.smb.lane.frames import Part, body_of, cost, pack, split
from lockctl.transport.smb.lane.takeover import Takeover
from lockctl.transport.smb.lane.unexpected import Unexpected, give_up
from lockctl.transport.smb.requests import Request
from lockctl.transport.smb.wire import Ticket

PER_FRAME = 16
"""Compounds in one frame: more would keep the server busy before its first answer."""
ALONE = 8
"""So few compounds go alone, each in a frame of its own: that costs no round trip, and any server can read it."""
_PIECE = 2**20
_LENGTH = 4
_MORE = 16
"""Credits to ask for beyond those that are spent, until there are enough."""
_ODD = {
    0xC0000002: "STATUS_NOT_IMPLEMENTED",
    0xC0000008: "STATUS_INVALID_HANDLE",
    0xC000000D: "STATUS_INVALID_PARAMETER",
    0xC0000010: "STATUS_INVALID_DEVICE_REQUEST",
    0xC00000BB: "STATUS_NOT_SUPPORTED",
    0xC00000D0: "STATUS_REQUEST_NOT_ACCEPTED",
    0xC0000128: "STATUS_FILE_CLOSED",
}
"""What a server answers that cannot read a compound as it was meant."""


def _find_odd(ticket: Ticket) -> str:
    """What says that a compound was not read as it was meant; "" where nothing does.

    To what comes after a CREATE that failed a server may say what it likes (ksmbd: STATUS_FILE_CLOSED), and of requests
    that name their handle each answer stands for itself.
    """
    first, *others = ticket.answers
    if not others or not ticket.requests[-1].is_related:
        return ""
    asked = [first] if isinstance(first, int) else others
    return next((_ODD[one] for one in asked if isinstance(one, int) and one in _ODD), "")


class Lane:
    """The fast one of the two wires. It is not used again after an error."""

    def __init__(self, taken: Takeover, deadline: Deadline) -> None:
        self.server = taken.server
        self._taken = taken
        self._socket: socket.socket | None = taken.socket
        self._deadline = deadline
        self._next_id = taken.next_id
        self._credits = taken.credits
        self._queue: deque[Ticket] = deque()
        """What is to be sent and not yet packed."""
        self._waiting: dict[int, tuple[Ticket, int]] = {}
        """By message id, whose answer has not come, and its number in the ticket."""
        self._out = bytearray()
        self._in = bytearray()
        self._packed: int | None = None
        """The first message id in a frame of several compounds, None before there was one."""
        self._takes_packed = False
        """Whether the server has answered in such a frame."""
        taken.socket.setblocking(False)
        self._poll = select.poll()

    def max_transaction(self) -> int:
        """Half of the credits at hand: two are under way at a time."""
        return self.server.max_transaction((self._credits - 2) // 2)

    def send(self, *requests: Request) -> Ticket:
        """Keeps it until something is collected: so what is sent together can share a frame."""
        ticket = Ticket(requests)
        self._queue.append(ticket)
        return ticket

    def flush(self) -> None:
        """Sends what the credits and the socket take at once."""
        with self._guarded():
            self._fill()
            self._push()

    def collect(self, ticket: Ticket) -> list[bytes | int]:
        """Waits for the answers. Raises Unexpected too."""
        end = boottime() + REPLY_SECONDS
        with self._guarded():
            while ticket.missing:
                if not self._go_on(end) and ticket.missing:
                    raise lost(f"no answer within {REPLY_SECONDS:.0f} s")
            odd = _find_odd(ticket)
            if odd:
                raise Unexpected(f"it answered {odd} to requests that belong together")
        return ticket.answers

    def begin(self, request: Request) -> Ticket:
        """Sends it at once."""
        ticket = self.send(request)
        self.flush()
        return ticket

    def await_start(self, ticket: Ticket) -> None:
        """Waits for the interim answer."""
        self._wait(lambda: ticket.started or not ticket.missing, START_SECONDS)

    def poll(self, ticket: Ticket, seconds: float) -> bytes | int | None:
        """The answer, or None where it does not come within `seconds`."""
        return ticket.answers[0] if self._wait(lambda: not ticket.missing, seconds) else None

    def close(self) -> None:
        """Closes the socket."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None

    def _wait(self, is_over: Callable[[], bool], seconds: float) -> bool:
        end = boottime() + seconds
        with self._guarded():
            while not is_over():
                if not self._go_on(end):
                    return is_over()
        return True

    def _go_on(self, end: float) -> bool:
        """Sends and receives what can be, and waits for that; False once it is `end`, however much more may come."""
        self._fill()
        self._push()
        left = self._deadline.cap(max(0.0, end - boottime()))
        wanted = select.POLLIN | (select.POLLOUT if self._out else 0)
        self._poll.register(self._fd(), wanted)
        events = self._poll.poll(left * 1000)
        if any(event & ~select.POLLOUT for _, event in events):
            self._receive()
        if boottime() >= end:
            return False
        if not events:
            self._deadline.cap(1)
        return True

    def _fill(self) -> None:
        """Packs what waits into frames, as far as the credits go."""
        packed = len(self._queue) > ALONE
        while self._queue and len(self._out) < _PIECE:
            parts: list[Part] = []
            for _ in range(PER_FRAME if packed else 1):
                if not self._queue or not self._take_part(parts, self._queue[0]):
                    break
                self._queue.popleft()
            if not parts:
                if not self._waiting:
                    raise Unexpected("it grants too few credits")
                return
            if packed and self._packed is None:
                self._packed = parts[0].message_id
            messages = pack(parts, self._taken.session_id, self._taken.tree_id, signed=self._taken.sealing.signed)
            frame = self._taken.sealing.seal(messages, [part.message_id for part in parts])
            self._out += len(frame).to_bytes(_LENGTH, "big") + frame

    def _take_part(self, parts: list[Part], ticket: Ticket) -> bool:
        """Adds one compound to a frame, and pays for it; False where it cannot."""
        costs = [cost(request, self._taken.multi_credit) for request in ticket.requests]
        if sum(costs) > self._credits:
            return False
        self._credits -= sum(costs)
        more = _MORE if self._credits + len(self._waiting) < CREDITS_WANTED // 2 else 0
        for number, (request, charge) in enumerate(zip(ticket.requests, costs, strict=True)):
            charged = charge if self._taken.multi_credit else 0
            parts.append(Part(request, self._next_id, charged, charge + more, number > 0))
            self._waiting[self._next_id] = (ticket, number)
            self._next_id += charge
        return True

    def _push(self) -> None:
        while self._out and self._socket is not None:
            try:
                sent = self._socket.send(self._out)
            except BlockingIOError:
                return
            del self._out[:sent]

    def _receive(self) -> None:
        try:
            data = self._socket.recv(_PIECE) if self._socket is not None else b""
        except BlockingIOError:
            return
        if not data:
            raise ConnectionResetError
        self._in += data
        start = 0
        while len(self._in) >= start + _LENGTH:
            length = int.from_bytes(self._in[start : start + _LENGTH], "big")
            if length > LONGEST_MESSAGE:
                raise TooLong
            end = start + _LENGTH + length
            if len(self._in) < end:
                break
            self._read_frame(bytes(self._in[start + _LENGTH : end]))
            start = end
        del self._in[:start]

    def _read_frame(self, frame: bytes) -> None:
        messages = self._taken.sealing.unseal(frame)
        for answer in split(messages):
            self._taken.sealing.check(messages, answer)
            waiting = self._waiting.get(answer.message_id)
            if waiting is None:
                raise Unexpected("it sent an answer that nobody waits for")
            self._credits += answer.granted
            ticket, number = waiting
            if answer.interim:
                ticket.started = True
                continue
            request = ticket.requests[number]
            if answer.command != request.COMMAND or answer.size > request.most:
                raise Unexpected("it sent an answer to something else, or more than was asked for")
            del self._waiting[answer.message_id]
            ticket.answers[number] = body_of(messages, answer) if not answer.status else answer.status
            ticket.missing -= 1
            if self._packed is not None and answer.message_id >= self._packed:
                self._takes_packed = True

    def _fd(self) -> int:
        return self._socket.fileno() if self._socket is not None else -1

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever breaks, the connection is not used again; nothing of it is left half read."""
        if self._socket is None:
            raise lost("it was closed")
        try:
            yield
        except Unexpected:
            self._give_up()
            raise
        except OSError as error:
            if self._packed is not None and not self._takes_packed:
                self._give_up()
                raise Unexpected("it closed it when many requests came in one frame") from error
            self.close()
            raise (self._deadline.error() if self._deadline.passed() else lost("it was closed")) from error
        except (Forged, TooLong) as error:
            self.close()
            raise lost(error.reason) from error
        except BaseException:
            self.close()
            raise

    def _give_up(self) -> None:
        self.close()
        give_up(self._taken.host, self._taken.port)
