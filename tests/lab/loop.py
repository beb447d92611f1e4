"""A loop of `prune --yes` for some minutes, beside whatever else is tested."""

from __future__ import annotations

import itertools
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.make import quicken
from tests.cli.run import ids, list_locks, lockctl, state_of
from tests.cli.seeing import long_kept
from tests.lab.fresh import fresh_locks, rclone_copy, show_own_creation
from tests.lab.restic import Repository

LOCKS = 30
MINUTES = float(os.environ.get("LOCKCTL_LOOP_MINUTES", "5.5"))
"""Enough for a renewal and some runs after it."""
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

    @property
    def standing(self) -> set[str]:
        """The locks that stand there now."""
        return self.repository.sound_lock_ids()

    def prepare(self) -> None:
        """Furnishes the repository, with what other tests use as well."""
        quicken(self.repository)
        long_kept(state_of(self.repository))
        show_own_creation(self.repository)

    def run(self, ended: threading.Event) -> None:
        """Prunes until the time is over, or until it is `ended`."""
        with tempfile.TemporaryDirectory() as folder:
            begun = time.monotonic()
            end = begun + MINUTES * 60
            for number in itertools.count():
                self._renew(Path(folder) / str(number))
                self.renewals += number > 0
                if number == 0:
                    self.states = [lock["state"] for lock in list_locks(self.repository)]
                while time.monotonic() < min(end, begun + (number + 1) * RENEWAL_SECONDS):
                    self._prune(number)
                    if ended.wait(PAUSE_SECONDS):
                        return
                if time.monotonic() >= end:
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
