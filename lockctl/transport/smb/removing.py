"""Removing files over SMB, many in a flight: each opened, compared, marked and closed through one handle of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from smbprotocol.header import NtStatus

from lockctl.clock.deadline import Deadline
from lockctl.errors import FileError, InUse, NotFound
from lockctl.transport.base import Entry, Removal
from lockctl.transport.names import check_entry
from lockctl.transport.smb import answers, requests
from lockctl.transport.smb.errors import answered, translate_file
from lockctl.transport.smb.reading import content_of, on_share
from lockctl.transport.smb.wire import Ticket, Wire, exchange

PATIENCE = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between looks at a file that another program has open for an instant."""


@dataclass(slots=True)
class _Doomed:
    """One file to remove, and what has come of it so far."""

    path: str
    entry: Entry
    data: bytes
    result: Removal | FileError | None = None
    opened: answers.Opened | None = None
    """What its handle showed, while that is open and after it was marked."""
    marked: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is to be marked, or tried once more."""
        return not self.marked and (self.result is None or isinstance(self.result, InUse))


def remove_many(
    wire: Wire, root: str, deadline: Deadline, directory: str, wanted: Sequence[tuple[Entry, bytes]]
) -> list[Removal | FileError]:
    """See `base.Remover`. Whatever breaks on the way drops the connection, and with it each handle that is open."""
    files: list[_Doomed | FileError] = []
    for entry, data in wanted:
        try:
            files.append(_Doomed(check_entry(directory, entry.name), entry, data))
        except FileError as error:
            files.append(error)
    removing = _Removing(wire, root, deadline)
    try:
        removing.carry_out([one for one in files if isinstance(one, _Doomed)])
    except BaseException:
        wire.close()
        raise
    nothing = FileError("the server said nothing of it")
    return [one if isinstance(one, FileError) else one.result or nothing for one in files]


_Sent = list[tuple["_Doomed", Ticket]]


class _Removing:
    """The steps of it, each a flight for all files. What is next for one half is sent while the server is at the other:
    so a handle lives no longer than it must, the server is never idle, and a slow link is not asked too often.
    """

    def __init__(self, wire: Wire, root: str, deadline: Deadline) -> None:
        self._wire = wire
        self._root = root
        self._deadline = deadline
        self._closing: list[Ticket] = []

    def carry_out(self, files: Sequence[_Doomed]) -> None:
        """Those that another program has open are tried again for a moment, with no handle held meanwhile.

        Repeating is safe: what was refused with a sharing violation has done nothing.
        """
        looks: _Sent = []
        for pause in (0.0, *PATIENCE):
            waiting = [one for one in files if one.is_open]
            if not waiting:
                break
            self._pause(pause)
            looks += self._mark(self._open(waiting))
            for ticket in self._closing:
                self._wire.collect(ticket)  # whoever is told that a lock is kept finds it free
            self._closing.clear()
        self._look_after(looks)

    def _open(self, files: Sequence[_Doomed]) -> _Sent:
        """Opens and compares each, and marks what is the file that was judged: the marks that were sent."""
        marks: _Sent = []
        for sent in _halves([(one, self._send_opening(one)) for one in files]):
            for one, ticket in sent:
                self._settle(one, ticket)
            marks += [(one, self._send_marking(one)) for one, _ in sent if one.opened is not None]
        self._wire.flush()
        return marks

    def _settle(self, one: _Doomed, ticket: Ticket) -> None:
        """Whether it is the file that was judged; else its handle is closed."""
        try:
            one.result = self._compare(one, self._wire.collect(ticket))
        except NotFound:
            one.result = Removal.GONE
        except FileError as error:
            one.result = error
        if one.result is not None and one.opened is not None:
            self._closing.append(self._wire.send(requests.close(one.opened.handle)))
            one.opened = None

    def _send_opening(self, one: _Doomed) -> Ticket:
        access = requests.DELETE | requests.READ | (requests.WRITE_ATTRIBUTES if one.entry.read_only else 0)
        return self._wire.send(
            requests.create(self._name(one), access, requests.SHARE_READ, requests.OPEN_FILE),
            requests.query_standard(requests.RELATED),
            requests.read(requests.RELATED, self._first(one)),
        )

    def _compare(self, one: _Doomed, said: Sequence[bytes | int]) -> Removal | FileError | None:
        """None where that is the file, its handle open; else what came of it. Raises NotFound, InUse and the like."""
        one.opened = opened = answers.parse_create(answered(said[0], one.path))
        links, going = answers.parse_standard(answers.parse_buffer(answered(said[1], one.path)))
        if not links and not going:
            # A CREATE that meets the end of another handle on a marked file can open what has lost its name already.
            # But there are servers that count no names at all.
            there = self._wire.collect(self._send_look(one))[0]
            going = not isinstance(there, bytes) or answers.parse_create(there).created != opened.created
        content = content_of(said[2], one.path, self._first(one))
        same = not going and (one.entry.name, opened.size, opened.written) == one.entry.version
        same = same and opened.size == len(one.data)
        if same and self._read_on(opened.handle, one, content) == one.data:
            return None
        return Removal.GONE if going and not self._stands(one) else Removal.CHANGED

    def _mark(self, marks: _Sent) -> _Sent:
        """What the server says to each mark, and whether the name is gone: the looks that were sent."""
        looks: _Sent = []
        for sent in _halves(marks):
            for one, ticket in sent:
                *_, mark, _ = self._wire.collect(ticket)
                one.marked = not isinstance(mark, int)
                if isinstance(mark, int):
                    one.result, one.opened = self._refusal(one, mark), None
            looks += [(one, self._send_look(one)) for one, _ in sent if one.marked]
        return looks

    @staticmethod
    def _refusal(one: _Doomed, status: int) -> FileError:
        """Why it could not be marked. Raises what is no error of one file."""
        error = translate_file(status, one.path)
        if not isinstance(error, FileError):
            raise error
        return error

    def _send_marking(self, one: _Doomed) -> Ticket:
        handle = one.opened.handle if one.opened is not None else b""
        # A file that nobody may write to cannot be marked before that is taken from it.
        clearing = [requests.set_attributes(handle, requests.ATTRIBUTE_NORMAL)] if one.entry.read_only else []
        return self._wire.send(*clearing, requests.mark_deleted(handle), requests.close(handle))

    def _look_after(self, looks: _Sent) -> None:
        """Whether the names are gone: a reader that shares deletion keeps a marked file until it closes."""
        for pause in (*PATIENCE, None):
            for one, ticket in looks:
                one.result = self._see(one, self._wire.collect(ticket)[0])
            left = [one for one, _ in looks if one.result is Removal.MARKED]
            if not left or pause is None:
                break
            self._pause(pause)
            looks = [(one, self._send_look(one)) for one in left]

    @staticmethod
    def _see(one: _Doomed, answer: bytes | int) -> Removal | FileError:
        if isinstance(answer, bytes):
            still = one.opened is not None and answers.parse_create(answer).created == one.opened.created
            text = f"{one.path}: the server said that it was removed, and it is still there"
            return FileError(text) if still else Removal.REMOVED
        return Removal.MARKED if answer == NtStatus.STATUS_DELETE_PENDING else Removal.REMOVED

    def _stands(self, one: _Doomed) -> bool:
        return isinstance(self._wire.collect(self._send_look(one))[0], bytes)

    def _send_look(self, one: _Doomed) -> Ticket:
        looking = requests.create(self._name(one), requests.LOOK, requests.SHARE_ALL, requests.OPEN_FILE)
        return self._wire.send(looking, requests.close(requests.RELATED))

    def _read_on(self, handle: bytes, one: _Doomed, content: bytes) -> bytes:
        """`content`, with which the handle's file begins, and what comes after that, until it is as long as wanted."""
        while len(content) < len(one.data):
            length = min(len(one.data) - len(content), self._wire.server.max_read())
            (answer,) = exchange(self._wire, requests.read(handle, length, len(content)))
            more = content_of(answer, one.path, length)
            if not more:
                break
            content += more
        return content

    def _first(self, one: _Doomed) -> int:
        return min(len(one.data) + 1, self._wire.server.max_read())

    def _name(self, one: _Doomed) -> str:
        return on_share(self._root, one.path)

    def _pause(self, seconds: float) -> None:
        if seconds:
            time.sleep(self._deadline.cap(seconds))


def _halves(sent: _Sent) -> tuple[_Sent, _Sent]:
    middle = len(sent) // 2
    return sent[:middle], sent[middle:]
