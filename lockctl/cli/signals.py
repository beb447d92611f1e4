"""SIGINT and SIGTERM end a run cleanly: at once where nothing is at stake, else between two locks."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from lockctl.deadline import Deadline, boottime
from lockctl.errors import Interrupted

GRACE_SECONDS = 5.0
"""After the deadline, for a run that stops by itself."""


class Signals:
    """Raises Interrupted when a signal comes; inside `shield` only once that is left."""

    def __init__(self) -> None:
        self._shielded = False
        self._pending = 0

    def install(self) -> None:
        """From here on SIGINT and SIGTERM raise Interrupted."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._shielded:
            self._pending = number
        else:
            raise Interrupted(number)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Signals that come inside are raised at its end."""
        self._shielded = True
        try:
            yield
        finally:
            self._shielded = False
            if self._pending:
                raise Interrupted(self._pending)


SIGNALS = Signals()
"""The signals of this process."""


def start_watchdog(deadline: Deadline, seconds: float | None) -> None:
    """Ends the process some seconds after its deadline where it hangs in the kernel, as on a mount that is gone.

    What was begun is in the journal; the next run closes it.
    """
    if seconds is None:
        return

    def watch(end: float = boottime() + seconds + GRACE_SECONDS) -> None:
        while boottime() < end:
            threading.Event().wait(max(0.1, end - boottime()))
        os.write(2, f"lockctl: {deadline.error()}\n".encode())
        os._exit(deadline.error().status)

    threading.Thread(target=watch, daemon=True).start()
