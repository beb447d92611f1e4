"""A share without creation times of its own, and clients whose clock is five hours behind: nothing of theirs goes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.make import quicken
from tests.cli.run import history, list_locks, lockctl
from tests.conftest import NewRepository
from tests.lab.processes import binary
from tests.lab.restic import Repository
from tests.lab.seal import NS, Owner, format_of, lock_bytes, lock_of, master_of

LOCKS = 30
BEHIND = 5 * 3600


def upload(repository: Repository, folder: Path) -> set[str]:
    """Put fresh locks there with real rclone, as it does for a client whose clock is behind; return their ids.

    Go programs ignore libfaketime: what that clock decides, the lock's `time` and the last-write time that
    rclone sets after the upload, is given to rclone as the times of the files that it copies.
    """
    master = master_of(repository.path, repository.password)
    version = format_of(repository.path, master)
    folder.mkdir()
    names = set()
    for number in range(LOCKS):
        behind = time.time_ns() - BEHIND * NS
        sealed = lock_bytes(master, lock_of(behind, Owner(f"behind{number}", pid=100 + number)), version)
        path = folder / hashlib.sha256(sealed).hexdigest()
        path.write_bytes(sealed)
        os.utime(path, ns=(behind, behind))
        names.add(path.name)
    target = f"lab:{repository.share}/{repository.folder}/locks"
    command = [binary("rclone", "rclone"), "copy", str(folder), target]
    subprocess.run(command, env=repository.env, check=True, capture_output=True, timeout=120)
    return names


@pytest.fixture
def behind(new_repository: NewRepository, tmp_path: Path) -> tuple[Repository, set[str]]:
    """The repository and its thirty fresh locks."""
    repository = new_repository("undated")
    quicken(repository)
    return repository, upload(repository, tmp_path / "locks")


def test_the_share_looks_as_it_should(behind: tuple[Repository, set[str]]) -> None:
    """All times are the client's: five hours old, although the files were just made."""
    repository, names = behind
    for name in names:
        times = repository.samba.times(repository.share, f"{repository.folder}/locks/{name}")
        assert abs(time.time_ns() - BEHIND * NS - times.written) < 120 * NS
        assert abs(times.created - times.written) < NS


def test_nothing_is_removed(behind: tuple[Repository, set[str]]) -> None:
    repository, names = behind
    assert repository.sound_lock_ids() == names
    listed = list_locks(repository)
    assert {lock["id"] for lock in listed} == names
    assert {lock["state"] for lock in listed} == {"doubtful"}, "the directory has just changed"
    dry = lockctl(repository, "prune", "--dry-run", "--json")
    assert dry.status == 0
    for _ in range(2):
        unattended = lockctl(repository, "prune", "--yes", "--json")
        assert unattended.status == 0, unattended.text
        assert unattended.json["removed"] == []
        assert len(unattended.json["kept"]) == LOCKS
    person = lockctl(repository, "prune", tty=True, stdin="y\n")
    assert person.status == 0, person.text
    assert "0 locks removed, 30 kept" in person.stdout
    assert repository.sound_lock_ids() == names
    assert history(repository) == []
    quiet = lockctl(repository, "prune", "--yes", "--quiet")
    assert (quiet.status, quiet.text) == (0, "")


def test_they_are_stale_once_nothing_has_changed_for_half_an_hour(behind: tuple[Repository, set[str]]) -> None:
    """Then the directory's own time agrees with the clients'; a person may say yes, a cron job may not yet."""
    repository, names = behind
    for minutes, state in ((29, "doubtful"), (31, "stale")):
        back = time.time_ns() - minutes * 60 * NS
        os.utime(repository.path / "locks", ns=(back, back))
        listed = list_locks(repository)
        assert {lock["state"] for lock in listed} == {state}
        servers = {witness["name"] for lock in listed for witness in lock["witnesses"] if "server" in witness["name"]}
        assert servers == {"server-directory"}
    unattended = lockctl(repository, "prune", "--yes", "--json")
    assert (unattended.status, unattended.json["removed"]) == (0, [])
    person = lockctl(repository, "prune", tty=True, stdin="y\n")
    assert person.status == 0, person.text
    assert "30 locks removed" in person.stdout
    assert len(names) == LOCKS
    assert repository.sound_lock_ids() == set()
