"""A process whose output is kept as it comes: both streams in one, as cron gets it, and when each line arrived."""

from __future__ import annotations

import fcntl
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tests.lab.processes import until


class Recording:
    """One run of a command, from its begin to its end."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], stdin: int) -> None:
        """Begins."""
        self.begun = datetime.now(UTC)
        self.lines: list[bytes] = []
        self.arrived: list[datetime] = []
        self._clock = time.monotonic()
        self.process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """What was printed so far."""
        return b"".join(self.lines).decode(errors="replace")

    def until(self, text: str, seconds: float = 60) -> None:
        """Wait until this was printed."""
        until(lambda: text in self.text, f"line with {text!r}: {self.text}", seconds)

    def wait(self, seconds: float) -> int | None:
        """The exit status, negative for a signal; None where the process still runs after `seconds`."""
        try:
            status = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None
        # rclone may outlive restic for a moment, and holds the pipe.
        self._reader.join(timeout=10)
        return status

    def feed(self, data: bytes) -> None:
        """Give the process input."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def has_read_all(self) -> bool:
        """Whether the process took all of its input so far: restic does so with its lock in hand only."""
        assert self.process.stdin is not None
        return fcntl.ioctl(self.process.stdin, termios.FIONREAD, b"\0" * 4) == b"\0" * 4

    def end_input(self) -> None:
        """Tell the process that no more input comes."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            self.arrived.append(datetime.now(UTC))
            self.lines.append(line)
