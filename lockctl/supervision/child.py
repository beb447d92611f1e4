"""The command as a process: its output passes through byte for byte, and what it says of locks is read along."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from lockctl.diagnosis.logs.runs import LogReader, Run
from lockctl.diagnosis.logs.texts import Kind
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
_SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a command."""
_MAX_RUNS = 100
"""Of restic, that are remembered of one command."""


class Child:
    """One start of a command."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        """Signals that came before there was a process."""
        # Where both go to one file, one pipe keeps them in order. A terminal's own output stays a terminal.
        self._is_shared = _is_one_file() and not os.isatty(1)
        self._reader = LogReader()
        self._runs: list[Run] = []
        self._guard = threading.Lock()
        self._is_passing = False
        """Whether something was read and is not yet written."""
        self._is_stopped = False

    def wait(self, is_in_vain: Callable[[Sequence[Run]], bool]) -> Ended:
        """Starts it, waits for its end, and passes signals on to it until then. Raises NotStarted where it cannot be.

        A restic that works in vain, by what it has said so far, is interrupted as by Ctrl-C. What is no restic itself,
        such as a script with one in it, never is.
        """
        with self._forwarding():
            process = self._start()
            pump = threading.Thread(target=self._pump, args=(process,), daemon=True)
            pump.start()
            status, is_ended_by_us = self._wait(process, is_in_vain)
        pump.join(_DRAIN_SECONDS)
        while pump.is_alive() and self._is_passing:
            pump.join(_DRAIN_SECONDS)
        with self._guard:
            runs = [*self._runs, *self._reader.end()]
        status = status if status >= 0 else 128 - status
        is_stopped = self._is_stopped or (not is_ended_by_us and _is_interrupted(status, runs))
        return Ended(status, runs, is_stopped)

    def _start(self) -> subprocess.Popen[bytes]:
        out = subprocess.PIPE if self._is_shared else None
        error_to = subprocess.STDOUT if self._is_shared else subprocess.PIPE
        try:
            # What was opened for the command, as by `--password-file <(pass restic)`, is the command's.
            process = subprocess.Popen(self._command, stdout=out, stderr=error_to, close_fds=False)
        except OSError as error:
            raise NotStarted(f"cannot start {self._command[0]}: {error.strerror}", "See the word after '--'") from error
        self._process = process
        for number in self._early:
            process.send_signal(number)
        return process

    def _wait(self, process: subprocess.Popen[bytes], is_in_vain: Callable[[Sequence[Run]], bool]) -> tuple[int, bool]:
        """Its status, and whether it was ended for working in vain."""
        is_asked = True
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(_TICK_SECONDS if is_asked else None), not is_asked
            with self._guard:
                runs = self._reader.open_runs
            if is_asked and _is_restic(process.pid) and is_in_vain(runs):
                process.send_signal(signal.SIGINT)
                is_asked = False

    def _pump(self, process: subprocess.Popen[bytes]) -> None:
        pipe = process.stdout if self._is_shared else process.stderr
        if pipe is None:
            return
        while data := os.read(pipe.fileno(), _PIECE):
            self._is_passing = True
            _write_all(1 if self._is_shared else 2, data)
            self._is_passing = False
            # Whatever it makes of what it reads, the command is not held up.
            with self._guard, suppress(Exception):
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
        self._is_stopped = self._is_stopped or number not in _GOES_ON
        if self._process is None:
            self._early.append(number)
            return
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


def _is_restic(pid: int) -> bool:
    """By its program's file: a script may be called `restic-backup.sh`."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name.startswith("restic")
    except OSError:
        return False


def _is_interrupted(status: int, runs: Sequence[Run]) -> bool:
    """Whether somebody ended it: by a signal that it died of, or that restic says it had."""
    return status > _SIGNALLED or any(run.has(Kind.SIGNAL) for run in runs)


def _write_all(target: int, data: bytes) -> None:
    """Where nobody reads, or the disk is full, the command goes on all the same."""
    while data:
        try:
            data = data[os.write(target, data) :]
        except BlockingIOError:
            select.select([], [target], [])  # whoever shares this file has set it so
        except OSError:
            return
