"""The one deadline of a run, and waits that respect it.

CLOCK_BOOTTIME is used because it cannot be set and goes on while a laptop sleeps.
"""

from __future__ import annotations

from math import inf

from lockctl.clock.boot import boottime, process_began
from lockctl.clock.duration import describe_duration
from lockctl.errors import DeadlinePassed


class Deadline:
    """When the run must be over. `None` seconds: never, and only the limit of each single wait counts.

    They count from now, or from `begun` by the boot-time clock.
    """

    def __init__(self, seconds: float | None = None, begun: float | None = None) -> None:
        self._seconds = seconds
        self._end = None if seconds is None else (boottime() if begun is None else begun) + seconds

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


class Run:
    """When this run began, by the boot-time clock: with its process, unless it was told otherwise since."""

    def __init__(self) -> None:
        self._begun: float | None = None

    @property
    def begun(self) -> float:
        """Seconds of that clock."""
        if self._begun is None:
            self._begun = process_began()
        return self._begun

    @begun.setter
    def begun(self, moment: float) -> None:
        self._begun = moment


RUN = Run()
"""That of this process."""
