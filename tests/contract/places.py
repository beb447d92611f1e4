"""The three places that the contract is held against, each with a way behind its transport's back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lockctl.clock.deadline import Deadline
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import Login
from lockctl.transport.base import Remover
from lockctl.transport.smb.transport import SmbTransport
from tests.lab.samba import Samba
from tests.memory import MemoryTransport

LONG_AGO = 1_700_000_000 * 10**9
DEADLINE_SECONDS = 60.0


class Place(Protocol):
    """A transport and what a test needs to do and see without it."""

    kind: str

    @property
    def transport(self) -> Remover:
        """The transport under test."""

    def put(self, path: str, data: bytes) -> None:
        """Write a new file; directories that it needs are made."""

    def replace(self, path: str, data: bytes) -> None:
        """Put another instance under the name, last written at the same time as the one that stands there."""

    def delete(self, path: str) -> None:
        """Remove a file."""

    def make_directory(self, path: str) -> None:
        """Make an empty directory."""

    def make_read_only(self, path: str) -> None:
        """Take away the permission to write, as restic does on a disk."""

    def set_directory_back(self, path: str) -> None:
        """Set the directory's last change to `LONG_AGO`."""

    def names(self, path: str) -> list[str]:
        """The names in a directory, sorted."""

    def data(self, path: str) -> bytes:
        """The bytes of a file."""


class MemoryPlace:
    """The tests' own transport."""

    kind = "memory"

    def __init__(self) -> None:
        self.memory = MemoryTransport()
        self.transport: Remover = self.memory

    def put(self, path: str, data: bytes) -> None:
        """Write a new file."""
        self.memory.put(path, data)

    def replace(self, path: str, data: bytes) -> None:
        """Put another instance there."""
        self.memory.put(path, data, written=self.memory.files[path].written)

    def delete(self, path: str) -> None:
        """Remove a file."""
        self.memory.delete(path)

    def make_directory(self, path: str) -> None:
        """Make an empty directory."""
        self.memory.make_directory(path)

    def make_read_only(self, path: str) -> None:
        """Mark it."""
        self.memory.files[path].read_only = True

    def set_directory_back(self, path: str) -> None:
        """Set its last change back."""
        self.memory.changed[path] = LONG_AGO

    def names(self, path: str) -> list[str]:
        """The names of files."""
        return sorted(name.rpartition("/")[2] for name in self.memory.files if name.rpartition("/")[0] == path)

    def data(self, path: str) -> bytes:
        """The bytes of a file."""
        return self.memory.files[path].data


class DiskPlace:
    """A directory of this machine; `give` makes what was written there belong to whoever serves it."""

    def __init__(self, kind: str, transport: Remover, root: Path, give: Callable[[Path], None]) -> None:
        self.kind = kind
        self.transport = transport
        self.root = root
        self._give = give

    def put(self, path: str, data: bytes) -> None:
        """Write a new file."""
        self.make_directory(str(Path(path).parent))
        (self.root / path).write_bytes(data)
        self._give(self.root / path)

    def replace(self, path: str, data: bytes) -> None:
        """Put another instance there; it is made first, so that it cannot get the old one's inode."""
        status = (self.root / path).stat()
        other = self.root / "replacement"
        other.write_bytes(data)
        self._give(other)
        os.utime(other, ns=(status.st_mtime_ns, status.st_mtime_ns))
        other.rename(self.root / path)

    def delete(self, path: str) -> None:
        """Remove a file."""
        (self.root / path).unlink()

    def make_directory(self, path: str) -> None:
        """Make a directory."""
        if not (self.root / path).exists():
            (self.root / path).mkdir(parents=True)
            self._give(self.root / path)

    def make_read_only(self, path: str) -> None:
        """Take the permission to write away."""
        (self.root / path).chmod(0o400)

    def set_directory_back(self, path: str) -> None:
        """Set its last change back."""
        os.utime(self.root / path, ns=(LONG_AGO, LONG_AGO))

    def names(self, path: str) -> list[str]:
        """The names in a directory."""
        return sorted(entry.name for entry in (self.root / path).iterdir())

    def data(self, path: str) -> bytes:
        """The bytes of a file."""
        return (self.root / path).read_bytes()


def connect(
    samba: Samba, folder: str, share: str = "backup", port: int | None = None, user: str = "", *, lane: bool = True
) -> SmbTransport:
    """A transport to a folder of a share, logged on as the lab's user: by the lane, or in the plain way."""
    address = SmbAddress(samba.host, share, folder, port or samba.port)
    login = Login(user or samba.user, samba.password)
    return SmbTransport(address, login, Deadline(DEADLINE_SECONDS), lane=lane)


def samba_place(samba: Samba, folder: str, share: str = "backup", *, lane: bool = True) -> DiskPlace:
    """A new folder of a share."""
    root = samba.make_folder(share, folder)
    return DiskPlace("lane" if lane else "plain", connect(samba, folder, share, lane=lane), root, samba.give)
