"""MemoryTransport: the contract of `lockctl.transport.base.Remover` on a dictionary, for tests alone.

It must promise no more and no less than the others: the suite in tests/contract holds it to that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lockctl.errors import FileError, LockctlError, NameTaken, NotADirectory, NotFound, PermissionRefused
from lockctl.transport.base import Choose, Contents, Entry, Listing, Removal, list_and_read, remove_one_by_one
from lockctl.transport.names import check_directory, check_entry, check_path

SECOND = 10**9
START = 1_800_000_000 * SECOND
"""What the clock says at first, nanoseconds since 1970."""


@dataclass(slots=True)
class MemoryFile:
    """One file. Times are nanoseconds since 1970."""

    data: bytes
    created: int | None
    written: int
    file_id: int
    read_only: bool = False


class MemoryWatch:
    """Compares what is there with what was there. `before("wait", …)` is how a test makes something happen."""

    def __init__(self, transport: MemoryTransport, directory: str) -> None:
        self._transport = transport
        self._directory = directory
        self._seen = self._listing()

    @property
    def polls(self) -> bool:
        """A memory is told of everything."""
        return False

    def wait(self, seconds: float) -> bool:
        """Whether something has changed since the last call; else lets the clock go on, without waiting."""
        self._transport.begin("wait")
        seen, self._seen = self._seen, self._listing()
        if seen == self._seen:
            self._transport.clock += int(seconds * SECOND)
        return seen != self._seen

    def _listing(self) -> dict[str, int]:
        inside = (path for path in self._transport.files if path.startswith(f"{self._directory}/"))
        return {path: self._transport.files[path].file_id for path in inside}


Plans = dict[str, list[Callable[[], None]]]
"""By the name of a method, what happens at its next calls."""


def _nothing() -> None:
    """For a call that is spared."""


def _let_happen(plans: Plans, method: str) -> None:
    if plans.get(method):
        plans[method].pop(0)()


class MemoryTransport:
    """A repository in memory. `clock` is the server's, and stands still until a test sets it.

    `refused` are paths that this user may not read or remove, `kept` directories in which it may not remove anything.
    `fail` and `before` plan what happens to the next call of a method.
    """

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.clock = START
        self.files: dict[str, MemoryFile] = {}
        self.changed: dict[str, int] = {}
        self.refused: set[str] = set()
        self.kept: set[str] = set()
        self.calls: list[str] = []
        self.closed = False
        self._hooks: Plans = {}
        self._late: Plans = {}
        self._last_id = 0
        for path, data in (files or {}).items():
            self.put(path, data)

    def put(self, path: str, data: bytes, created: int | None = None, written: int | None = None) -> Entry:
        """Writes a new instance, over whatever stands there, at the clock's time or at those that are given."""
        self._last_id += 1
        now = self.clock
        born, last = now if created is None else created, now if written is None else written
        self.files[path] = MemoryFile(data, born, last, self._last_id)
        self._touch(path)
        return self._entry(path)

    def delete(self, path: str) -> None:
        """Removes a file behind everybody's back."""
        del self.files[path]
        self._touch(path)

    def make_directory(self, directory: str) -> None:
        """Makes an empty directory; those that files lie in are there by themselves."""
        self.changed.setdefault(directory, self.clock)

    def before(self, method: str, act: Callable[[], None], *, spared: int = 0) -> None:
        """Lets `act` run, once, right before the next call of this method but so many that are spared.

        For "remove" a call is one file of `remove_many`.
        """
        self._hooks[method] = [*[_nothing] * spared, act]

    def fail(self, method: str, error: LockctlError, *, after: bool = False, spared: int = 0) -> None:
        """Makes such a call raise `error`: before it did anything, or after it has done it all."""

        def strike() -> None:
            raise error

        (self._late if after else self._hooks)[method] = [*[_nothing] * spared, strike]

    def watch(self, directory: str) -> MemoryWatch:
        """Tells at once whether something changed; nobody waits here."""
        self.list_directory(directory)
        return MemoryWatch(self, directory)

    def now(self) -> int:
        """The clock of this memory."""
        return self.clock

    def protection(self) -> None:
        """Nothing goes over a network."""

    def may_delete(self, directory: str) -> bool:
        """Unless a test says otherwise."""
        self.list_directory(directory)
        return directory not in self.kept

    def close(self) -> None:
        """Only remembers that it was closed."""
        self.closed = True

    def list_directory(self, directory: str) -> Listing:
        """All files of a directory, and directories directly in it."""
        self.begin("list_directory")
        here = PurePosixPath(check_directory(directory))
        if directory in self.files:
            raise NotADirectory(f"{directory}: no directory, or within a file")
        if str(here) not in self.changed:
            raise NotFound(f"{directory}: not found")
        self._permit(directory)
        entries = [self._entry(path) for path in self.files if PurePosixPath(path).parent == here]
        entries += [
            Entry(PurePosixPath(name).name, 0, changed, changed, changed, 0, is_directory=True)
            for name, changed in self.changed.items()
            if PurePosixPath(name).parent == here and name != str(here)
        ]
        return Listing(tuple(entries), self.changed[str(here)])

    def read_many(self, paths: Sequence[str], limit: int) -> list[bytes | FileError]:
        """The bytes of each file, at most `limit` + 1."""
        self.begin("read_many")
        return [self._read(path, limit) for path in paths]

    def begin_files(self, paths: Sequence[str], limit: int) -> Callable[[], Sequence[bytes | FileError]]:
        """Read when it is asked for."""
        return lambda: self.read_many(paths, limit)

    def begin_folder(self, directory: str, choose: Choose, limit: int) -> Callable[[], Contents]:
        """Likewise."""
        return lambda: list_and_read(self, directory, choose, limit)

    def remove_many(self, directory: str, wanted: Sequence[tuple[Entry, bytes]]) -> Sequence[Removal | FileError]:
        """One after another."""
        return remove_one_by_one(self._remove, directory, wanted)

    def _remove(self, directory: str, entry: Entry, data: bytes) -> Removal:
        self.begin("remove")
        path = check_entry(directory, entry.name)
        if path not in self.files:
            return Removal.GONE
        self._permit(path)
        if directory in self.kept:
            raise PermissionRefused(f"{path}: not permitted")
        if entry.version != self._entry(path).version or self.files[path].data != data:
            return Removal.CHANGED
        self.delete(path)
        self._finish("remove")
        return Removal.REMOVED

    def put_new(self, path: str, temporary: str, data: bytes) -> None:
        """Writes where nothing stands; `temporary` is only checked to be free."""
        self.begin("put_new")
        check_path(path)
        check_path(temporary)
        if str(PurePosixPath(path).parent) not in self.changed:
            raise NotFound(f"{path}: not found")
        self._permit(path)
        for name in (temporary, path):
            if name in self.files:
                raise NameTaken(f"{name}: a file of that name is there already")
        self.put(path, data)
        self._finish("put_new")

    def begin(self, method: str) -> None:
        """Notes a call, and lets happen what a test has planned before it."""
        self.calls.append(method)
        _let_happen(self._hooks, method)

    def _finish(self, method: str) -> None:
        _let_happen(self._late, method)

    def _read(self, path: str, limit: int) -> bytes | FileError:
        try:
            check_path(path)
        except FileError as error:
            return error
        if path in self.refused:
            return PermissionRefused(f"{path}: not permitted")
        if path in self.changed:
            return FileError(f"{path}: is a directory")
        file = self.files.get(path)
        return NotFound(f"{path}: not found") if file is None else file.data[: limit + 1]

    def _permit(self, path: str) -> None:
        if path in self.refused:
            raise PermissionRefused(f"{path}: not permitted")

    def _touch(self, path: str) -> None:
        self.changed[str(PurePosixPath(path).parent)] = self.clock
        for parent in PurePosixPath(path).parents:
            self.changed.setdefault(str(parent), self.clock)

    def _entry(self, path: str) -> Entry:
        file = self.files[path]
        return Entry(
            name=path.rpartition("/")[2],
            size=len(file.data),
            created=file.created,
            written=file.written,
            changed=file.written,
            file_id=file.file_id,
            read_only=file.read_only,
        )
