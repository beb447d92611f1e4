"""A real backup that renews its lock while lockctl lists and prunes beside it: none of its locks is touched."""

from __future__ import annotations

import itertools
import threading
import time

from tests.cli.run import history, ids, lockctl
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


def test_a_backup_that_renews_its_lock_is_left_alone(repository: Repository) -> None:
    own: set[str] = set()
    aged: set[str] = set()
    removed: set[str] = set()
    pid = 0

    def look() -> None:
        """List and prune once, and note what was seen and done."""
        listed = lockctl(repository, "list", "--json")
        assert listed.status == 0, listed.text
        assert listed.stderr == "", "no owner of a removed lock came back"
        mine = {lock["id"]: lock for lock in listed.json["locks"] if lock["pid"] == pid}
        assert {lock["state"] for lock in mine.values()} <= {"active"}
        assert not any(lock["removable"] for lock in mine.values())
        own.update(mine)
        pruned = lockctl(repository, "prune", "--yes", "--json")
        assert pruned.status == 0, pruned.text
        told = pruned.json
        assert told["failed"] == []
        removed.update(ids(told["removed"]))

    ended = threading.Event()
    with repository.running_backup() as backup:
        pid = backup.process.pid
        feeder = threading.Thread(target=feed, args=(backup, ended), daemon=True)
        feeder.start()
        begun = time.monotonic()
        stop = begun + LONGEST_SECONDS
        add = begun
        while time.monotonic() < stop:
            if time.monotonic() >= add:
                number = len(aged)
                aged.add(aged_lock(repository, 7200 + number, Owner(f"web{number}"), exclusive=number % 2 == 1))
                add += ADD_SECONDS
            look()
            if len(own) > 1 and stop == begun + LONGEST_SECONDS:
                stop = time.monotonic() + AFTER_RENEWAL_SECONDS
        assert backup.is_alive
        ended.set()
        feeder.join(timeout=10)
        done = backup.finish()
    assert done.returncode == 0, done.stderr
    assert backup.lock_id in own
    assert len(own) >= 2, "a renewal was seen"
    assert aged
    assert removed == aged, "what was old and of others went, and nothing else"
    entries = history(repository)
    assert {(entry["id"], entry["outcome"], entry["returned_as"]) for entry in entries} == {
        (one, "removed", None) for one in aged
    }
    until(lambda: repository.lock_ids() == [], "end of the last lock", seconds=5)
    assert repository.run("check").returncode == 0
