"""What takes minutes, and most of them waiting: it begins before all other tests and is waited for after them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.lab.live_backup import LiveBackup
from tests.lab.loop import LoopOfPrunes


class Beside:
    """Work in a thread of its own, which gets an event that ends it early."""

    def __init__(self, work: Callable[[threading.Event], object]) -> None:
        """Begins."""
        self._work = work
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Waits for its own end. Raises what it raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Ends it, whoever waits for it."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work(self._ended)
        except BaseException as error:  # noqa: BLE001 - raised in the test that waits
            self._error = error


class LongRuns:
    """What takes minutes, and most of them waiting: begun together, and waited for one after the other."""

    def __init__(self, loop: LoopOfPrunes, backup: LiveBackup) -> None:
        """Begins."""
        self._loop, self._backup = loop, backup
        self._looping, self._backing_up = Beside(loop.run), Beside(backup.run)

    def loop_of_prunes(self) -> LoopOfPrunes:
        """The loop of prunes, once it has ended."""
        self._looping.wait()
        return self._loop

    def live_backup(self) -> LiveBackup:
        """The backup that had to renew its lock, once it has ended."""
        self._backing_up.wait()
        return self._backup

    def stop(self) -> None:
        """Ends both, whoever waits for them."""
        self._looping.stop()
        self._backing_up.stop()
