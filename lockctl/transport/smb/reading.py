"""Reading many files over SMB: what is asked for is sent at once, and collected when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from smbprotocol.header import NtStatus

from lockctl.errors import FileError
from lockctl.transport.base import Choose, Contents, Entry, Listing
from lockctl.transport.names import check_directory, check_path, is_usable, is_usable_entry
from lockctl.transport.smb import answers, requests
from lockctl.transport.smb.errors import answered
from lockctl.transport.smb.wire import Ticket, Wire, exchange

MAX_ENTRIES = 500_000
"""Names in one directory: ten thousand machines would not leave as many."""
SMALL = 4096
"""Bytes to ask of a file that was listed with less: a server makes room for what is asked for."""
MANY = 2000
"""Files for which a second connection is worth its log-on."""
_SECOND_PAGE = 65536
"""Bytes for what a first page does not hold: mostly nothing, which says that it was the only one."""

_MAX_DOTS = 16
"""Times that a listing may name `.` and `..`: once each is usual, and for ever is no listing."""


class FilesReading:
    """Files that are being read: CREATE, READ and CLOSE of each in one compound, so its handle lives for an instant."""

    def __init__(
        self, wires: Sequence[Wire], root: str, paths: Sequence[str], limit: int, sizes: Sequence[int] = ()
    ) -> None:
        """At most `limit` + 1 bytes of each. `sizes` are what a listing said of them, where there was one.

        The wires take turns: a server reads for each of its connections by itself.
        """
        self._wires = wires
        self._root = root
        self._paths = paths
        self._limit = limit
        full = self._full = min(limit + 1, wires[0].server.max_read())
        self._firsts = [min(full, SMALL) if size < SMALL else full for size in sizes] or [full] * len(paths)
        self._reads = {length: requests.read(requests.RELATED, length) for length in set(self._firsts)}
        self._sent = [
            self._send(self._wire_of(number), path, self._reads[first]) if is_usable(path) else None
            for number, (path, first) in enumerate(zip(paths, self._firsts, strict=True))
        ]
        for wire in wires[1:]:
            wire.flush()

    def finish(self) -> list[bytes | FileError]:
        """The bytes of each, or why not, in the order asked for. Raises Unreachable's kinds."""
        results: list[bytes | FileError] = []
        longer: list[int] = []
        for number, (path, ticket, first) in enumerate(zip(self._paths, self._sent, self._firsts, strict=True)):
            try:
                check_path(path)
                opened, content = self._wire_of(number).collect(ticket)[:2] if ticket is not None else (b"", b"")
                size = answers.parse_create(answered(opened, path)).size
                results.append(content_of(content, path, first))
                if size > first == self._full:
                    longer.append(number)  # what has grown since it was listed is not what was asked for
            except FileError as error:
                results.append(error)
            self._sent[number] = None  # the frame that it lay in is not kept
        # Only now: until all have landed, a flight may hold every credit.
        for number in longer:
            results[number] = self._read_rest(self._paths[number], results[number])
        return results

    def _wire_of(self, number: int) -> Wire:
        return self._wires[number % len(self._wires)]

    def _send(self, wire: Wire, path: str, read: requests.Request) -> Ticket:
        name = on_share(self._root, path)
        opening = requests.create(name, requests.READ, requests.SHARE_ALL, requests.OPEN_FILE)
        return wire.send(opening, read, _CLOSE)

    def _read_rest(self, path: str, data: bytes | FileError) -> bytes | FileError:
        """What a file holds beyond the first READ, up to `limit` + 1 bytes in all."""
        try:
            while isinstance(data, bytes) and len(data) <= self._limit:
                wire = self._wires[0]
                length = min(self._limit + 1 - len(data), wire.server.max_read())
                ticket = self._send(wire, path, requests.read(requests.RELATED, length, len(data)))
                opened, content, _ = wire.collect(ticket)
                answered(opened, path)
                more = content_of(content, path, length)
                if not more:
                    break
                data += more
        except FileError as error:
            return error
        return data


class FolderReading:
    """A directory that is being listed, while the files are read that were chosen of the pages before."""

    def __init__(
        self, wire: Wire, root: str, directory: str, choose: Choose, limit: int, find_another: Callable[[], Wire | None]
    ) -> None:
        """`find_another` gives a second wire to the same share for what is read, or None."""
        self._wire = wire
        self._find_another = find_another
        self._root = root
        self._directory = check_directory(directory)
        self._choose = choose
        self._limit = limit
        self._length = wire.max_transaction()
        self._asked_for: set[str] = set()
        """Names: what a server lists twice is read once."""
        name = on_share(root, directory)
        self._opening = wire.send(
            requests.create(name, requests.LIST, requests.SHARE_ALL, requests.OPEN_DIRECTORY),
            requests.query_directory(requests.RELATED, self._length),
            requests.query_directory(requests.RELATED, min(self._length, _SECOND_PAGE)),
        )

    def finish(self) -> Contents:
        """The directory and its files. The CREATE already answers with the directory's own times.

        Raises NotFound, NotADirectory, PermissionRefused, Unreachable's kinds.
        """
        opening, *first = self._wire.collect(self._opening)
        opened = answers.parse_create(answered(opening, self._directory))
        entries: list[Entry] = []
        dots = 0
        reading: list[tuple[Sequence[Entry], FilesReading]] = []
        try:
            for page in self._pages(opened.handle, first):
                found = list(answers.parse_entries(answers.parse_buffer(answered(page, self._directory))))
                fresh = [entry for entry in found if entry.name not in (".", "..")]
                dots += len(found) - len(fresh)
                if not found or dots > _MAX_DOTS or len(entries) > MAX_ENTRIES:
                    raise FileError(f"{self._directory}: the server's listing has no end")
                entries += fresh
                reading.append(self._read(self._choose(fresh)))
        except FileError:
            exchange(self._wire, requests.close(opened.handle))
            raise
        except BaseException:
            self._wire.close()  # and not to wait once more, for the answer to a CLOSE: after a signal neither
            raise
        # Nothing depends on its answer, so nobody waits for it.
        self._wire.send(requests.close(opened.handle))
        self._wire.flush()
        data = {entry.name: one for chosen, files in reading for entry, one in zip(chosen, files.finish(), strict=True)}
        itself = Entry("", 0, opened.created, opened.written, opened.written, 0, opened.accessed, is_directory=True)
        return Contents(Listing(tuple(entries), opened.written, itself), data)

    def _pages(self, handle: bytes, first: Sequence[bytes | int]) -> Iterator[bytes | int]:
        """The answers with entries in them. The next one is always asked for before one is given out."""
        page, ahead = first
        if page == NtStatus.STATUS_NO_MORE_FILES:
            return
        if ahead == NtStatus.STATUS_NO_MORE_FILES:
            yield page
            return
        asked = self._ask(handle)
        yield page
        page = ahead
        while page != NtStatus.STATUS_NO_MORE_FILES:
            yield page
            (page,) = self._wire.collect(asked)
            if not isinstance(page, int):
                asked = self._ask(handle)

    def _ask(self, handle: bytes) -> Ticket:
        return self._wire.send(requests.query_directory(handle, self._length))

    def _read(self, chosen: Sequence[Entry]) -> tuple[Sequence[Entry], FilesReading]:
        before = f"{self._directory}/" if self._directory else ""
        fresh = (entry for entry in chosen if is_usable_entry(entry.name) and entry.name not in self._asked_for)
        chosen = list({entry.name: entry for entry in fresh}.values())
        self._asked_for.update(entry.name for entry in chosen)
        paths = [f"{before}{entry.name}" for entry in chosen]
        another = self._find_another() if len(chosen) > MANY else None
        wires = [self._wire] if another is None else [self._wire, another]
        return chosen, FilesReading(wires, self._root, paths, self._limit, [entry.size for entry in chosen])


class AccessReading:
    """What this user may do with a directory, as the server tells with a CREATE. Its handle is closed at once."""

    def __init__(self, wire: Wire, root: str, directory: str) -> None:
        self._wire = wire
        self._directory = check_directory(directory)
        name = on_share(root, directory)
        asking = requests.create_asking_access(name, requests.LOOK, requests.SHARE_ALL, requests.OPEN_DIRECTORY)
        self._sent = wire.send(asking, _CLOSE)

    def finish(self) -> int | None:
        """An access mask, None where the server does not tell. Raises NotFound, PermissionRefused and the like."""
        opened, _ = self._wire.collect(self._sent)
        return answers.parse_maximal_access(answered(opened, self._directory))


_CLOSE = requests.close(requests.RELATED)


def on_share(root: str, path: str) -> str:
    """A path of the repository, as the share knows it."""
    return f"{root}/{path}".strip("/") if root else path


def content_of(answer: bytes | int, path: str, most: int) -> bytes:
    """What a READ of at most `most` bytes brought; nothing beyond the end. Raises the error for its NTSTATUS."""
    if answer == NtStatus.STATUS_END_OF_FILE:
        return b""
    return answers.parse_read(answered(answer, path), most)
