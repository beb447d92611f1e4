"""`lockctl rm`: named locks by the rules of prune, and one by force, whose id a person has to type."""

from __future__ import annotations

import pytest

from tests.cli.make import HOUR, WEB1, WEB2, WEB3, put_old, strange_bytes
from tests.cli.run import CTRL_D, history, ids, lockctl
from tests.cli.seeing import seen_for
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock


def test_only_what_is_named_goes(repository: Repository) -> None:
    one, other = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 3 * HOUR, WEB2)
    seen_for(repository)
    done = lockctl(repository, "rm", one[:10], "--yes", "--json")
    assert done.status == 0, done.text
    assert done.json["schema"] == "lockctl.rm/1"
    assert (ids(done.json["removed"]), ids(done.json["kept"])) == ({one}, {other})
    assert repository.lock_ids() == [other]


def test_a_live_lock_stays(repository: Repository) -> None:
    """Naming a lock is no proof of anything."""
    active = aged_lock(repository, 60, WEB1)
    seen_for(repository)
    done = lockctl(repository, "rm", active, "--yes")
    assert done.status == 1
    assert f"{active[:8]} is active and was kept: renewed 1 min " in done.stderr
    assert repository.lock_ids() == [active]


def test_the_question(repository: Repository) -> None:
    old = aged_lock(repository, 2 * HOUR, WEB1)
    assert lockctl(repository, "rm", old).status == 2
    refused = lockctl(repository, "rm", old, tty=True, stdin="n\n")
    assert (refused.status, repository.lock_ids()) == (1, [old])
    assert lockctl(repository, "rm", old, tty=True, stdin="y\n").status == 0
    assert repository.lock_ids() == []


@pytest.mark.parametrize("words", [["a" * 64], ["abc", "def"]])
def test_an_id_that_is_not_there(repository: Repository, words: list[str]) -> None:
    done = lockctl(repository, "rm", *words, "--yes")
    assert done.status == 1
    assert "no lock here has an id that starts with" in done.stderr


def test_force_removes_a_live_lock(repository: Repository) -> None:
    """Its owner and every witness are shown first, and the journal can undo it."""
    active, other = aged_lock(repository, 60, WEB1), aged_lock(repository, 60, WEB3)
    done = lockctl(repository, "rm", "--force", active, tty=True, stdin=f"{active[:8]}\n")
    assert done.status == 0, done.text
    for shown in ("web1", "owner-clock", "active", f"Type {active[:8]} to remove"):
        assert shown in done.stdout
    assert repository.lock_ids() == [other]
    (entry,) = history(repository)
    assert (entry["id"], entry["state"], entry["outcome"]) == (active, "active", "removed")
    assert lockctl(repository, "restore", active).status == 0
    assert active in repository.lock_ids()


@pytest.mark.parametrize("answer", ["y\n", "yes\n", "\n", CTRL_D, "00000000\n"])
def test_force_wants_the_id(repository: Repository, answer: str) -> None:
    active = aged_lock(repository, 60, WEB1)
    done = lockctl(repository, "rm", "--force", active, tty=True, stdin=answer)
    assert done.status == 1
    assert "that was not its id" in done.stdout
    assert repository.lock_ids() == [active]


def test_force_removes_what_nobody_can_decode(repository: Repository) -> None:
    strange = strange_bytes(repository)
    done = lockctl(repository, "rm", "--force", strange, tty=True, stdin=f"{strange[:8]}\n")
    assert (done.status, repository.lock_ids()) == (0, []), done.text


def test_force_leaves_what_is_no_lock(repository: Repository) -> None:
    """What could not be put back from the journal never goes."""
    path = put_old(repository, "notes.txt", b"not a lock")
    done = lockctl(repository, "rm", "--force", "notes", tty=True, stdin="notes.tx\n")
    assert done.status == 1
    assert "its name is not a lock's" in done.stdout
    assert path.exists()


@pytest.mark.parametrize("words", [["--force", "--yes", "a"], ["--force", "a", "b"]])
def test_force_is_for_one_lock_and_a_person(repository: Repository, words: list[str]) -> None:
    done = lockctl(repository, "rm", *words)
    assert done.status == 2
    assert "one lock at a time" in done.stderr


def test_force_without_a_terminal(repository: Repository) -> None:
    active = aged_lock(repository, 60, WEB1)
    done = lockctl(repository, "rm", "--force", active)
    assert done.status == 2
    assert repository.lock_ids() == [active]


def test_an_exclusive_lock_calls_for_a_check(repository: Repository) -> None:
    """What held it did not end by itself."""
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert "restic check" not in lockctl(repository, "prune", "--yes").stdout
    aged_lock(repository, 2 * HOUR, WEB1, exclusive=True)
    seen_for(repository)
    assert "'restic check' is due" in lockctl(repository, "prune", "--yes", "--quiet").stdout
