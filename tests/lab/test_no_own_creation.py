"""A share without creation times of its own, and clients whose clock is five hours behind: nothing of theirs goes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.cli.make import quicken
from tests.cli.run import history, ids, list_locks, lockctl
from tests.cli.seeing import seen_for
from tests.conftest import NewRepository
from tests.lab.fresh import fresh_locks, rclone_copy
from tests.lab.restic import Repository
from tests.lab.seal import NS

LOCKS = 30
BEHIND = 5 * 3600 + 0.3
"""Seconds. With a fraction of its own: Samba makes creation up from the fractions of several times."""


@pytest.fixture
def behind(new_repository: NewRepository, tmp_path: Path) -> tuple[Repository, set[str]]:
    """The repository and its thirty fresh locks."""
    repository = new_repository("undated")
    quicken(repository)
    names = fresh_locks(repository, tmp_path / "locks", LOCKS, BEHIND)
    rclone_copy(repository, tmp_path / "locks", f"lab:{repository.share}/{repository.folder}/locks")
    return repository, names


def test_the_share_looks_as_it_should(behind: tuple[Repository, set[str]]) -> None:
    """All times are the client's: five hours old, although the files were just made."""
    repository, names = behind
    for name in names:
        times = repository.samba.times(repository.share, f"{repository.folder}/locks/{name}")
        assert abs(time.time_ns() - int(BEHIND * NS) - times.written) < 120 * NS
        assert abs(times.created - times.written) < NS


def test_nothing_is_removed(behind: tuple[Repository, set[str]]) -> None:
    repository, names = behind
    assert repository.sound_lock_ids() == names
    listed = list_locks(repository)
    assert {lock["id"] for lock in listed} == names
    assert {lock["state"] for lock in listed} == {"doubtful"}, "the directory has just changed"
    dry = lockctl(repository, "prune", "--dry-run", "--json")
    assert dry.status == 0
    for seen in (0, 1300):
        seen_for(repository, seen)
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


def test_a_quiet_directory_does_not_make_them_stale(behind: tuple[Repository, set[str]]) -> None:
    """Nothing shows that its time moves with its files: there are servers and mounts where it stands still."""
    repository, names = behind
    back = time.time_ns() - 40 * 60 * NS
    os.utime(repository.path / "locks", ns=(back, back))
    assert {lock["state"] for lock in list_locks(repository)} == {"doubtful"}
    person = lockctl(repository, "prune", tty=True, stdin="y\n")
    assert "0 locks removed, 30 kept" in person.stdout
    assert repository.sound_lock_ids() == names


def test_they_are_stale_once_this_machine_has_seen_them_for_half_an_hour(behind: tuple[Repository, set[str]]) -> None:
    """No other clock is needed, and nobody has to be asked."""
    repository, names = behind
    seen_for(repository, 1740)
    early = lockctl(repository, "prune", "--yes", "--json")
    assert (early.status, early.json["removed"]) == (0, [])
    assert len(early.json["kept"]) == LOCKS
    seen_for(repository, 1860)
    assert {lock["state"] for lock in list_locks(repository)} == {"stale"}
    done = lockctl(repository, "prune", "--yes", "--json")
    assert (done.status, ids(done.json["removed"])) == (0, names)
    assert repository.sound_lock_ids() == set()
