"""The command as a process: its output passes through byte for byte, and what it says of locks is read along."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from lockctl.diagnosis.logs.runs import LogReader, Run
from lockctl.errors import NotStarted
from lockctl.supervision.loop import Ended

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
"""Signals that are the command's. restic minds no second SIGINT, where a terminal has sent it one already."""
_GOES_ON = (signal.SIGUSR1, signal.SIGUSR2)
"""Signals that end nothing: restic shows its progress."""
_PIECE = 64 * 1024
_TICK_SECONDS = 1.0
"""Between two moments at which it is asked whether the command works in vain."""
_DRAIN_SECONDS = 2.0
"""For what the command left in the pipe; something that it started may hold that open for ever."""
_MAX_RUNS = 100
"""Of restic, that are remembered of one command."""


class Child:
    """One start of a command."""

    def __init__(self, command: Sequence[str]) -> None:
        """Starts it. Raises NotStarted where that cannot be."""
        # Where both go to one file, one pipe keeps them in order. A terminal's own output stays a terminal.
        shared = _is_one_file() and not os.isatty(1)
        try:
            self._process = subprocess.Popen(
                list(command), stdout=subprocess.PIPE if shared else None, stderr=subprocess.STDOUT if shared else -1
            )
        except OSError as error:
            raise NotStarted(f"cannot start {command[0]}: {error.strerror}", "See the word after '--'") from error
        pipe = self._process.stdout if shared else self._process.stderr
        self._pipe = pipe.fileno() if pipe is not None else -1
        self._target = 1 if shared else 2
        self._reader = LogReader()
        self._runs: list[Run] = []
        self._guard = threading.Lock()
        self._stopped = False

    def wait(self, is_in_vain: Callable[[Sequence[Run]], bool]) -> Ended:
        """Waits for its end, and passes signals on to it until then.

        A restic that works in vain, by what it has said so far, is interrupted as by Ctrl-C. What is no restic itself,
        such as a script with one in it, never is.
        """
        pump = threading.Thread(target=self._pump, daemon=True)
        with self._forwarding():
            pump.start()
            status = self._wait(is_in_vain)
        pump.join(_DRAIN_SECONDS)
        with self._guard:
            runs = [*self._runs, *self._reader.end()]
        return Ended(status if status >= 0 else 128 - status, runs, self._stopped)

    def _wait(self, is_in_vain: Callable[[Sequence[Run]], bool]) -> int:
        is_asked = True
        while True:
            with suppress(subprocess.TimeoutExpired):
                return self._process.wait(_TICK_SECONDS if is_asked else None)
            with self._guard:
                runs = self._reader.open_runs
            if is_asked and self._is_restic() and is_in_vain(runs):
                self._process.send_signal(signal.SIGINT)
                is_asked = False

    def _is_restic(self) -> bool:
        try:
            return Path(f"/proc/{self._process.pid}/comm").read_text(encoding="utf-8").startswith("restic")
        except OSError:
            return False

    def _pump(self) -> None:
        is_read = True
        while data := os.read(self._pipe, _PIECE):
            if is_read:
                is_read = _write_all(self._target, data)
            with self._guard:
                self._runs += self._reader.feed(data)
                del self._runs[:-_MAX_RUNS]

    @contextmanager
    def _forwarding(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._forward) for number in FORWARDED if not _is_ignored(number)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _forward(self, number: int, _frame: FrameType | None) -> None:
        self._stopped = self._stopped or number not in _GOES_ON
        with suppress(ProcessLookupError):
            self._process.send_signal(number)


def _is_ignored(number: int) -> bool:
    """Whether whoever started us wants it ignored, as nohup does: the command ignores it too."""
    return signal.getsignal(number) == signal.SIG_IGN


def _is_one_file() -> bool:
    try:
        return os.path.sameopenfile(1, 2)
    except OSError:
        return False


def _write_all(target: int, data: bytes) -> bool:
    """Whether it could be written: where nobody reads, the command goes on all the same."""
    try:
        while data:
            data = data[os.write(target, data) :]
    except OSError:
        return False
    return True
