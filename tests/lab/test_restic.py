"""lockctl beside the restic and rclone that are installed here: what they write, see and can do afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cli.run import ROOT, ids, list_locks, lockctl, smb_environment, state_of
from tests.cli.seeing import long_kept, seen_for
from tests.conftest import NewRepository
from tests.lab import alone
from tests.lab.restic import Repository
from tests.lab.samba import Samba
from tests.lab.seal import Owner, aged_lock


def cat_lock(repository: Repository, lock_id: str) -> dict[str, Any]:
    """What restic itself says of a lock, with what it leaves out of the JSON where that is zero."""
    told: dict[str, Any] = json.loads(repository.run("cat", "lock", lock_id, "--no-lock").stdout)
    return {"uid": 0, "gid": 0, **told}


@pytest.mark.parametrize("version", [1, 2])
def test_locks_that_restic_writes_now(samba: Samba, version: int) -> None:
    repository = Repository(samba, f"written-now-{version}")
    repository.init(version)
    left = repository.backup_killed()
    with repository.locks_aside():
        exclusive = repository.check_killed()
    locks = {lock["id"]: lock for lock in list_locks(repository)}
    assert set(locks) == {left, exclusive}
    for lock_id, lock in locks.items():
        told = cat_lock(repository, lock_id)
        assert {name: lock[name] for name in told} == told
        assert lock["exclusive"] is (lock_id == exclusive)
        assert lock["witnesses"][1]["name"] == "server-creation"
    assert lockctl(repository, "list", "--json").json["repository"]["format"] == version
    identity = json.loads(repository.run("cat", "config", "--no-lock").stdout)["id"]
    assert lockctl(repository, "list", "--json").json["repository"]["id"] == identity


def test_a_backup_that_runs_is_seen_and_kept(repository: Repository) -> None:
    with repository.running_backup() as backup:
        (lock,) = lockctl(repository, "list", "--json", command=alone.COMMAND).json["locks"]
        assert (lock["id"], lock["pid"], lock["state"]) == (backup.lock_id, backup.process.pid, "active")
        assert lock["reasons"][0]["code"] == "owner-alive"
        # Our own sight would let it go: what keeps it is that its owner runs.
        seen_for(repository, whatever_its_times=True)
        pruned = lockctl(repository, "prune", "--yes", "--quiet")
        assert (pruned.status, pruned.text) == (0, "")
        blocked = lockctl(repository, "prune", "--yes", "--fail-if-locked")
        assert blocked.status == 11
        assert backup.is_alive
        done = backup.finish()
    assert done.returncode == 0, done.stderr
    assert list_locks(repository) == []


def test_a_backup_that_was_killed_is_dead_but_young(repository: Repository) -> None:
    lock_id = repository.backup_killed()
    (lock,) = lockctl(repository, "list", "--json", command=alone.COMMAND).json["locks"]
    assert (lock["id"], lock["state"], lock["removable"]) == (lock_id, "active", False)
    assert "owner-gone" in {reason["code"] for reason in lock["reasons"]}
    assert lockctl(repository, "prune", "--yes").status == 0
    assert repository.lock_ids() == [lock_id]
    # Unattended it would have to be seen for longer than that; for a person its state is all that keeps it.
    person = lockctl(repository, "prune", tty=True, stdin="y\n")
    assert person.status == 0, person.text
    assert "0 locks removed, 1 kept" in person.stdout
    assert repository.lock_ids() == [lock_id], "nothing that was renewed within 7½ minutes goes"


def test_restic_can_lock_exclusively_after_prune(repository: Repository) -> None:
    aged_lock(repository, 7200, Owner("web1"))
    aged_lock(repository, 9000, Owner("web2"), exclusive=True)
    assert repository.run("check", check=False).returncode != 0
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0, done.text
    assert repository.run("check").returncode == 0
    assert repository.run("prune").returncode == 0
    assert repository.lock_ids() == []


def test_a_restored_lock_is_seen_by_restic(repository: Repository) -> None:
    lock_id = aged_lock(repository, 7200, Owner("web1", "anna", 12, 1000, 100))
    before = cat_lock(repository, lock_id)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    assert lock_id not in repository.run("list", "locks", "--no-lock").stdout
    assert lockctl(repository, "restore", lock_id).status == 0
    assert lock_id in repository.run("list", "locks", "--no-lock").stdout
    assert cat_lock(repository, lock_id) == before
    assert repository.run("check", check=False).returncode != 0
    repository.run("unlock", "--remove-all")
    assert repository.lock_ids() == []


def test_restic_unlock_beside_a_plan(repository: Repository) -> None:
    """Somebody else removes the lock while the question stands: that is no failure."""
    lock_id = aged_lock(repository, 7200, Owner("web1"))
    done = lockctl(repository, "prune", tty=True, stdin="y\n", before_answer=lambda: repository.run("unlock"))
    assert done.status == 0, done.text
    assert f"removed {lock_id[:8]}" not in done.stdout
    assert repository.lock_ids() == []


def test_several_keys(repository: Repository, tmp_path: Path) -> None:
    """Any of them opens, also with a hint, and a wrong password opens none."""
    file = tmp_path / "second"
    file.write_text("second-password\n")
    repository.run("key", "add", "--new-password-file", str(file))
    aged_lock(repository, 60, Owner("web1"))
    names = sorted(path.name for path in (repository.path / "keys").iterdir())
    assert len(names) == 2
    variables = {name: value for name, value in repository.env.items() if name != "RESTIC_PASSWORD"}
    for hint in (None, *names):
        words = ["--key-hint", hint[:8]] if hint else []
        second = lockctl(variables, "list", "--password-file", str(file), *words, state_dir=tmp_path / "state")
        assert second.status == 0, second.text
        assert lockctl(repository, "list", *words).status == 0
    wrong = lockctl({**variables, "RESTIC_PASSWORD": "third"}, "list", state_dir=tmp_path / "state")
    assert wrong.status == 12


def run_bare(variables: list[str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run lockctl with these variables alone, no terminal, and another working directory."""
    return subprocess.run(
        ["env", "-i", *variables, sys.executable, "-m", "lockctl", *words],
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,
    )


def test_as_from_a_crontab(repository: Repository, tmp_path: Path) -> None:
    """An environment that is all but empty, no terminal, and another working directory."""
    old, new = aged_lock(repository, 3 * 3600, Owner("web1")), aged_lock(repository, 60, Owner("web2"))
    given = smb_environment(repository)
    names = ("RESTIC_REPOSITORY", "RESTIC_PASSWORD", "LOCKCTL_SMB_PASSWORD")
    needed = [f"{name}={given[name]}" for name in names]
    run = partial(run_bare, [f"HOME={tmp_path}", "PATH=/usr/bin:/bin", f"PYTHONPATH={ROOT}", *needed])
    state = tmp_path / ".local/state/lockctl"
    prune = ("prune", "--older", "2h", "--yes", "--quiet")
    first = run(*prune)
    assert (first.returncode, first.stdout) == (3, "")
    assert f"no earlier run is remembered: {state}/sightings was made 0 s ago" in first.stderr
    assert first.stderr.count("\n") == 1
    long_kept(state)
    waiting = run(*prune)
    assert (waiting.returncode, waiting.stdout, waiting.stderr) == (0, "", "")
    assert set(repository.lock_ids()) == {old, new}
    seen_for(repository, address=repository.smb_address, state=state)
    due = run(*prune)
    assert due.returncode == 0, due.stderr
    assert due.stdout == f"removed {old[:8]} (web1, PID 4209, root): not renewed for 3 h\n"
    assert due.stderr == ""
    again = run(*prune)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert repository.lock_ids() == [new]
    journal = state / "journal.jsonl"
    assert journal.stat().st_uid == os.geteuid()
    assert journal.stat().st_mode & 0o777 == 0o600
    told = json.loads(run("history", "--json").stdout)
    assert ids(told["entries"]) == {old}
    assert not state_of(repository).exists()


def test_without_a_home(repository: Repository, tmp_path: Path) -> None:
    lock_id = aged_lock(repository, 3 * 3600, Owner("web1"))
    variables = {**smb_environment(repository), "XDG_STATE_HOME": str(tmp_path / "xdg")}
    del variables["LOCKCTL_STATE_DIR"]
    state = tmp_path / "xdg/lockctl"
    seen_for(repository, address=repository.smb_address, state=state)
    done = lockctl(variables, "prune", "--yes")
    assert done.status == 0, done.text
    assert (state / "journal.jsonl").exists()
    assert lock_id not in repository.lock_ids()


def test_a_share_that_makes_creation_up_and_a_live_backup(new_repository: NewRepository) -> None:
    repository = new_repository("undated")
    with repository.running_backup() as backup:
        done = lockctl(repository, "prune", tty=True, stdin="y\n")
        assert done.status == 0, done.text
        assert repository.lock_ids() == [backup.lock_id]
        assert backup.finish().returncode == 0
