"""What takes minutes, and most of them waiting: it begins before all other tests and is waited for after them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tests.lab.breaker import HalfListed
from tests.lab.live_backup import LiveBackup
from tests.lab.loop import LoopOfPrunes


class Work(Protocol):
    """What a thread can do, and what came of it."""

    def run(self, ended: threading.Event) -> None:
        """Goes on until its own end, or until it is `ended`."""


W = TypeVar("W", bound=Work)


class Beside(Generic[W]):
    """Work in a thread of its own, which gets an event that ends it early."""

    def __init__(self, work: W) -> None:
        """Begins."""
        self._work = work
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def done(self) -> W:
        """The work, once it has ended by itself. Raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._work

    def stop(self) -> None:
        """Ends it, whoever waits for it."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work.run(self._ended)
        except BaseException as error:  # noqa: BLE001 - raised in the test that waits
            self._error = error


@dataclass(frozen=True, slots=True)
class LongRuns:
    """What takes minutes, begun together.

    The last four are the same failure: alone, cured, in its other form, and in a script that `lockctl run` supervises.
    """

    loop_of_prunes: Beside[LoopOfPrunes]
    live_backup: Beside[LiveBackup]
    open_breaker: Beside[HalfListed]
    cured: Beside[HalfListed]
    cut_short: Beside[HalfListed]
    supervised: Beside[HalfListed]

    def stop(self) -> None:
        """Ends all, whoever waits for them."""
        failures = (self.open_breaker, self.cured, self.cut_short, self.supervised)
        for run in (self.loop_of_prunes, self.live_backup, *failures):
            run.stop()
