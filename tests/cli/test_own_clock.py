"""Our own clock on real shares: from the second run on, what this machine has seen itself decides.

Nobody waits here: the memory that one run left is set back, as if that run had been so long ago.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import history, ids, list_locks, lockctl, state_of
from tests.conftest import NewRepository
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

BEHIND = 5 * HOUR


def set_back(repository: Repository, seconds: float) -> None:
    """Make each first sight so much older, by both of this machine's clocks."""
    (memory,) = (path for path in (state_of(repository) / "sightings").iterdir() if len(path.name) == 64)
    fields: dict[str, Any] = json.loads(memory.read_text())
    for _, first, *_ in fields["locks"]:
        for clock in (1, 2):
            first[clock] -= seconds
    memory.write_text(json.dumps(fields))


@pytest.fixture
def undated(new_repository: NewRepository) -> Repository:
    """A repository on a share that makes creation times up."""
    return new_repository("undated")


def test_where_every_other_clock_is_wrong(undated: Repository) -> None:
    """A client five hours behind on a share without clocks of its own: only having seen the file tells."""
    lock = aged_lock(undated, BEHIND, WEB1)
    first = lockctl(undated, "prune", "--yes", "--json")
    assert (first.status, first.json["removed"]) == (0, [])
    set_back(undated, 29 * 60)
    again = lockctl(undated, "prune", "--yes", "--json")
    assert (again.status, again.json["removed"]) == (0, [])
    set_back(undated, 120)
    (seen,) = list_locks(undated)
    assert seen["state"] == "stale"
    (witness,) = (one for one in seen["witnesses"] if one["name"] == "own-clock")
    assert witness["says"] == "unchanged"
    assert witness["age_seconds"] >= 1860
    done = lockctl(undated, "prune", "--yes")
    assert done.status == 0, done.text
    assert f"removed {lock[:8]}" in done.stdout
    assert undated.lock_ids() == []
    assert [entry["outcome"] for entry in history(undated)] == ["removed"]


def test_on_a_disk_half_an_hour_is_enough(repository: Repository) -> None:
    """On a local path all other clocks may be one; a live owner would have renewed since the first run."""
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    path = ["-r", str(repository.path)]
    assert lockctl(repository, "prune", "--yes", "--json", *path).json["removed"] == []
    set_back(repository, 1700)
    assert lockctl(repository, "prune", "--yes", "--json", *path).json["removed"] == []
    set_back(repository, 120)
    done = lockctl(repository, "prune", "--yes", "--json", *path)
    assert (done.status, ids(done.json["removed"])) == (0, {lock})


def test_a_file_that_changed_is_seen_for_the_first_time(repository: Repository) -> None:
    """A lock of the same name that was put there anew has not been seen before."""
    lock = aged_lock(repository, 60, WEB1)
    list_locks(repository)
    set_back(repository, HOUR)
    (seen,) = list_locks(repository)
    assert seen["state"] == "stale"
    data = (repository.path / "locks" / lock).read_bytes()
    (repository.path / "locks" / lock).unlink()
    repository.samba.put(repository.share, f"{repository.folder}/locks/{lock}", data)
    (anew,) = list_locks(repository)
    assert anew["state"] == "active"
    assert [one["says"] for one in anew["witnesses"] if one["name"] == "own-clock"] == [None]


def test_a_memory_that_cannot_be_kept_is_not_needed(repository: Repository) -> None:
    """The other witnesses stand."""
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    state_of(repository).mkdir()
    (state_of(repository) / "sightings").write_text("a file where a folder should be")
    (seen,) = list_locks(repository)
    assert (seen["id"], seen["state"]) == (lock, "stale")
    assert lockctl(repository, "prune", "--yes").status == 0
    assert repository.lock_ids() == []
