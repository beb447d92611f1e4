"""A head start: the key file that opened this repository last time, kept so that scrypt can run while we connect.

Deriving the key takes longer than all the rest of a short run. A key file never changes (its name is its hash) and
hides no more than the share itself does. It is used only where the share still lists it.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from lockctl.background import Background
from lockctl.errors import DamagedKey
from lockctl.repository.crypto import Key
from lockctl.repository.keyfile import MAX_KEY_SIZE, open_key_file, parse_key_file


class HeadStart:
    """The kept key file of one address, being opened with a password."""

    def __init__(self, folder: Path, address: str, password: str) -> None:
        """Starts at once where a key file was kept."""
        self._path = folder / hashlib.sha256(address.encode("utf-8", "surrogateescape")).hexdigest()
        self._password = password
        self.id = ""
        """The kept key's id, '' where none was kept."""
        self._opening: Background[Key | None] | None = None
        data = self._read()
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
        if hashlib.sha256(data).hexdigest() == self.id:
            return
        for folder in (self._path.parent.parent, self._path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(f".{os.getpid()}")
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(data)
        unfinished.replace(self._path)

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                return file.read(MAX_KEY_SIZE)
        except OSError:
            return b""  # nothing kept, or not for us: then there is no head start

    def _open(self, data: bytes) -> Key | None:
        try:
            return open_key_file(parse_key_file(self.id, data), self._password)
        except DamagedKey:
            return None
