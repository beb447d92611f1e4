"""The watch for where nobody tells of changes: a mount, a disk, a server without CHANGE_NOTIFY. Lists now and then."""

from __future__ import annotations

import time
from collections.abc import Callable

from lockctl.transport.base import Listing


class PollingWatch:
    """Compares listings that are `pause` seconds apart; see `base.Watch` for what it promises."""

    def __init__(self, look: Callable[[], Listing], pause: float) -> None:
        self._look = look
        self._pause = pause
        self._seen = _signature(look())
        self._due = time.monotonic() + pause

    @property
    def polls(self) -> bool:
        """It does nothing else."""
        return True

    def wait(self, seconds: float) -> bool:
        """Lists whenever that is due, until something differs from the listing before."""
        end = time.monotonic() + seconds
        while True:
            time.sleep(max(0.0, min(self._due, end) - time.monotonic()))
            if time.monotonic() >= self._due:
                now = _signature(self._look())
                self._due = time.monotonic() + self._pause
                if now != self._seen:
                    self._seen = now
                    return True
            if time.monotonic() >= end:
                return False


def _signature(listing: Listing) -> frozenset[tuple[str, int, int]]:
    return frozenset(entry.version for entry in listing.entries)
