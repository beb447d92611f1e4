"""What the server or other programs do not permit: to list, to read, to remove. The rest is done all the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.make import HOUR, WEB1, WEB2
from tests.cli.run import assert_fails, assert_same_in_json, history, ids, lockctl
from tests.cli.seeing import seen_for
from tests.contract.wires import SHARE_ALL, SHARE_READ, OtherClient
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock


@contextmanager
def held_open(repository: Repository, lock_id: str, share: int) -> Iterator[None]:
    """Another client reads the lock all the while, and shares only this."""
    client = OtherClient(repository.samba)
    try:
        handle = client.open(f"{repository.folder}/locks/{lock_id}", share)
        yield
        handle.close()
    finally:
        client.close()


@pytest.mark.parametrize("folder", ["locks", "keys", "config", "."])
def test_no_permission_to_list_or_open(repository: Repository, folder: str) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    path = repository.path / folder
    path.chmod(0)
    try:
        for words in (["list"], ["prune", "--yes"]):
            assert_fails(lockctl(repository, *words), 13, "the server does not permit it to this user")
        assert_same_in_json(lockctl(repository, "list", "--json"), 13, "permission")
    finally:
        path.chmod(0o700)
    assert len(repository.lock_ids()) == 1


def test_no_permission_to_read_one_lock(repository: Repository) -> None:
    closed, other = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 60, WEB2)
    (repository.path / "locks" / closed).chmod(0)
    done = lockctl(repository, "list")
    assert done.status == 3
    assert "unreadable" in done.stdout
    assert other[:8] in done.stdout
    assert f"{closed[:8]} (owner not known) could not be read: " in done.stderr
    told = lockctl(repository, "list", "--json")
    assert told.status == 3
    assert {lock["id"]: lock["state"] for lock in told.json["locks"]} == {closed: "unreadable", other: "active"}


def test_no_permission_to_delete_one_lock(repository: Repository) -> None:
    """A directory in which each may remove his own files only, as /tmp."""
    kept, gone = aged_lock(repository, 3 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    seen_for(repository)
    locks = repository.path / "locks"
    shutil.chown(locks, "root")
    shutil.chown(locks / kept, "root")
    (locks / kept).chmod(0o644)
    locks.chmod(0o1777)
    assert os.geteuid() == 0, "files of another owner can only be made by root"
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 3
    assert f"removed {gone[:8]}" in done.stdout
    assert f"{kept[:8]} (web1, PID 4209, root) was not removed" in done.stderr
    assert "does not permit" in done.stderr
    assert repository.lock_ids() == [kept]
    outcomes = {entry["id"]: entry["outcome"] for entry in history(repository)}
    assert outcomes == {kept: "kept", gone: "removed"}
    told = lockctl(repository, "prune", "--yes", "--json")
    assert told.status == 3
    (failed,) = told.json["failed"]
    assert (failed["id"], "does not permit" in failed["error"]) == (kept, True)
    quiet = lockctl(repository, "prune", "--yes", "--quiet")
    assert quiet.status == 3
    assert quiet.stderr.count("\n") == 1
    assert kept[:8] in quiet.stderr


def test_a_lock_that_another_program_has_open(repository: Repository) -> None:
    """It shares no deletion: what stays open stays, and the others go."""
    kept, gone = aged_lock(repository, 3 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    seen_for(repository)
    with held_open(repository, kept, SHARE_READ):
        done = lockctl(repository, "prune", "--yes", "--json")
    assert done.status == 3
    assert ids(done.json["removed"]) == {gone}
    assert ids(done.json["failed"]) == {kept}
    assert "another program has it open" in done.stderr
    assert repository.lock_ids() == [kept]
    assert {entry["id"]: entry["outcome"] for entry in history(repository)} == {kept: "kept", gone: "removed"}


def test_a_lock_that_is_gone_only_when_another_program_closes_it(repository: Repository) -> None:
    marked = aged_lock(repository, 3 * HOUR, WEB1)
    seen_for(repository)
    with held_open(repository, marked, SHARE_ALL):
        done = lockctl(repository, "prune", "--yes")
        assert done.status == 3, done.text
        assert marked[:8] in done.stderr
        assert "it goes when that closes it" in done.stderr
    assert repository.lock_ids() == []
    (entry,) = history(repository)
    assert entry["outcome"] == "unknown"
