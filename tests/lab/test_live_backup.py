"""A real backup that renews its lock while lockctl lists and prunes beside it: none of its locks is touched."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from lockctl.settings.policy import Thresholds
from tests.cli.run import history, ids, lockctl
from tests.cli.seeing import seen_for
from tests.lab.processes import until
from tests.lab.restic import Repository, RunningBackup
from tests.lab.seal import Owner, aged_lock

# restic renews every 5 minutes (refreshInterval in internal/repository/lock.go); some seconds more for the upload.
LONGEST_SECONDS = 345
AFTER_RENEWAL_SECONDS = 15
ADD_SECONDS = 40
FEED_SECONDS = 0.5


def feed(backup: RunningBackup, ended: threading.Event) -> None:
    """Keep the backup busy."""
    for line in itertools.count():
        if ended.wait(FEED_SECONDS):
            return
        backup.feed(f"line {line} of a slow backup\n")


@dataclass
class Beside:
    """lockctl at work beside the backup with this PID, and what it saw and did."""

    repository: Repository
    pid: int
    own: set[str] = field(default_factory=set)
    aged: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    at_risk: list[bool] = field(default_factory=list)
    """For each prune whether the backup had a lock there that our own sight would have let go."""

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


def look_until_renewed(beside: Beside) -> None:
    """Go on until the backup has renewed its lock, and for a moment after that."""
    add = begun = time.monotonic()
    stop = begun + LONGEST_SECONDS
    while time.monotonic() < stop:
        if time.monotonic() >= add:
            beside.add()
            add += ADD_SECONDS
        beside.look()
        if len(beside.own) > 1 and stop == begun + LONGEST_SECONDS:
            stop = time.monotonic() + AFTER_RENEWAL_SECONDS


def test_a_backup_that_renews_its_lock_is_left_alone(repository: Repository) -> None:
    ended = threading.Event()
    with repository.running_backup() as backup:
        beside = Beside(repository, backup.process.pid)
        feeder = threading.Thread(target=feed, args=(backup, ended), daemon=True)
        feeder.start()
        look_until_renewed(beside)
        assert backup.is_alive
        ended.set()
        feeder.join(timeout=10)
        done = backup.finish()
    assert done.returncode == 0, done.stderr
    assert backup.lock_id in beside.own
    assert len(beside.own) >= 2, "a renewal was seen"
    assert beside.at_risk.count(False) < len(beside.own), "at most a prune for each renewal met only a new lock"
    assert beside.aged
    assert beside.removed == beside.aged, "what was old and of others went, and nothing else"
    entries = history(repository)
    assert {(entry["id"], entry["outcome"], entry["returned_as"]) for entry in entries} == {
        (one, "removed", None) for one in beside.aged
    }
    until(lambda: repository.lock_ids() == [], "end of the last lock", seconds=5)
    assert repository.run("check").returncode == 0
