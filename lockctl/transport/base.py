"""What every transport promises: files by name, relative to the repository, with forward slashes.

A listing tells every name that the server tells. What is done with a name is another matter: each method refuses one
that leads elsewhere, or that a server may read otherwise than it stands there (see `names`), with UnusableName.

Times are whole nanoseconds since 1970 in UTC, by the clock of whoever keeps the files. All errors are lockctl's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from lockctl.errors import FileError


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a directory listing."""

    name: str
    size: int
    created: int | None
    written: int
    changed: int
    file_id: int
    accessed: int = 0
    is_directory: bool = False
    read_only: bool = False

    @property
    def version(self) -> tuple[str, int, int]:
        """Name, size and last write: what tells apart what stood under one name at different times.

        Not the file id, which some servers give anew at each look, nor the creation time, which some make up and which
        then moves when the file is read.
        """
        return (self.name, self.size, self.written)


@dataclass(frozen=True, slots=True)
class Listing:
    """A directory at one moment: its files, and when a file was last created, renamed or removed in it."""

    entries: tuple[Entry, ...]
    changed: int
    itself: Entry | None = None
    """The directory's own times, where they are known."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A directory, and by name the bytes of those of its files that were chosen, or why not."""

    listing: Listing
    data: Mapping[str, bytes | FileError]


Choose = Callable[[Sequence[Entry]], Sequence[Entry]]
"""Of some entries of a directory those whose files are to be read. It is asked once for each page of the listing, and
for all anew where a server has to be asked again."""


def choose_nothing(_: Sequence[Entry]) -> Sequence[Entry]:
    """Reads no file."""
    return ()


class Removal(Enum):
    """What one attempt to remove did. Anything else is an error, and after ConnectionLost nobody knows."""

    REMOVED = "removed"
    GONE = "gone"
    """It was not there any more, or somebody else had marked it."""
    CHANGED = "changed"
    """Another file stands under that name, or other bytes: kept."""
    MARKED = "marked"
    """It is marked, but another program still has it open: it goes when that closes it."""


@dataclass(frozen=True, slots=True)
class Protection:
    """How the messages to and from a server are protected: `dialect` as in `SMB 3.1.1`. Else than encrypted, they are
    signed.
    """

    dialect: str
    encrypted: bool


class Watch(Protocol):
    """Tells that something changes in a directory. It is armed from its start: what is listed after that is not missed.

    What happens between two waits is kept. A silence proves nothing: look again now and then. It ends with its
    transport.
    """

    def wait(self, seconds: float) -> bool:
        """Waits until something may have changed, `seconds` at most; whether it has. Raises Unreachable's kinds."""

    @property
    def polls(self) -> bool:
        """Whether nobody tells of changes, as far as that has shown, so that it lists now and then."""


class Reader(Protocol):
    """Lists and reads, and changes nothing. Made for many files at once."""

    def list_directory(self, directory: str) -> Listing:
        """All files of a directory. Raises NotFound, NotADirectory, PermissionRefused, and Unreachable's kinds."""

    def read_many(self, paths: Sequence[str], limit: int) -> Sequence[bytes | FileError]:
        """The bytes of each file, or why not, in the order asked for; at most `limit` + 1 bytes of each."""

    def begin_files(self, paths: Sequence[str], limit: int) -> Callable[[], Sequence[bytes | FileError]]:
        """As `read_many`, which is what the result does: it may be asked for at once, with whatever else is begun."""

    def begin_folder(self, directory: str, choose: Choose, limit: int) -> Callable[[], Contents]:
        """As `list_directory` and `read_many` of what `choose` says, begun as `begin_files` is.

        A file is read after it was listed, perhaps while other pages of the listing are still to come. One that was
        listed as small and has grown since may be read in part, and one that is listed twice is read once.
        """

    def watch(self, directory: str) -> Watch:
        """Watches for files that come, go or are written. Raises as `list_directory` does."""

    def now(self) -> int:
        """The server's clock."""

    def may_delete(self, directory: str) -> bool | None:
        """Whether this user may remove what others left in a directory; None where that cannot be told.

        Nothing is removed, and no file in it is opened. Raises as `list_directory` does.
        """

    def protection(self) -> Protection | None:
        """How what goes over the network is protected; None where lockctl itself sends nothing."""

    def close(self) -> None:
        """Ends the connection. Never raises, never waits long."""


class Remover(Reader, Protocol):
    """Removes many files, and puts one back."""

    def remove_many(self, directory: str, wanted: Sequence[tuple[Entry, bytes]]) -> Sequence[Removal | FileError]:
        """Removes each file only if, through one handle of its own, it is this version of it and holds these bytes.

        For each, in the order asked for, what came of it or why not (PermissionRefused, InUse, UnusableName …). After
        Unreachable's kinds nobody knows of any of them.
        """

    def put_new(self, path: str, temporary: str, data: bytes) -> None:
        """Writes `temporary`, then renames it to `path`. Raises NameTaken where `path` stands, and keeps it."""


def list_and_read(reader: Reader, directory: str, choose: Choose, limit: int) -> Contents:
    """`begin_folder` for a transport that gains nothing by beginning early: the listing, and then the files."""
    listing = reader.list_directory(directory)
    chosen = choose(listing.entries)
    paths = [f"{directory}/{entry.name}" if directory else entry.name for entry in chosen]
    data = reader.read_many(paths, limit)
    return Contents(listing, {entry.name: one for entry, one in zip(chosen, data, strict=True)})


def remove_one_by_one(
    remove: Callable[[str, Entry, bytes], Removal], directory: str, wanted: Sequence[tuple[Entry, bytes]]
) -> list[Removal | FileError]:
    """`remove_many` for a transport that gains nothing by flights."""

    def attempt(entry: Entry, data: bytes) -> Removal | FileError:
        try:
            return remove(directory, entry, data)
        except FileError as error:
            return error

    return [attempt(entry, data) for entry, data in wanted]
