"""How many keys are derived at once: no more than this machine has cores, and memory for.

One run can open many repositories, and each derivation takes a core for as long as it lasts, and 32 MiB or more.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lockctl.repository.keyfile import KeyFile, open_key_file

if TYPE_CHECKING:
    from lockctl.repository.crypto import Key

MEMORY = 256 * 2**20
"""Bytes for all derivations at once; one that needs more goes alone."""


class Gate:
    """Lets in so many at once, and so many bytes of theirs; whoever is alone is let in whatever the size."""

    def __init__(self, most: int, memory: int) -> None:
        self._most, self._memory = most, memory
        self._inside: list[int] = []
        self._changed = threading.Condition()

    @contextmanager
    def admit(self, memory: int) -> Iterator[None]:
        """Waits for room for this many bytes."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_room(memory))
            self._inside.append(memory)
        try:
            yield
        finally:
            with self._changed:
                self._inside.remove(memory)
                self._changed.notify_all()

    def _has_room(self, memory: int) -> bool:
        if not self._inside:
            return True
        return len(self._inside) < self._most and sum(self._inside) + memory <= self._memory


_GATE = Gate(len(os.sched_getaffinity(0)), MEMORY)


def open_key(key_file: KeyFile, password: str) -> Key | None:
    """As `open_key_file`, once there is room for it."""
    with _GATE.admit(key_file.scrypt.memory):
        return open_key_file(key_file, password)
