"""`lockctl prune` keeps what is alive, unsure or changed, on every kind of share and on a disk."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import psutil
import pytest

from tests.cli.make import HOUR, WEB1, WEB2, put_old
from tests.cli.run import ROOT, environment, history, ids, list_locks, lockctl, smb_environment
from tests.cli.test_own_clock import set_back
from tests.conftest import NewRepository
from tests.lab.restic import Repository
from tests.lab.seal import Owner, aged_lock

# The same command line on a disk whose birth times can be set: what no file system allows, they are as old as
# the last write. That is what restic leaves on the server's own disk.
ON_AN_OLD_DISK = (
    "import os, sys; from lockctl.transport import statx;"
    "statx.birth_time = lambda path: os.lstat(path).st_mtime_ns;"
    "from lockctl.__main__ import main; main(sys.argv[1:])"
)


def prune_on_disk(repository: Repository) -> subprocess.CompletedProcess[str]:
    """`lockctl prune --yes` on the repository's directory, with birth times that the lab can set."""
    command = [sys.executable, "-c", ON_AN_OLD_DISK, "prune", "--yes", "-r", str(repository.path)]
    return subprocess.run(
        command, env=environment(repository), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_an_owner_that_renews_while_the_question_stands(repository: Repository) -> None:
    old, other = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    done = lockctl(repository, "prune", tty=True, stdin="y\n", before_answer=lambda: aged_lock(repository, 0, WEB1))
    assert done.status == 0
    assert "its owner has renewed since the plan was made" in done.stdout
    assert old in repository.lock_ids()
    assert other not in repository.lock_ids()
    assert len(repository.lock_ids()) == 2


def test_a_lock_that_is_written_again_while_the_question_stands(repository: Repository) -> None:
    old, other = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    path = repository.path / "locks" / old
    data = path.read_bytes()

    def replace() -> None:
        path.unlink()
        put_old(repository, old, data, 3 * HOUR)

    done = lockctl(repository, "prune", tty=True, stdin="y\n", before_answer=replace)
    assert done.status == 0
    assert "changed since the plan was made" in done.stdout
    assert repository.lock_ids() == [old]
    assert ids(history(repository)) == {other}


def test_a_lock_that_goes_while_the_question_stands(repository: Repository) -> None:
    old, other = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    unlink = (repository.path / "locks" / old).unlink
    done = lockctl(repository, "prune", tty=True, stdin="y\n", before_answer=unlink)
    assert done.status == 0
    assert repository.lock_ids() == []
    assert ids(history(repository)) == {other}, "what lockctl did not remove is not told as removed"


def test_a_share_that_makes_creation_times_up(new_repository: NewRepository) -> None:
    """Unattended nothing goes where one clock of others is all there is; a person may say yes."""
    repository = new_repository("undated")
    made = {aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 3 * HOUR, WEB2)}
    for _ in range(2):
        done = lockctl(repository, "prune", "--yes")
        assert done.status == 0
        assert repository.sound_lock_ids() == made
    assert history(repository) == []


def test_a_share_that_does_not_permit_the_experiment(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    address = repository.smb_address.replace("/backup/", "/read-only/")
    done = lockctl(smb_environment(repository), "prune", "--yes", "-r", address)
    assert done.status == 0
    assert "the server did not permit the test of its creation times" in done.stderr
    assert repository.sound_lock_ids() == {lock_id}


def test_a_person_on_a_read_only_share(repository: Repository) -> None:
    made = {aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)}
    address = repository.smb_address.replace("/backup/", "/read-only/")
    done = lockctl(smb_environment(repository), "prune", "-r", address, tty=True, stdin="y\n")
    assert done.status == 3
    assert done.stdout.count("was not removed") == 2
    assert "does not permit" in done.stdout
    assert repository.sound_lock_ids() == made
    assert {entry["outcome"] for entry in history(repository)} == {"kept"}


def test_a_disk_keeps_what_is_only_old(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    back = time.time() - HOUR
    os.utime(repository.path / "locks", (back, back))
    done = prune_on_disk(repository)
    assert done.returncode == 0, done.stderr
    assert "on a local path all clocks may be one and the same" in done.stderr
    assert "stale" in done.stderr
    assert repository.sound_lock_ids() == {lock_id}
    assert sorted(path.name for path in repository.path.iterdir()) == "config data index keys locks snapshots".split()


def test_a_disk_gives_up_what_is_dead(repository: Repository) -> None:
    here = socket.gethostname()
    dead = aged_lock(repository, 900, Owner(here, pid=2**22 + 5))
    before_restart = aged_lock(repository, time.time() - psutil.boot_time() + HOUR, Owner(here, pid=2**22 + 6))
    alive = aged_lock(repository, 1, Owner(here, pid=os.getpid()))
    elsewhere = aged_lock(repository, 60, WEB1)
    first = prune_on_disk(repository)
    assert (first.returncode, first.stdout) == (0, ""), "another machine can have this one's name"
    set_back(repository, 1400)
    done = prune_on_disk(repository)
    assert done.returncode == 0, done.stderr
    assert {line.split()[1] for line in done.stdout.splitlines()} == {before_restart[:8], dead[:8]}
    assert "no process with PID 4194309 runs on this machine" in done.stdout
    assert repository.sound_lock_ids() == {alive, elsewhere}


def test_damaged_goes_and_what_is_being_written_stays(repository: Repository) -> None:
    old = aged_lock(repository, 2 * HOUR, cut_to=60)
    empty = aged_lock(repository, 2 * HOUR, cut_to=0)
    fresh = aged_lock(repository, 20, cut_to=60)
    altered = put_old(repository, "0" * 64, b"other bytes").name
    done = lockctl(repository, "prune", "--yes", "--json")
    assert done.status == 0
    assert ids(done.json["removed"]) == {old, empty, altered}
    assert repository.lock_ids() == [fresh]
    assert done.json["kept"][0]["state"] == "writing"
    assert repository.run("list", "locks", "--no-lock").returncode == 0


def test_unreadable_is_kept(repository: Repository) -> None:
    kept, gone = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    (repository.path / "locks" / kept).chmod(0)
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 3
    assert f"removed {gone[:8]}" in done.stdout
    assert f"lockctl: {kept[:8]}" in done.stderr
    assert "could not be read" in done.stderr
    assert repository.lock_ids() == [kept]


def test_foreign_files_and_temporary_names(repository: Repository) -> None:
    name = "1" * 64
    kept = {
        put_old(repository, "README", b"hello", 900 * HOUR).name,
        put_old(repository, name[:63], b"short name", 900 * HOUR).name,
        put_old(repository, name.replace("1", "A"), b"upper case", 900 * HOUR).name,
        put_old(repository, name, b"x" * 70_000, 900 * HOUR).name,
        put_old(repository, f"{name}-tmp-12", b"young", 3 * HOUR).name,
    }
    (repository.path / "locks" / ("2" * 64)).mkdir()
    gone = put_old(repository, f"{name}-tmp-13", b"left over", 25 * HOUR).name
    done = lockctl(repository, "prune", "--yes", "--json")
    assert done.status == 0, done.text
    assert ids(done.json["removed"]) == {gone}
    assert set(repository.lock_ids()) == kept | {"2" * 64}
    states = {lock["id"]: lock["state"] for lock in done.json["kept"]}
    assert states[f"{name}-tmp-12"] == "writing"
    assert {states[one] for one in kept - {f"{name}-tmp-12"}} == {"foreign"}


def test_a_superseded_lock(repository: Repository) -> None:
    old, new = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 60, WEB1)
    states = {lock["id"]: (lock["state"], lock["reasons"][0]["code"]) for lock in list_locks(repository)}
    assert states == {old: ("superseded", "newer-lock"), new: ("active", "renewed")}
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0
    assert repository.lock_ids() == [new]
    later = lockctl(repository, "list")
    assert (later.status, later.stderr) == (0, ""), "its owner lives, and that is no news"


def test_an_owner_that_came_back(repository: Repository) -> None:
    old = aged_lock(repository, 2 * HOUR, WEB1)
    assert lockctl(repository, "prune", "--yes").status == 0
    new = aged_lock(repository, 0, WEB1)
    done = lockctl(repository, "list")
    assert done.status == 0
    assert f"ERROR: the owner of lock {old[:8]}" in done.stderr
    assert f"it came back as {new[:8]} (web1, PID 4209, root)" in done.stderr
    (entry,) = history(repository)
    assert (entry["outcome"], entry["returned_as"]) == ("removed", new)
    assert f"owner came back as {new[:8]}" in lockctl(repository, "history").stdout
    assert lockctl(repository, "list").stderr == "", "told once"


def test_a_read_only_attribute_does_not_keep_a_lock(repository: Repository) -> None:
    """restic on a mount takes the write permission away."""
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    (repository.path / "locks" / lock_id).chmod(0o400)
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0, done.text
    assert f"removed {lock_id[:8]}" in done.stdout
    assert repository.lock_ids() == []


@pytest.mark.parametrize("version", [1, 2])
def test_both_formats(repository: Repository, version: int) -> None:
    other = Repository(repository.samba, f"{repository.folder}-v{version}")
    other.init(version)
    lock_id = aged_lock(other, 2 * HOUR, WEB2)
    done = lockctl(other, "prune", "--yes", "--json")
    assert done.status == 0
    assert done.json["repository"]["format"] == version
    assert ids(done.json["removed"]) == {lock_id}
