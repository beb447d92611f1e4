"""A loop of `prune --yes` for ten minutes, beside whatever else is tested."""

from __future__ import annotations

import itertools
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.make import quicken
from tests.cli.run import ids, list_locks, lockctl
from tests.lab.fresh import fresh_locks, rclone_copy, show_own_creation
from tests.lab.restic import Repository

LOCKS = 30
MINUTES = 10
BEHIND = 3600.0
"""Seconds by which the clients' clocks are behind."""
RENEWAL_SECONDS = 300.0
PAUSE_SECONDS = 5.0
"""Between two runs: they must not slow down what is tested beside them."""


@dataclass
class LoopOfPrunes:
    """The loop and what came of it. `states` are those at first sight, `newest` the locks that were made last."""

    repository: Repository
    states: list[str] = field(default_factory=list)
    waiting: int = 0
    removed: set[str] = field(default_factory=set)
    newest: set[str] = field(default_factory=set)
    runs: int = 0
    renewals: int = 0
    error: BaseException | None = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def standing(self) -> set[str]:
        """The locks that stand there now."""
        return self.repository.sound_lock_ids()

    def start(self) -> None:
        """Begins in a thread of its own; what other tests use as well is asked before that."""
        quicken(self.repository)
        show_own_creation(self.repository)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self) -> LoopOfPrunes:
        """Waits for its end."""
        assert self._thread is not None
        self._thread.join()
        return self

    def stop(self) -> None:
        """Ends it, whoever waits for it."""
        self._ended.set()
        self.wait()

    def _run(self) -> None:
        try:
            with tempfile.TemporaryDirectory() as folder:
                self._loop(Path(folder))
        except BaseException as error:  # noqa: BLE001 - told by the test that waits
            self.error = error

    def _loop(self, folder: Path) -> None:
        begun = time.monotonic()
        for number in itertools.count():
            if number * RENEWAL_SECONDS >= MINUTES * 60:
                return
            self._renew(folder / str(number))
            self.renewals += number > 0
            if number == 0:
                self.states = [lock["state"] for lock in list_locks(self.repository)]
            while time.monotonic() < begun + (number + 1) * RENEWAL_SECONDS:
                self._prune(number)
                if self._ended.wait(PAUSE_SECONDS):
                    return

    def _renew(self, folder: Path) -> None:
        """The owners write new locks and then remove the old ones."""
        before = self.newest
        self.newest = fresh_locks(self.repository, folder, LOCKS, BEHIND)
        rclone_copy(self.repository, folder, str(self.repository.path / "locks"))
        self.repository.samba.give(self.repository.path / "locks")
        for name in before:
            (self.repository.path / "locks" / name).unlink()

    def _prune(self, number: int) -> None:
        done = lockctl(self.repository, "prune", "--yes", "--json")
        assert done.status == 0, done.text
        self.removed |= ids(done.json["removed"])
        self.runs += 1
        if number == 0:
            self.waiting = sum(lock["can_go_after"] is not None for lock in done.json["kept"])
