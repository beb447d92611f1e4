"""A real backup that renews its lock while lockctl lists and prunes beside it, for five minutes."""

from __future__ import annotations

import itertools
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from lockctl.settings.policy import Thresholds
from tests.cli.run import ids, lockctl
from tests.cli.seeing import seen_for
from tests.lab.restic import Repository, RunningBackup
from tests.lab.seal import Owner, aged_lock

# restic renews every 5 minutes (refreshInterval in internal/repository/lock.go); some seconds more for the upload.
LONGEST_SECONDS = 345
AFTER_RENEWAL_SECONDS = 15
ADD_SECONDS = 40
FEED_SECONDS = 0.5
CALM_SECONDS = 280
PAUSE_SECONDS = 3.0
"""Between two looks while no renewal is near: they must not slow down what is tested beside them."""


def feed(backup: RunningBackup, ended: threading.Event) -> None:
    """Keep the backup busy."""
    for line in itertools.count():
        if ended.wait(FEED_SECONDS):
            return
        backup.feed(f"line {line} of a slow backup\n")


@dataclass
class LiveBackup:
    """The backup, lockctl at work beside it, and what that saw and did."""

    repository: Repository
    pid: int = 0
    first: str = ""
    """The lock that it began with."""
    outcome: subprocess.CompletedProcess[str] | None = None
    own: set[str] = field(default_factory=set)
    aged: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    at_risk: list[bool] = field(default_factory=list)
    """For each prune whether the backup had a lock there that our own sight would have let go."""

    def run(self, ended: threading.Event) -> None:
        """Goes on until the backup has renewed its lock and was finished, or until it is `ended`."""
        fed = threading.Event()
        with self.repository.running_backup() as backup:
            self.pid, self.first = backup.process.pid, backup.lock_id
            feeder = threading.Thread(target=feed, args=(backup, fed), daemon=True)
            feeder.start()
            self._look_until_renewed(ended)
            assert backup.is_alive
            fed.set()
            feeder.join(timeout=10)
            self.outcome = backup.finish()

    def _look_until_renewed(self, ended: threading.Event) -> None:
        """Goes on until the backup has renewed its lock, and for a moment after that."""
        add = begun = time.monotonic()
        stop = begun + LONGEST_SECONDS
        while time.monotonic() < stop:
            if time.monotonic() >= add:
                self.add()
                add += ADD_SECONDS
            self.look()
            if len(self.own) > 1 and stop == begun + LONGEST_SECONDS:
                stop = time.monotonic() + AFTER_RENEWAL_SECONDS
            if ended.wait(PAUSE_SECONDS if time.monotonic() < begun + CALM_SECONDS else 0):
                return

    def add(self) -> None:
        """Put one more old lock of another machine there."""
        number = len(self.aged)
        self.aged.add(aged_lock(self.repository, 7200 + number, Owner(f"web{number}"), exclusive=number % 2 == 1))

    def look(self) -> None:
        """List and prune once, and note what was seen and done."""
        # As it was: an earlier look showed the aged locks, and the backup's was not there yet.
        seen_for(self.repository)
        listed = lockctl(self.repository, "list", "--json")
        assert listed.status == 0, listed.text
        assert listed.stderr == "", "no owner of a removed lock came back"
        self.own.update(lock["id"] for lock in self.active(listed.json["locks"]))
        # As it cannot be: the backup's lock was seen for as long. Now its state is all that keeps it.
        seen_for(self.repository, whatever_its_times=True)
        pruned = lockctl(self.repository, "prune", "--yes", "--json")
        assert pruned.status == 0, pruned.text
        told = pruned.json
        assert told["failed"] == []
        assert not any(lock["pid"] == self.pid for lock in told["removed"]), "a live lock was removed"
        self.removed.update(ids(told["removed"]))
        kept = self.active(told["kept"])
        self.at_risk.append(any(lock["seen_seconds"] > Thresholds().gives_up for lock in kept))

    def active(self, locks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The backup's own among these locks, each of which has to be active."""
        mine = [lock for lock in locks if lock["pid"] == self.pid]
        assert {lock["state"] for lock in mine} <= {"active"}
        assert not any(lock["removable"] for lock in mine)
        return mine
