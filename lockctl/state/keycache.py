"""The key file that opened a repository last, kept for a faster start. Bytes and nothing more: no key is derived here.

A key file hides no more than the share itself does.
"""

from __future__ import annotations

from pathlib import Path

from lockctl.state.files import folder_lock, make_folder, name_of, read_regular, remove_left_over, write_whole

_LOCK_SECONDS = 2.0


class KeyCache:
    """The kept key file of one address."""

    def __init__(self, folder: Path, address: str) -> None:
        self._path = folder / name_of(address)

    def read(self, limit: int) -> bytes:
        """What was kept, `limit` bytes at most; nothing where that is not there or not for us."""
        try:
            return read_regular(self._path, limit)
        except OSError:
            return b""

    def keep(self, data: bytes) -> None:
        """Keeps it in place of what was kept. Raises OSError."""
        folder = self._path.parent
        make_folder(folder)
        with folder_lock(folder, _LOCK_SECONDS):
            write_whole(self._path, data)
            remove_left_over(folder)
