"""`lockctl doctor --log`, as a user runs it: the log alone, and joined with the share and the journal."""

from __future__ import annotations

import gzip
import lzma
import subprocess
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import COMMAND, ROOT, Done, environment, lockctl
from tests.cli.seeing import seen_for
from tests.corpus import logs
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

NOWHERE = {"PATH": "/usr/bin:/bin"}
LENGTH = "net/http: server replied with more than declared Content-Length; truncated"


def breaker(lock_id: str) -> str:
    """What restic 0.18 prints on its way into an open breaker (see `breaker_log` for a whole one)."""
    handle = f"<lock/{lock_id[:10]}>"
    retries = "".join(
        f"Load({handle}, 0, 0) returned error, retrying after {pause}s: {LENGTH}\n" for pause in (1.4, 2.3, 4.1, 300)
    )
    end = f"unable to create lock in backend: circuit breaker open for file {handle}\n"
    return f"{retries}Load({handle}, 0, 0) failed: {LENGTH}\n{end}"


def doctor(target: Repository | dict[str, str], log: str, *words: str) -> Done:
    """Pipes a log into lockctl."""
    return lockctl(target, "doctor", "--log", "-", *words, stdin=log)


def test_the_log_alone(tmp_path: Path) -> None:
    path = tmp_path / "backup.log"
    path.write_text(breaker("c6632a542a" + "0" * 54))
    done = lockctl(NOWHERE, "doctor", "--log", str(path))
    assert done.status == 2
    assert "circuit-breaker" in done.stdout
    assert "c6632a542a after 4 tries in 5 min 7 s" in " ".join(done.stdout.split())
    assert "with -r lockctl also says what became of the lock" in " ".join(done.stdout.split())
    assert '-o rclone.args="serve restic --stdio --b2-hard-delete --cache-objects=false"' in done.stdout
    assert "line 1: Load(<lock/c6632a542a>, 0, 0) returned error" in done.stdout
    assert done.stderr == ""


def test_a_sound_lock_of_a_live_owner(repository: Repository) -> None:
    lock_id = aged_lock(repository, 60, WEB1)
    done = doctor(repository, breaker(lock_id), "--json")
    assert done.status == 2
    (finding,) = done.json["findings"]
    assert finding["code"] == "circuit-breaker"
    assert "of web1 (PID 4209, root)" in finding["seen"]
    assert "is sound, and its owner is at work" in finding["meaning"]
    assert finding["todo"].startswith("Remove nothing. Start the backup again")
    assert "Do not run 'restic unlock --remove-all'" in finding["todo"]
    assert [event["kind"] for event in finding["events"]] == ["retried", "gave-up", "breaker"]
    assert repository.lock_ids() == [lock_id]


def test_a_lock_that_lockctl_removed(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB1, exclusive=True)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    done = doctor(repository, breaker(lock_id), "--json")
    (finding,) = done.json["findings"]
    assert "lockctl removed it at" in finding["meaning"]


def test_real_blocked_restics_and_what_the_share_says_later(repository: Repository) -> None:
    stale = aged_lock(repository, 2 * HOUR, WEB1, exclusive=True)
    failed = repository.run("backup", __file__, check=False)
    done = doctor(repository, failed.stdout + failed.stderr)
    assert done.status == 2
    text = " ".join(done.stdout.split())
    assert f"web1 (PID 4209, root) had locked the repository exclusively (lock {stale[:8]}" in text
    assert "'lockctl prune' removes it" in text.replace("\0", " ")
    (repository.path / "locks" / stale).unlink()
    done = doctor(repository, failed.stdout + failed.stderr)
    assert "Nothing is left to remove" in " ".join(done.stdout.split())


def test_success_finds_nothing(repository: Repository) -> None:
    well = repository.run("backup", __file__)
    done = doctor(repository, well.stdout + well.stderr)
    assert (done.status, done.stdout) == (0, "")
    assert "nothing about locks is wrong in this log" in done.stderr
    done = doctor(repository, "", "--json")
    assert (done.status, done.json["findings"]) == (0, [])


def test_a_share_that_only_the_environment_names_need_not_be_there(repository: Repository) -> None:
    variables = environment(repository) | {
        "RESTIC_REPOSITORY": "smb://nobody@127.0.0.1:1/backup/repo",
        "LOCKCTL_SMB_PASSWORD": "wrong",
    }
    done = doctor(variables, breaker("c6632a542a" + "0" * 54))
    assert done.status == 2
    assert "warning: the log alone is told: " in done.stderr
    done = doctor(variables, breaker("c6632a542a"), "-r", variables["RESTIC_REPOSITORY"])
    assert done.status == 14, "it was asked for"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--log", "/nowhere/at.all"), "cannot read the log /nowhere/at.all: No such file or directory"),
        (("--log", "/"), "cannot read the log /: Is a directory"),
    ],
)
def test_a_log_that_cannot_be_read(words: tuple[str, ...], said: str) -> None:
    done = lockctl(NOWHERE, "doctor", *words)
    assert (done.status, done.stdout) == (2, "")
    assert said in done.stderr


def test_many_megabytes_in_one_pass_and_bounded_memory(tmp_path: Path) -> None:
    """Forty megabytes of a year of real logs, in an address space that could not hold them as lines."""
    real = b"".join(log.data for log in logs())
    path = tmp_path / "year.log"
    with path.open("wb") as file:
        while file.tell() < 40 * 2**20:
            file.write(real)
    limited = ["sh", "-c", 'ulimit -v 300000; exec "$@"', "sh", *COMMAND, "doctor", "--log", str(path), "--json"]
    done = subprocess.run(limited, env=NOWHERE, cwd=ROOT, capture_output=True, check=False, timeout=120)
    assert done.returncode == 2, done.stderr
    assert b"Traceback" not in done.stderr


def test_nothing_of_a_log_reaches_the_terminal_raw() -> None:
    hostile = "unable to create lock in backend: repository is already locked by PID 1 on \x1b]0;x\x07ev\u202eil by "
    done = doctor(NOWHERE, f"{hostile}\x9bm (UID 0, GID 0)\nFatal: \x1b[2J\u2028x\n")
    assert done.status == 2
    assert not set(done.stdout) & set("\x1b\x07\x9b\u202e\u2028")


@pytest.mark.parametrize(
    ("data", "reader"),
    [
        (gzip.compress(b"Fatal: x\n"), "zcat"),
        (lzma.compress(b"Fatal: x\n"), "xzcat"),
        (b"LPKSHHRH\0", "journalctl --file"),
    ],
)
def test_a_packed_log_is_not_taken_for_a_good_one(tmp_path: Path, data: bytes, reader: str) -> None:
    path = tmp_path / "backup.log.1.gz"
    path.write_bytes(data)
    done = lockctl(NOWHERE, "doctor", "--log", str(path))
    assert (done.status, done.stdout) == (2, "")
    assert f"{reader} {path} | lockctl doctor --log -" in done.stderr


def test_a_log_that_fails_while_it_is_read() -> None:
    done = lockctl(NOWHERE, "doctor", "--log", "/proc/self/mem")
    assert (done.status, done.stdout) == (2, "")
    assert "cannot read the log /proc/self/mem: Input/output error" in done.stderr
