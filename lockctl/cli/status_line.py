"""The last line of a terminal: what a command tells of its progress, or what it has been waiting for.

On standard error, and gone before anything else is written. Whether there is a terminal is for the caller to know.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from lockctl.cli.signals import SIGNALS
from lockctl.render.harmless import columns, visible

PATIENCE = 0.5
"""Seconds after which one wants to know what is waited for."""
_TICK = 0.1
_TURNING = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_TURNING = "|/-\\"
_USUAL = 80


class StatusLine:
    """One line, which is drawn again and again. What is told stands before what is waited for."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal's answer may have something to write in the midst of it
        self._told = ""
        self._awaited = ""
        self._ended = threading.Event()

    def tell(self, text: str) -> None:
        """Shows this until the next text; an empty one removes it."""
        with self._lock:
            self._told = text
            self._draw(text) if text else self._wipe()

    def wait_for(self, text: str) -> None:
        """Shows this, turning, once anything has been waited for without a break for longer than PATIENCE."""
        with self._lock:
            begins = bool(text) and not self._awaited
            self._awaited = text
            if not text:
                self._ended.set()
                if not self._told:
                    self._wipe()
            elif begins:
                self._ended = threading.Event()
                threading.Thread(target=self._turn, args=(self._ended,), daemon=True).start()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Something else is written meanwhile, from the beginning of a line."""
        with self._lock:
            self._wipe()
            yield

    def _turn(self, ended: threading.Event) -> None:
        signs = _TURNING if _can_show(_TURNING) else _PLAIN_TURNING
        number = 0
        stopped = ended.wait(PATIENCE)
        while not stopped:
            with self._lock:
                if not ended.is_set() and not self._told:
                    self._draw(f"{signs[number % len(signs)]} {self._awaited}")
            number += 1
            stopped = ended.wait(_TICK)

    def _draw(self, text: str) -> None:
        shown = visible(text, _columns() - 1)
        self._write(f"{SIGNALS.wipe}{shown}")
        # No sequence of any terminal's own: --no-color promises none, and blanks do as well.
        SIGNALS.wipe = f"\r{' ' * columns(shown)}\r"

    def _wipe(self) -> None:
        if SIGNALS.wipe:
            self._write(SIGNALS.wipe)
        SIGNALS.wipe = ""

    @staticmethod
    def _write(text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


def _can_show(signs: str) -> bool:
    if os.environ.get("TERM") == "linux":
        return False  # its fonts have no Braille
    try:
        signs.encode(sys.stderr.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _USUAL
    except (OSError, ValueError):
        return _USUAL


STATUS_LINE = StatusLine()
"""That of this process's terminal."""
