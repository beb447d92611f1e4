"""`lockctl prune`: the plan, the question, and what goes and stays."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1, WEB2, one_of_each
from tests.cli.run import CTRL_C, CTRL_D, history, ids, lockctl
from tests.cli.seeing import seen_for
from tests.lab import alone
from tests.lab.alone import NOBODY
from tests.lab.restic import Repository
from tests.lab.seal import Owner, aged_lock


def everything(folder: Path) -> dict[str, bytes]:
    """All files of a repository."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def root_unchanged(repository: Repository) -> Iterator[None]:
    """No file was made or removed in the repository's root meanwhile, not even for an instant."""
    before = repository.path.stat().st_mtime_ns
    yield
    assert repository.path.stat().st_mtime_ns == before


def test_dry_run_changes_nothing(repository: Repository) -> None:
    old = aged_lock(repository, 2 * HOUR, WEB1)
    new = aged_lock(repository, 60, WEB2)
    before = everything(repository.path)
    with root_unchanged(repository):
        done = lockctl(repository, "prune", "--dry-run")
    assert done.status == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == "DO ID HOST PID USER KIND AGE SEEN STATE WHY".split()
    assert lines[1][:3] == ["remove", old[:8], "web1"]
    assert lines[2][:3] == ["keep", new[:8], "web2"]
    assert done.stdout.endswith("dry run: 1 lock would be removed, 1 kept\n")
    assert done.stderr == ""
    assert everything(repository.path) == before
    assert history(repository) == []


def test_dry_run_json(repository: Repository) -> None:
    old, new = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 60, WEB2)
    with root_unchanged(repository):
        done = lockctl(repository, "prune", "--dry-run", "--json")
    assert done.status == 0
    told = done.json
    assert list(told) == ["schema", "repository", "clock", "dry_run", "removed", "kept", "failed", "gone"]
    assert (told["schema"], told["dry_run"]) == ("lockctl.prune/1", True)
    assert (ids(told["removed"]), ids(told["kept"])) == ({old}, {new})
    assert repository.sound_lock_ids() == {old, new}


@pytest.mark.parametrize("answer", ["y\n", "yes\n", "Y\n"])
def test_a_person_says_yes(repository: Repository, answer: str) -> None:
    old, new = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 60, WEB2)
    done = lockctl(repository, "prune", tty=True, stdin=answer)
    assert done.status == 0
    question = "Remove 1 lock? It is stale by the clocks of others alone; 'prune --watch' makes sure in 23 min. [y/N] "
    assert question in done.stdout
    assert f"removed {old[:8]} (web1, PID 4209, root): not renewed for 2 h" in done.stdout
    assert "1 lock removed, 1 kept" in done.stdout
    assert repository.sound_lock_ids() == {new}


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ("n\n", 1, "nothing was removed: the answer was no"),
        ("\n", 1, "nothing was removed: the answer was no"),
        ("yep\n", 1, "nothing was removed: the answer was no"),
        (CTRL_D, 1, "nothing was removed"),
        (CTRL_C, 130, "interrupted"),
    ],
    ids=["n", "empty", "yep", "end of input", "Ctrl-C"],
)
def test_a_person_does_not_say_yes(repository: Repository, answer: str, status: int, said: str) -> None:
    old = aged_lock(repository, 2 * HOUR, WEB1)
    done = lockctl(repository, "prune", tty=True, stdin=answer)
    assert done.status == status, done.text
    assert said in done.stdout
    assert "internal error" not in done.text
    assert repository.sound_lock_ids() == {old}
    assert history(repository) == []


def test_nobody_to_ask(repository: Repository) -> None:
    old = aged_lock(repository, 2 * HOUR, WEB1)
    done = lockctl(repository, "prune", stdin="y\n")
    assert done.status == 2
    assert old[:8] in done.stdout, "the plan is shown"
    assert "nobody is there to answer" in done.stderr
    assert "--yes" in done.stderr
    assert repository.sound_lock_ids() == {old}
    told = lockctl(repository, "prune", "--json", stdin="y\n")
    assert told.status == 2
    assert (told.json["schema"], told.json["code"], told.json["kind"]) == ("lockctl.error/1", 2, "unanswered")


def test_nobody_to_ask_and_nothing_to_remove(repository: Repository) -> None:
    new = aged_lock(repository, 60, WEB2)
    done = lockctl(repository, "prune")
    assert done.status == 0
    assert done.stdout.endswith("0 locks removed, 1 kept\n")
    assert done.stderr == ""
    assert repository.sound_lock_ids() == {new}


def test_yes_needs_nobody_and_leaves_restic_free(repository: Repository) -> None:
    old, other = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 3 * HOUR, WEB2, exclusive=True)
    assert repository.run("check", check=False).returncode != 0, "blocked before"
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0
    assert done.stdout.splitlines() == [
        f"removed {other[:8]} (web2, PID 77, björn): not renewed for 3 h",
        f"removed {old[:8]} (web1, PID 4209, root): not renewed for 2 h",
        "an exclusive lock was removed: what held it did not end by itself, so 'restic check' is due",
        "2 locks removed, 0 kept",
    ]
    assert done.stderr == ""
    assert repository.lock_ids() == []
    assert sorted(path.name for path in repository.path.iterdir()) == "config data index keys locks snapshots".split()
    assert repository.run("check").returncode == 0


def test_yes_json_tells_all(repository: Repository) -> None:
    old, new = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 60, WEB2)
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes", "--json")
    assert done.status == 0
    told = done.json
    assert (told["schema"], told["dry_run"]) == ("lockctl.prune/1", False)
    assert [ids(told[name]) for name in ("removed", "kept", "failed", "gone")] == [{old}, {new}, set(), set()]
    (gone,) = told["removed"]
    assert gone["seen_seconds"] >= 1400
    assert [(one["state"], one["can_go_after"]) for one in told["kept"]] == [("active", None)]


def test_each_state_goes_or_stays(repository: Repository) -> None:
    made = one_of_each(repository)
    before = set(repository.lock_ids())
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0, done.text
    assert before - set(repository.lock_ids()) == {made[state] for state in ("stale", "superseded", "damaged")}
    for state in ("overdue", "active", "doubtful", "writing", "undecodable", "foreign"):
        assert made[state][:8] in done.stdout, f"{state} is told as kept"


def test_a_dead_owner_of_this_machine_goes(repository: Repository) -> None:
    dead = aged_lock(repository, 1500, Owner(socket.gethostname(), pid=NOBODY))
    young = aged_lock(repository, 120, Owner(socket.gethostname(), pid=NOBODY + 1))
    first = lockctl(repository, "prune", "--yes", "--json", command=alone.COMMAND).json
    assert first["removed"] == []
    assert [one["state"] for one in first["kept"] if one["can_go_after"]] == ["dead"], "a namesake can be elsewhere"
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes", "--json", command=alone.COMMAND)
    assert (done.status, ids(done.json["removed"])) == (0, {dead})
    (reason,) = done.json["removed"][0]["reasons"]
    assert reason["text"].startswith(f"no process with PID {NOBODY} runs on this machine")
    assert repository.lock_ids() == [young]
