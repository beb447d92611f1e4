"""`--metadata-only`: an administrator of the server who has no key. Nothing is decrypted, and no owner is known."""

from __future__ import annotations

import pytest

from tests.cli.make import HOUR, WEB1, WEB2
from tests.cli.run import history, ids, lockctl, smb_environment
from tests.cli.seeing import seen_for
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock


def without_key(repository: Repository) -> dict[str, str]:
    """The environment of somebody who does not know the repository's password."""
    variables = smb_environment(repository)
    del variables["RESTIC_PASSWORD"]
    return variables


def test_list_without_the_password(repository: Repository) -> None:
    old, new = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 60, WEB2)
    overdue, cut = aged_lock(repository, 900, WEB2), aged_lock(repository, 2 * HOUR, cut_to=60)
    done = lockctl(without_key(repository), "list", "--metadata-only", "--json")
    assert done.status == 0, done.text
    assert (done.json["repository"]["id"], done.json["repository"]["format"]) == (None, None)
    states = {lock["id"]: lock["state"] for lock in done.json["locks"]}
    assert states == {old: "doubtful", new: "active", overdue: "overdue", cut: "damaged"}
    assert {lock["hostname"] for lock in done.json["locks"]} == {None}
    table = lockctl(without_key(repository), "list", "--metadata-only")
    assert "its owner is not known; the server's clock says 2 h" in table.stdout
    assert "web1" not in table.stdout


def test_prune_takes_what_our_own_clock_has_seen(repository: Repository) -> None:
    old = aged_lock(repository, 2 * HOUR, WEB1)
    environment = without_key(repository)
    words = ("prune", "--metadata-only", "--yes", "--json")
    assert lockctl(environment, *words).json["removed"] == []
    seen_for(repository, 31 * 60, address=repository.smb_address)
    done = lockctl(environment, *words)
    assert (done.status, ids(done.json["removed"])) == (0, {old})
    assert [(entry["outcome"], entry["lock"]) for entry in history(repository)] == [("removed", None)]
    assert lockctl(environment, "restore", old).status == 0
    assert repository.lock_ids() == [old]
    assert old in repository.run("list", "locks", "--no-lock").stdout


@pytest.mark.parametrize("age", [60, 900])
def test_a_trusted_server_clock(repository: Repository, age: int) -> None:
    """What it says has been renewed stays; what it says is old goes, once this machine has seen it for long enough."""
    old, new = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, age, WEB2)
    seen_for(repository, address=repository.smb_address)
    done = lockctl(without_key(repository), "prune", "--metadata-only", "--trust-clock", "server", "--yes", "--json")
    assert (done.status, ids(done.json["removed"])) == (0, {old}), done.text
    assert repository.lock_ids() == [new]


def test_no_repository_there(repository: Repository) -> None:
    done = lockctl(without_key(repository), "list", "--metadata-only", "-r", f"{repository.smb_address}/nowhere")
    assert done.status == 10
