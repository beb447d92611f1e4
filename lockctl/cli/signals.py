"""SIGINT, SIGTERM and SIGHUP end a run cleanly: at once where nothing is at stake, else between two locks."""

from __future__ import annotations

import os
import select
import signal
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from lockctl.background import end_all
from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.errors import Interrupted

GRACE_SECONDS = 2.0
"""After the deadline, for a run that stops by itself."""


@dataclass(frozen=True, slots=True)
class LastWords:
    """A line for a file descriptor, and the exit status with it."""

    descriptor: int
    line: str
    status: int


class Signals:
    """Raises Interrupted when a signal comes; inside `shield` only once that is left."""

    def __init__(self) -> None:
        self._shields = 0
        self._pending = 0
        self.received = 0
        """The number of the signal that came, 0 where none did."""
        self.wipe = ""
        """What empties the terminal's last line, where something is drawn there."""
        self.has_begun = False
        """Whether a removal was begun in this run."""
        self.last_words: LastWords | None = None
        """What a run says that hangs and is ended, where that is not as usual."""

    def install(self) -> None:
        """From here on SIGINT and SIGTERM raise Interrupted; so does SIGHUP, unless whoever started us ignores it."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._handle)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.received:
            return  # the first is being obeyed already
        self.received = number
        if self._shields:
            self._pending = number
        else:
            raise Interrupted(number)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Signals that come inside are raised at its end, which is that of the outermost."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
            if not self._shields and self._pending:
                pending, self._pending = self._pending, 0
                raise Interrupted(pending)

    @contextmanager
    def removing(self) -> Iterator[None]:
        """A shield within which something of the repository is changed."""
        self.has_begun = True
        with self.shield():
            yield


SIGNALS = Signals()
"""The signals of this process."""


def start_watchdog(deadline: Deadline, seconds: float | None) -> None:
    """Ends the process some seconds after its deadline where it hangs in the kernel, as on a mount that is gone.

    What was begun is in the journal; the next run closes it.
    """
    if seconds is None:
        return

    terminal = _terminal_settings()

    def watch(end: float = boottime() + deadline.left() + GRACE_SECONDS) -> None:
        while boottime() < end:
            threading.Event().wait(max(0.1, end - boottime()))
        _put_back(terminal)
        usual = LastWords(2, f"lockctl: {deadline.error()}", 3 if SIGNALS.has_begun else deadline.error().status)
        said = SIGNALS.last_words or usual
        _say_if_heard(said)
        end_all()
        os._exit(said.status)

    threading.Thread(target=watch, daemon=True).start()


def _say_if_heard(said: LastWords) -> None:
    """Writes the line where that is taken at once: the end waits for no reader."""
    try:
        if select.select([], [said.descriptor], [], 0)[1]:
            # Not as all else is said: whoever hangs may be at it.
            wipe = SIGNALS.wipe if said.descriptor == 2 else ""
            os.write(said.descriptor, f"{wipe}{said.line}\n".encode())
    except OSError:
        return  # closed: nobody hears it


def _terminal_settings() -> list[Any] | None:
    try:
        return termios.tcgetattr(0)
    except termios.error:
        return None


def _put_back(settings: list[Any] | None) -> None:
    """Undoes what a prompt for a password did: the echo was off.

    Only in the foreground: whoever changes a terminal in the background is stopped by it, and would never end.
    """
    try:
        if settings is not None and os.tcgetpgrp(0) == os.getpgrp():
            termios.tcsetattr(0, termios.TCSANOW, settings)
    except (OSError, termios.error):
        return  # the terminal has gone
