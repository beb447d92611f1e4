"""`lockctl prune` keeps what is alive, unsure or changed, on every kind of share and on a disk."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from tests.cli.make import HOUR, WEB1, WEB2, put_old
from tests.cli.run import ROOT, environment, history, ids, list_locks, lockctl, smb_environment, state_of
from tests.cli.seeing import long_kept, seen_for
from tests.conftest import NewRepository
from tests.lab.alone import NOBODY, UP_SECONDS
from tests.lab.restic import Repository
from tests.lab.seal import Owner, aged_lock

# The same command line on a disk whose birth times can be set: what no file system allows, they are as old as
# the last write. That is what restic leaves on the server's own disk.
ON_AN_OLD_DISK = (
    "import os, sys; from lockctl.transport.local import statx;"
    "statx.birth_time = lambda path: os.lstat(path).st_mtime_ns;"
    "from lockctl.__main__ import main; main(sys.argv[1:])"
)


NO_BIRTH_TIMES = ON_AN_OLD_DISK.replace("os.lstat(path).st_mtime_ns", "None")


def on_disk(repository: Repository, patch: str, *words: str) -> subprocess.CompletedProcess[str]:
    """lockctl on the repository's directory, with birth times as the lab wants them."""
    command = [sys.executable, "-c", patch, *words, "-r", str(repository.path)]
    return subprocess.run(
        command, env=environment(repository), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_an_owner_that_renews_while_the_question_stands(repository: Repository) -> None:
    old, other = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    done = lockctl(repository, "prune", tty=True, stdin="y\n", before_answer=lambda: aged_lock(repository, 0, WEB1))
    assert done.status == 0
    assert "its owner has renewed since the plan was made" in " ".join(done.stdout.split())
    assert old in repository.lock_ids()
    assert other not in repository.lock_ids()
    assert len(repository.lock_ids()) == 2


def test_a_damaged_lock_that_is_written_again_while_the_question_stands(repository: Repository) -> None:
    """Its name is no hash of these bytes, and tells nothing of what was put there."""
    cut, other = aged_lock(repository, 2 * HOUR, WEB1, cut_to=60), aged_lock(repository, 2 * HOUR, WEB2)
    path = repository.path / "locks" / cut
    data = path.read_bytes()

    def replace() -> None:
        path.unlink()
        put_old(repository, cut, data, 3 * HOUR)

    done = lockctl(repository, "prune", tty=True, stdin="y\n", before_answer=replace)
    assert done.status == 0
    assert "changed since the plan was made" in done.stdout
    assert repository.lock_ids() == [cut]
    assert ids(history(repository)) == {other}


def test_a_server_that_numbers_and_dates_anew(repository: Repository) -> None:
    """The same bytes under the name that is their hash are the same lock, whatever else is told of them."""
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    path = repository.path / "locks" / lock_id
    data, before = path.read_bytes(), list_locks(repository)[0]["file"]
    aside = path.with_name("aside")
    path.rename(aside)
    put_old(repository, lock_id, data, 3 * HOUR)
    aside.unlink()
    (lock,) = list_locks(repository)
    assert all(lock["file"][name] != before[name] for name in ("id", "created", "written"))
    assert lock["seen_seconds"] >= 1400
    done = lockctl(repository, "prune", "--yes")
    assert (done.status, repository.lock_ids()) == (0, []), done.text


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
        seen_for(repository)
        done = lockctl(repository, "prune", "--yes")
        assert done.status == 0
        assert repository.sound_lock_ids() == made
    assert history(repository) == []


def test_a_person_on_a_read_only_share(repository: Repository) -> None:
    made = {aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)}
    address = repository.smb_address.replace("/backup/", "/read-only/")
    done = lockctl(smb_environment(repository), "prune", "-r", address, tty=True, stdin="y\n")
    assert done.status == 3
    assert done.stdout.count("was not removed") == 2
    assert "does not permit" in done.stdout
    assert repository.sound_lock_ids() == made
    assert {entry["outcome"] for entry in history(repository)} == {"kept"}


@pytest.mark.parametrize("birth", ["none", "that of the last write"])
def test_a_disk_without_birth_times(repository: Repository, birth: str) -> None:
    """A living lock of a client an hour behind, on a mount whose directories keep no time: not stale at first sight."""
    lock_id = aged_lock(repository, HOUR, WEB1)
    back = time.time() - 2400
    os.utime(repository.path / "locks", (back, back))
    patch = NO_BIRTH_TIMES if birth == "none" else ON_AN_OLD_DISK
    long_kept(state_of(repository))
    listed = json.loads(on_disk(repository, patch, "list", "--json").stdout)
    assert [lock["state"] for lock in listed["locks"]] == ["doubtful"]
    done = on_disk(repository, patch, "prune", "--yes")
    assert (done.returncode, "\nremoved " in done.stdout) == (0, False), done.stderr
    assert done.stdout.endswith("0 locks removed, 1 kept\n")
    assert repository.sound_lock_ids() == {lock_id}


def test_a_disk_gives_up_what_is_dead(repository: Repository) -> None:
    here = socket.gethostname()
    dead = aged_lock(repository, 1500, Owner(here, pid=NOBODY))
    before_restart = aged_lock(repository, UP_SECONDS + HOUR, Owner(here, pid=NOBODY + 1))
    alive = aged_lock(repository, 1, Owner(here, pid=os.getpid()))
    elsewhere = aged_lock(repository, 60, WEB1)
    patch = f"import os; from tests.lab import alone; alone.pretend(os.getppid()); {ON_AN_OLD_DISK}"
    long_kept(state_of(repository))
    first = on_disk(repository, patch, "prune", "--yes")
    assert (first.returncode, first.stdout.splitlines()[-1]) == (0, "0 locks removed, 4 kept"), (
        "another machine can have this one's name"
    )
    seen_for(repository, address=str(repository.path))
    done = on_disk(repository, patch, "prune", "--yes")
    assert done.returncode == 0, done.stderr
    gone = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("removed ")}
    assert gone == {before_restart[:8], dead[:8]}
    assert f"no process with PID {NOBODY} runs on this machine" in done.stdout
    assert "this machine was restarted 1 h after the lock's last renewal" in done.stdout
    assert repository.sound_lock_ids() == {alive, elsewhere}


def test_damaged_goes_and_what_is_being_written_stays(repository: Repository) -> None:
    old = aged_lock(repository, 2 * HOUR, cut_to=60)
    empty = aged_lock(repository, 2 * HOUR, cut_to=0)
    fresh = aged_lock(repository, 20, cut_to=60)
    altered = put_old(repository, "0" * 64, b"other bytes").name
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes", "--json")
    assert done.status == 0
    assert ids(done.json["removed"]) == {old, empty, altered}
    assert repository.lock_ids() == [fresh]
    assert done.json["kept"][0]["state"] == "writing"
    assert repository.run("list", "locks", "--no-lock").returncode == 0


def test_unreadable_is_kept(repository: Repository) -> None:
    kept, gone = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    (repository.path / "locks" / kept).chmod(0)
    seen_for(repository)
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
    seen_for(repository)
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
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0
    assert repository.lock_ids() == [new]
    later = lockctl(repository, "list")
    assert (later.status, later.stderr) == (0, ""), "its owner lives, and that is no news"


def test_an_owner_that_came_back(repository: Repository) -> None:
    old = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
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
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0, done.text
    assert f"removed {lock_id[:8]}" in done.stdout
    assert repository.lock_ids() == []


@pytest.mark.parametrize("version", [1, 2])
def test_both_formats(repository: Repository, version: int) -> None:
    other = Repository(repository.samba, f"{repository.folder}-v{version}")
    other.init(version)
    lock_id = aged_lock(other, 2 * HOUR, WEB2)
    seen_for(other)
    done = lockctl(other, "prune", "--yes", "--json")
    assert done.status == 0
    assert done.json["repository"]["format"] == version
    assert ids(done.json["removed"]) == {lock_id}
