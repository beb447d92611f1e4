"""`lockctl list`: its table, its JSON and its other forms, and what they choose."""

from __future__ import annotations

import csv
import io
import socket

import pytest

from tests.cli.make import HOUR, WEB1, WEB2, one_of_each
from tests.cli.run import Done, ids, list_locks, lockctl, smb_environment, state_of
from tests.conftest import NewRepository
from tests.lab import alone
from tests.lab.alone import NOBODY
from tests.lab.restic import Repository
from tests.lab.seal import Owner, aged_lock

KEYS = """id state removable reasons hostname username pid uid gid exclusive time age_seconds claimed_age_seconds
    seen_seconds blocks witnesses file""".split()
WORK = {"backup", "prune", "check", "forget"}


@pytest.fixture(scope="module")
def furnished(new_repository: NewRepository) -> tuple[Repository, dict[str, str]]:
    """A repository with a lock in every state; no test here changes it."""
    repository = new_repository()
    return repository, one_of_each(repository)


def rows(done: Done) -> list[list[str]]:
    """The cells of the table above the empty line, without its head."""
    table = done.stdout.split("\n\n")[0].splitlines()
    return [line.split() for line in table[1:]]


def test_an_empty_repository_blocks_nothing(repository: Repository) -> None:
    done = lockctl(repository, "list")
    assert done.status == 0
    assert done.stdout.splitlines() == [
        "0 locks",
        f"repository: {repository.address}",
        "would run now: backup, prune, check, forget",
    ]
    assert done.stderr == ""
    kept = state_of(repository)
    names = sorted(path.name for path in kept.iterdir())
    assert names == ["keys", "recent", "sightings"], "the key file, for a faster start, and what was seen"
    assert kept.stat().st_mode & 0o077 == 0, "for its owner's eyes only"
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept.rglob("*"))


def test_table_has_a_line_for_each_lock(repository: Repository) -> None:
    old = aged_lock(repository, 2 * HOUR, WEB1)
    new = aged_lock(repository, 60, WEB2, exclusive=True)
    done = lockctl(repository, "list")
    assert done.status == 0
    lines = done.stdout.splitlines()
    assert lines[0].split() == "ID HOST PID USER KIND AGE STATE WHY".split()
    assert lines[1].split()[:8] == [old[:8], "web1", "4209", "root", "shared", "2", "h", "stale"]
    assert "not renewed for 2 h" in lines[1]
    assert lines[2].split()[:5] == [new[:8], "web2", "77", "björn", "exclusive"]
    exclusive = f"exclusively by PID 77 on web2 ({new[:8]})"
    assert lines[4:] == [
        "2 locks: 1 stale, 1 active",
        f"repository: {repository.address}",
        f"would fail: backup: already locked {exclusive}",
        f"would fail: prune, check, forget: already locked by PID 4209 on web1 ({old[:8]}), {exclusive}",
    ]


def test_ls_is_list(repository: Repository) -> None:
    assert lockctl(repository, "ls").stdout == lockctl(repository, "list").stdout


def test_json_has_the_keys_of_the_manual(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB2, exclusive=True)
    done = lockctl(repository, "list", "--json")
    assert done.status == 0
    assert done.stderr == ""
    told = done.json
    assert list(told) == ["schema", "repository", "clock", "locks", "blocked"]
    assert told["schema"] == "lockctl.list/1"
    assert told["repository"]["address"] == repository.address
    assert told["repository"]["format"] == 2
    assert len(told["repository"]["id"]) == 64
    assert {name: text[-1] for name, text in told["clock"].items()} == {"local": "Z", "server": "Z"}
    (lock,) = told["locks"]
    assert list(lock) == KEYS
    owner = [lock[name] for name in ("id", "hostname", "username", "pid", "uid", "gid", "exclusive", "state")]
    assert owner == [lock_id, "web2", "björn", 77, 1000, 1000, True, "stale"]
    assert lock["removable"] is True
    assert lock["reasons"] == [{"code": "not-renewed", "text": "not renewed for 2 h"}]
    assert len(lock["time"].split(".")[1]) == 10, "the lock's own text, with all its digits"
    assert abs(lock["age_seconds"] - 2 * HOUR) < 60
    assert abs(lock["claimed_age_seconds"] - 2 * HOUR) < 60
    assert lock["seen_seconds"] == 0, "no look was before this one"
    assert set(lock["blocks"]) == WORK
    assert set(lock["file"]) == {"size", "created", "written", "id"}
    assert lock["file"]["size"] == (repository.path / "locks" / lock_id).stat().st_size
    assert lock["file"]["id"] == (repository.path / "locks" / lock_id).stat().st_ino
    assert told["blocked"] == {work: [lock_id] for work in WORK}


def test_json_names_the_witnesses(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    (lock,) = list_locks(repository)
    owner, server, own, newer, host = lock["witnesses"]
    assert (owner["name"], owner["says"]) == ("owner-clock", "renewed")
    assert (server["name"], server["says"]) == ("server-creation", "renewed")
    assert list(owner) == list(server) == ["name", "says", "age_seconds", "text"]
    assert (own["name"], own["says"], own["age_seconds"]) == ("own-clock", None, None)
    assert (newer["name"], newer["says"]) == ("newer-lock", None)
    assert (host["name"], host["says"]) == ("host-clock", None)
    assert abs(host["ahead_seconds"]) < 1
    assert "agrees with the server's" in host["text"]
    assert all(abs(witness["age_seconds"] - 2 * HOUR) < 60 and witness["text"] for witness in (owner, server))


def test_every_state_is_told(furnished: tuple[Repository, dict[str, str]]) -> None:
    repository, made = furnished
    locks = {lock["id"]: lock for lock in list_locks(repository)}
    assert {state: locks[lock_id]["state"] for state, lock_id in made.items()} == {state: state for state in made}
    removable = {lock["state"] for lock in locks.values() if lock["removable"]}
    assert removable == {"stale", "superseded", "damaged"}
    unknown = locks[made["damaged"]]
    assert [unknown[name] for name in ("hostname", "pid", "time", "claimed_age_seconds")] == [None] * 4
    assert locks[made["foreign"]]["blocks"] == []
    assert set(locks[made["damaged"]]["blocks"]) == WORK, "what cannot be read blocks everybody"


def test_a_dead_owner_of_this_machine(repository: Repository) -> None:
    lock_id = aged_lock(repository, 900, Owner(socket.gethostname(), pid=NOBODY))
    (lock,) = lockctl(repository, "list", "--json", command=alone.COMMAND).json["locks"]
    assert (lock["id"], lock["state"], lock["removable"]) == (lock_id, "dead", True)
    assert lock["reasons"][0]["code"] == "owner-gone"
    assert lock["reasons"][0]["text"].startswith(f"no process with PID {NOBODY} runs on this machine")


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (["--state", "stale"], {"stale"}),
        (["--state", "stale", "--state", "damaged"], {"stale", "damaged"}),
        (["--host", "web2"], {"overdue"}),
        (["--host", "web1", "--host", "web3"], {"stale", "active"}),
        (["--host", "nobody"], set()),
        (["--older", "2h30m"], {"superseded"}),
        (["--older", "1h", "--host", "web1"], {"stale"}),
    ],
)
def test_options_choose(furnished: tuple[Repository, dict[str, str]], options: list[str], chosen: set[str]) -> None:
    repository, made = furnished
    assert ids(list_locks(repository, *options)) == {made[state] for state in chosen}


def test_options_leave_what_is_blocked_as_it_is(furnished: tuple[Repository, dict[str, str]]) -> None:
    repository, made = furnished
    told = lockctl(repository, "list", "--json", "--host", "nobody").json
    assert told["locks"] == []
    assert made["active"] in told["blocked"]["backup"]


@pytest.mark.parametrize("key", ["host", "state", "id", "age"])
def test_sort(furnished: tuple[Repository, dict[str, str]], key: str) -> None:
    repository, _ = furnished
    locks = list_locks(repository, "--sort", key, "--state", "stale", "--state", "overdue", "--state", "active")
    order = {
        "host": [lock["hostname"] for lock in locks],
        "state": ["active stale overdue".split().index(lock["state"]) for lock in locks],
        "id": [lock["id"] for lock in locks],
        "age": [-lock["age_seconds"] for lock in locks],
    }[key]
    assert len(locks) == 4
    assert order == sorted(order)


def test_wide_shows_whole_ids(furnished: tuple[Repository, dict[str, str]]) -> None:
    repository, made = furnished
    done = lockctl(repository, "list", "--format", "wide")
    assert done.status == 0
    assert {row[0] for row in rows(done)} >= set(made.values())


def test_csv_can_be_read(furnished: tuple[Repository, dict[str, str]]) -> None:
    repository, made = furnished
    done = lockctl(repository, "list", "--format", "csv")
    assert done.status == 0
    read = {row["id"]: row for row in csv.DictReader(io.StringIO(done.stdout))}
    assert set(read) >= set(made.values())
    row = read[made["overdue"]]
    told = [row[name] for name in ("hostname", "pid", "username", "exclusive", "state")]
    assert told == ["web2", "77", "björn", "False", "overdue"]
    assert float(row["age_seconds"]) == pytest.approx(900, abs=120)
    assert read[made["damaged"]]["hostname"] == ""


def test_markdown_is_a_table(furnished: tuple[Repository, dict[str, str]]) -> None:
    repository, made = furnished
    done = lockctl(repository, "list", "--format", "markdown", "--state", "stale")
    assert done.status == 0
    head, rule, row = done.stdout.splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")][:3] == ["ID", "HOST", "PID"]
    assert set(rule) <= set("|-:")
    assert row.startswith(f"| {made['stale'][:8]} | web1")


def test_format_json_is_json(furnished: tuple[Repository, dict[str, str]]) -> None:
    repository, _ = furnished
    assert lockctl(repository, "list", "--format", "json").json["schema"] == "lockctl.list/1"


def test_colour_only_at_a_terminal(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    assert "\x1b" not in lockctl(repository, "list").text
    coloured = lockctl(repository, "list", tty=True)
    assert (coloured.status, "\x1b[38;5;160mstale\x1b[0m" in coloured.stdout) == (0, True)
    plain = lockctl(repository, "list", "--no-color", tty=True)
    assert (plain.status, "\x1b" in plain.stdout) == (0, False)
    no_colour = lockctl({**repository.env, "NO_COLOR": "1"}, "list", tty=True)
    assert (no_colour.status, "\x1b" in no_colour.stdout) == (0, False)


def test_listing_needs_no_writable_share(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    address = repository.smb_address.replace("/backup/", "/read-only/")
    done = lockctl(smb_environment(repository), "list", "--json", "-r", address)
    assert done.status == 0
    assert ids(done.json["locks"]) == {lock_id}
    assert done.json["repository"]["address"] == address


def test_listing_on_the_servers_disk(repository: Repository) -> None:
    lock_id = aged_lock(repository, 60, WEB1)
    for address in (str(repository.path), f"local:{repository.path}"):
        done = lockctl(repository, "list", "--json", "-r", address)
        assert done.status == 0
        assert ids(done.json["locks"]) == {lock_id}
        assert done.json["repository"]["address"] == str(repository.path)
