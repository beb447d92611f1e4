"""A head start: the key file that opened this repository last time, kept so that scrypt can run while we connect.

Deriving the key takes longer than all the rest of a short run. A key file never changes (its name is its hash) and
hides no more than the share itself does. It is used only where the share still lists it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from lockctl.background import Background
from lockctl.errors import DamagedKey
from lockctl.repository.deriving import open_key
from lockctl.repository.keyfile import MAX_KEY_SIZE, parse_key_file

if TYPE_CHECKING:
    from lockctl.repository.crypto import Key


class Kept(Protocol):
    """What keeps the key file of one address from one run to the next."""

    def read(self, limit: int) -> bytes:
        """What was kept, `limit` bytes at most; nothing where nothing was."""

    def keep(self, data: bytes) -> None:
        """Keeps it in place of what was kept. Raises OSError."""


class HeadStart:
    """The kept key file of one address, being opened with a password."""

    def __init__(self, kept: Kept, password: str) -> None:
        """Starts at once where a key file was kept."""
        self._kept = kept
        self._password = password
        self.id = ""
        """The kept key's id, '' where none was kept."""
        self._tried = ""
        """Of the key file that was to be kept since: once is enough."""
        self._opening: Background[Key | None] | None = None
        data = kept.read(MAX_KEY_SIZE)
        if data:
            self.id = hashlib.sha256(data).hexdigest()
            self._opening = Background(lambda: self._open(data))

    def key(self) -> Key | None:
        """The master key once it is derived; None where the password does not open this key file."""
        if self._opening is None:
            return None
        self._opening.wait(None)
        return self._opening.result()

    def keep(self, data: bytes) -> None:
        """Keeps the key file that opened. Raises OSError where it cannot be written."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in (self.id, self._tried):
            self._tried = digest
            self._kept.keep(data)

    def _open(self, data: bytes) -> Key | None:
        try:
            return open_key(parse_key_file(self.id, data), self._password)
        except DamagedKey:
            return None
