"""What is said where the folder locks/ is missing: the transport only knows that some folder was not found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lockctl.errors import NoLocksFolder, NotADirectory, NotFound


@contextmanager
def in_locks_folder() -> Iterator[None]:
    """Listing and watching locks/: raises NoLocksFolder for a folder that is not there, or is none."""
    try:
        yield
    except NotFound as error:
        raise NoLocksFolder(in_its_place=isinstance(error, NotADirectory)) from error
