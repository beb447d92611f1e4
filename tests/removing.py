"""Removing one file, for tests: a flight of one."""

from __future__ import annotations

from lockctl.errors import FileError
from lockctl.transport.base import Entry, Removal, Remover


def remove_one(transport: Remover, directory: str, entry: Entry, data: bytes) -> Removal:
    """What came of it; raises why it could not be removed."""
    (result,) = transport.remove_many(directory, [(entry, data)])
    if isinstance(result, FileError):
        raise result
    return result
