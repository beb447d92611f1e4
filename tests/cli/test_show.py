"""`lockctl show`: one lock, and each fact that its state rests on."""

from __future__ import annotations

import pytest

from tests.cli.make import HOUR, WEB1, WEB2, one_of_each
from tests.cli.run import lockctl
from tests.cli.seeing import seen_for
from tests.conftest import NewRepository
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock


@pytest.fixture(scope="module")
def furnished(new_repository: NewRepository) -> tuple[Repository, dict[str, str]]:
    """A repository with a lock in every state; no test here changes it."""
    repository = new_repository()
    return repository, one_of_each(repository)


def test_all_that_is_known(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB2, exclusive=True)
    done = lockctl(repository, "show", lock_id[:6])
    assert done.status == 0
    assert done.stderr == ""
    fields, witnesses = done.stdout.split("\n\n")
    told = {name: value.strip() for name, value in (line.split("  ", 1) for line in fields.splitlines())}
    assert told["id"] == lock_id
    assert told["host"] == "web2"
    assert told["user"] == "björn (uid 1000, gid 1000)"
    assert told["kind"] == "exclusive"
    assert told["state"] == "stale"
    assert told["blocks"] == "backup, prune, check, forget"
    assert "[not-renewed]" in told["why"]
    said = {line.split()[0]: line for line in witnesses.splitlines()}
    assert "by its own clock" in said["owner-clock"]
    assert "by the server's clock" in said["server-creation"]
    assert "sign of life" in told["would change"]
    assert said["own-clock"].endswith("this machine sees it for the first time")
    assert told["prune"].startswith("removes it when a person says yes; unattended it waits: seen here since ")
    seen_for(repository)
    later = lockctl(repository, "show", lock_id)
    assert later.status == 0
    assert "this machine has seen it unchanged for 23 min" in later.stdout
    assert later.stdout.split("\n\n")[0].splitlines()[-1].split(maxsplit=1) == ["prune", "removes it"]


@pytest.mark.parametrize(
    "state", "stale overdue active doubtful superseded damaged writing undecodable foreign".split()
)
def test_each_state(furnished: tuple[Repository, dict[str, str]], state: str) -> None:
    repository, made = furnished
    done = lockctl(repository, "show", made[state])
    assert done.status == 0
    lines = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
    assert lines["state"].split()[-1] == state
    assert all(name in lines for name in ("why", "age", "would change", "prune"))
    if state in ("stale", "superseded", "damaged"):
        assert "unattended it waits: seen here since " in lines["prune"]
    else:
        assert lines["prune"].endswith("keeps it")


def test_json(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    done = lockctl(repository, "show", "--json", lock_id)
    assert done.status == 0
    told = done.json
    assert list(told) == ["schema", "repository", "clock", "lock", "would_change"]
    assert told["would_change"] == "a sign of life of its owner; else prune removes it"
    assert (told["schema"], told["lock"]["id"], told["lock"]["state"]) == ("lockctl.show/1", lock_id, "stale")
    assert {witness["name"] for witness in told["lock"]["witnesses"]} >= {"owner-clock", "server-creation"}


@pytest.mark.parametrize("beginning", ["ffff0000", "zz", "\x1b[31m", ""])
def test_unknown_id(repository: Repository, beginning: str) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    done = lockctl(repository, "show", beginning)
    assert done.status == 1
    assert done.stdout == ""
    assert "no lock here has an id that starts with" in done.stderr
    assert "\x1b" not in done.stderr


def test_ambiguous_id(repository: Repository) -> None:
    made = [aged_lock(repository, 2 * HOUR, WEB1) for _ in range(17)]
    first = {lock_id[0] for lock_id in made}
    twice = next(digit for digit in first if sum(lock_id[0] == digit for lock_id in made) > 1)
    done = lockctl(repository, "show", twice, "--json")
    assert done.status == 1
    assert done.json["schema"] == "lockctl.error/1"
    assert (done.json["code"], done.json["kind"]) == (1, "unknown-lock")
    assert f"locks have ids that start with '{twice}'. Give more of the id" in done.json["message"]
