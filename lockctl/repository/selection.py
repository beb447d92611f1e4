"""One look at locks/: which of its files are read, and in what order. Lists and reads only, and judges nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from lockctl.clock.boot import boottime
from lockctl.errors import FileError
from lockctl.repository.lock import MAX_LOCK_SIZE, is_lock_name, is_temporary_name
from lockctl.transport.base import Contents, Entry, Reader

MAX_LOCKS = 100_000
"""Files that are read of one repository; ten thousand machines would not leave as many."""
MAX_LOCKS_SIZE = 64 * 2**20
"""Bytes of all locks together: a hundred thousand sound ones have less."""
USUAL_SIZE = 640
"""Bytes that a lock has at most, if nothing is wrong with it: those are read first."""
TOO_MUCH = f"there are more than {MAX_LOCKS:,} files in locks/, or more than {MAX_LOCKS_SIZE // 2**20} MiB"
_OLD_SECONDS = 2.0


class Begun:
    """A look that was asked for. So long as locks are as large as usual they are read while others are listed."""

    def __init__(self, reader: Reader, is_wanted: Callable[[Entry], bool]) -> None:
        self._reader = reader
        self._is_wanted = is_wanted
        self._chosen: dict[str, int] = {}
        """The names that are read, and their sizes."""
        self._finish = reader.begin_folder("locks", self._choose, MAX_LOCK_SIZE)
        self._at = boottime()

    @property
    def is_old(self) -> bool:
        """Whether it was asked for too long ago to be what stands there now."""
        return boottime() - self._at > _OLD_SECONDS

    def finish(self) -> Contents:
        """Waits for it, and reads what is larger than usual, the smallest first. Raises the transport's errors."""
        found = self._finish()
        larger = self._take(entry for entry in found.listing.entries if entry.name not in self._chosen)
        if not larger:
            return found
        data = self._reader.read_many([f"locks/{entry.name}" for entry in larger], MAX_LOCK_SIZE)
        return Contents(found.listing, {**found.data, **{e.name: one for e, one in zip(larger, data, strict=True)}})

    def call_off(self) -> None:
        """Nothing of it is wanted any more: no file is read, and what the server keeps open for it is closed."""
        self._is_wanted = lambda _: False
        with suppress(FileError):
            self._finish()

    def _choose(self, entries: Sequence[Entry]) -> list[Entry]:
        return self._take(entry for entry in entries if entry.size <= USUAL_SIZE)

    def _take(self, entries: Iterable[Entry]) -> list[Entry]:
        """Those that are wanted and within the bounds, the smallest first."""
        taken: list[Entry] = []
        left = MAX_LOCKS_SIZE - sum(self._chosen.values())
        for entry in sorted(filter(self._is_wanted, entries), key=lambda entry: entry.size):
            is_new = entry.name not in self._chosen  # it is not where the server is asked anew
            cost = entry.size if is_new else 0
            if cost > left or (is_new and len(self._chosen) >= MAX_LOCKS):
                break
            left -= cost
            self._chosen[entry.name] = entry.size
            taken.append(entry)
        return taken


def is_worth_reading(entry: Entry) -> bool:
    """Whether it may be a lock, or what one is made from."""
    named = is_lock_name(entry.name) or is_temporary_name(entry.name)
    return named and not entry.is_directory and entry.size <= MAX_LOCK_SIZE
