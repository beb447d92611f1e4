"""The one deadline of a run, and waits that respect it.

CLOCK_BOOTTIME is used because it cannot be set and goes on while a laptop sleeps.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from math import inf
from typing import Generic, TypeVar

from lockctl.duration import describe_duration
from lockctl.errors import DeadlinePassed

T = TypeVar("T")


def boottime() -> float:
    """Seconds since this machine started, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Deadline:
    """When the run must be over. `None` seconds: never, and only the limit of each single wait counts."""

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._end = None if seconds is None else boottime() + seconds

    def cap(self, seconds: float) -> float:
        """The smaller of `seconds` and what is left. Raises DeadlinePassed when nothing is left."""
        if self._end is None:
            return seconds
        left = self._end - boottime()
        if left <= 0:
            raise self.error()
        return min(seconds, left)

    def left(self) -> float:
        """Seconds that are left; infinite where there is no end."""
        return inf if self._end is None else max(0.0, self._end - boottime())

    def passed(self) -> bool:
        """Whether the time is over."""
        return self._end is not None and boottime() >= self._end

    def error(self) -> DeadlinePassed:
        """The error that says so."""
        return DeadlinePassed(
            f"not finished within {describe_duration(self._seconds or 0)} (--timeout)",
            "Give it more time, or look why the server is slow",
        )


class Background(Generic[T]):
    """One call in a daemon thread, so that neither a name server nor a key derivation can hold up the end of a run."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._result: T | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[], T]) -> None:
        try:
            self._result = call()
        except BaseException as error:  # noqa: BLE001 - handed on to the thread that asks for the result
            self._error = error

    def wait(self, seconds: float | None) -> bool:
        """Whether the call has ended within `seconds`; None waits for its end."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> T | None:
        """What the call returned; raises what it raised. Only after `wait` said True."""
        if self._error is not None:
            raise self._error
        return self._result
