"""`lockctl check`, as a monitoring system runs it: one line, figures, and a status from 0 to 3 whatever happens."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1, WEB2, WEB3, named_lock, one_of_each
from tests.cli.run import Done, finish, history, lockctl, smb_environment, start, state_of
from tests.cli.seeing import seen_for
from tests.lab.processes import until
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository
from tests.lab.seal import Owner, aged_lock
from tests.plugin import Output, read_output
from tests.unit.render.test_nagios import HOSTILE

NOWHERE = {"PATH": "/usr/bin:/bin", "RESTIC_PASSWORD": "x", "LOCKCTL_SMB_PASSWORD": "x"}


def read(done: Done) -> Output:
    """What it said, which its status has to fit; nothing is on standard error."""
    output = read_output(done.stdout)
    assert done.status == output.status
    assert done.stderr == ""
    return output


def check(repository: Repository, *words: str, stdin: str = "") -> Output:
    return read(lockctl(repository, "check", *words, stdin=stdin))


def test_three_hosts_at_work_are_ok(repository: Repository) -> None:
    for age, owner in ((10, WEB1), (200, WEB2), (299, WEB3)):
        aged_lock(repository, age, owner)
    output = check(repository)
    assert output.level == "OK"
    assert output.text == "3 locks (3 active), can run now: backup"
    assert output.lines == []
    assert output.figures["locks"][0] == "3"
    assert output.figures["stale"] == ("0", "0", "20")
    assert 299 <= float(output.figures["oldest"][0].removesuffix("s")) < 400


def test_a_real_backup_at_work_is_ok(repository: Repository) -> None:
    with repository.running_backup() as backup:
        output = check(repository)
        assert (output.level, output.figures["locks"][0]) == ("OK", "1")
        assert backup.finish().returncode == 0


def test_a_stale_lock_is_a_warning_and_goes_with_prune(repository: Repository) -> None:
    stale = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    output = check(repository)
    assert output.level == "WARNING"
    assert output.text.startswith(f"1 stale lock: {stale[:8]} (web1, PID 4209, root) (blocks prune, check, forget) / ")
    assert lockctl(repository, "prune", "--yes").status == 0
    assert check(repository).level == "OK"


def test_each_limit_in_the_lab(repository: Repository) -> None:
    one_of_each(repository)
    seen_for(repository)
    output = check(repository)
    assert output.level == "CRITICAL"
    assert output.text.startswith("1 damaged, 1 undecodable locks: ")
    figures = {name: value for name, (value, _, _) in output.figures.items()}
    assert (figures["locks"], figures["stale"], figures["damaged"]) == ("10", "2", "2")
    assert float(figures["oldest"].removesuffix("s")) >= 3 * HOUR
    off = ["stale", "oldest", "exclusive", "damaged", "clock", "owner-clock"]
    none = ",".join(f"{name}=off" for name in off)
    assert check(repository, "-w", none, "-c", none).level == "OK"
    assert check(repository, "-w", none, "-c", f"{none},damaged=1").level == "CRITICAL"
    assert check(repository, "-w", f"{none},damaged=1", "-c", f"{none},damaged=2,stale=9").level == "WARNING"
    assert check(repository, "--warning", "2", "--critical", none).level == "WARNING"


def test_an_owner_whose_clock_is_wrong(repository: Repository) -> None:
    aged_lock(repository, -1400, Owner("ahead"), created_age=10)
    output = check(repository)
    assert output.level == "CRITICAL"
    assert output.text.startswith("the clock of ahead is 23 min ")
    assert check(repository, "-c", "owner-clock=1h").level == "WARNING"


def test_an_exclusive_lock_is_held_longer_than_its_file_is_there(repository: Repository) -> None:
    """Each renewal is a new file: how long its owner has worked this machine alone remembers."""
    owner = Owner("web1")
    first = aged_lock(repository, 200, owner, exclusive=True)
    assert float(check(repository).figures["exclusive"][0].removesuffix("s")) < 300
    for file in (state_of(repository) / "holdings").iterdir():
        if file.name != "lock":
            file.write_text(_moved(file.read_text(), 7 * HOUR))
    (repository.path / "locks" / first).unlink()
    aged_lock(repository, 5, owner, exclusive=True)
    output = check(repository)
    assert output.level == "WARNING"
    assert output.text.startswith("an exclusive lock is held for at least 7 h")
    assert read(lockctl(repository, "check", state_dir=state_of(repository) / "new")).level == "OK"


def _moved(held: str, seconds: int) -> str:
    """The same memory, with all owners seen for the first time so much earlier."""
    fields = json.loads(held)
    earlier = {name: [moment - seconds * 10**9 for moment in first] for name, first in fields["first"].items()}
    return json.dumps({**fields, "first": earlier})


def test_an_owner_that_came_back(repository: Repository) -> None:
    gone = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    back = aged_lock(repository, 0, WEB1)
    output = check(repository)
    assert output.level == "CRITICAL"
    assert f"Lock {gone[:8]}, which was removed at " in output.text
    assert f"has its owner back, as {back[:8]}" in output.text
    assert history(repository)[0]["returned_as"] == back
    later = check(repository)
    assert later.level == "WARNING"
    assert "In the last 7 days 1 owner came back" in later.text


def test_verbose_has_a_line_for_each_lock(repository: Repository) -> None:
    made = one_of_each(repository)
    output = check(repository, "-v")
    assert {line[:8] for line in output.lines} >= {lock_id[:8] for lock_id in made.values()}
    assert len(output.lines) == 10
    assert any(" exclusive active: renewed 1 min" in line for line in output.lines)


@pytest.mark.parametrize("name", [name for name in HOSTILE if len(name) < 999])
def test_names_of_strangers(repository: Repository, name: str) -> None:
    named_lock(repository, name)
    seen_for(repository)
    output = check(repository, "-v")
    assert (output.level, output.figures["stale"][0], len(output.lines)) == ("WARNING", "1", 1)


def test_a_lock_that_cannot_be_read_is_unknown_until_something_is_wrong(repository: Repository) -> None:
    closed = aged_lock(repository, 60, WEB1)
    (repository.path / "locks" / closed).chmod(0)
    output = check(repository)
    assert output.level == "UNKNOWN"
    assert output.text.startswith(f"1 lock could not be read: {closed[:8]}")
    assert output.figures["locks"][0] == "1"
    aged_lock(repository, 2 * HOUR, WEB2)
    seen_for(repository)
    assert check(repository).level == "WARNING"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--no-such-option"], "No such option: --no-such-option"),
        (["-w", "x=1"], "no figure is called 'x'"),
        (["-c", "oldest=5"], "'5' has no unit"),
        (["--timeout", "5"], "'5' has no unit"),
        (["-r", ""], "no repository was given"),
        (["-r", "/no/such/place"], "/no/such/place"),
        (["-r", "smb://u@127.0.0.1:1/share/path"], "127.0.0.1"),
        (["-r", "rclone:none:x/y"], "none"),
        (["-r", "a\nb|c=1"], "b"),
        (["-r", "/x", "--password-file", "/no/such|file"], "/no/such\\x7cfile"),
        (["surplus"], "surplus"),
    ],
)
def test_every_error_is_unknown_and_one_line(words: list[str], said: str) -> None:
    done = lockctl(NOWHERE, "check", *words)
    output = read_output(done.stdout)
    assert (done.status, output.level, output.lines, output.figures) == (3, "UNKNOWN", [], {})
    assert said in output.text


def test_a_wrong_password_and_a_share_that_refuses(repository: Repository) -> None:
    done = lockctl({**repository.env, "RESTIC_PASSWORD": "wrong"}, "check", state_dir=state_of(repository))
    assert (done.status, read_output(done.stdout).level) == (3, "UNKNOWN")
    assert "password" in done.stdout
    done = lockctl(smb_environment(repository, LOCKCTL_SMB_PASSWORD="wrong"), "check")
    assert (done.status, read_output(done.stdout).level) == (3, "UNKNOWN")
    assert history(repository) == []


def test_the_deadline_is_one_line_too(repository: Repository) -> None:
    done = lockctl(repository, "check", "--timeout", "0s")
    assert (done.status, read_output(done.stdout).text) == (
        3,
        "not finished within 0 s (--timeout). Give it more time, or look why the server is slow",
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_is_unknown(repository: Repository, number: int) -> None:
    """At a server that stands still, as one does whose disk sleeps."""
    with Proxy(repository.samba.port) as proxy:
        proxy.silence_after(1)
        process = start(repository.through(proxy.port), "check")
        until(lambda: proxy.is_silent, "first message")
        process.send_signal(number)
        done = finish(process)
    assert (done.status, read_output(done.stdout).text) == (3, "interrupted, nothing was left half done")


def test_a_run_that_hangs_in_the_kernel(repository: Repository, tmp_path: Path) -> None:
    """Nobody ever writes to what it reads its password from."""
    os.mkfifo(tmp_path / "password")
    done = lockctl(repository, "check", "--timeout", "1s", "--password-file", str(tmp_path / "password"))
    output = read(done)
    assert (output.level, output.text[:41]) == ("UNKNOWN", "not finished within 1 s (--timeout). Give")


def test_a_state_folder_that_cannot_be_written(repository: Repository, tmp_path: Path) -> None:
    aged_lock(repository, 10, WEB1, exclusive=True)
    (tmp_path / "file").write_text("")
    done = lockctl(repository, "check", "-v", state_dir=tmp_path / "file")
    output = read_output(done.stdout)
    assert done.stderr == ""
    assert "since when exclusive locks are held is not remembered: cannot write " in "\n".join(output.lines)


def test_a_damaged_journal(repository: Repository) -> None:
    check(repository)
    (state_of(repository) / "journal.jsonl").write_text("no JSON\n")
    (state_of(repository) / "journal.jsonl").chmod(0o600)
    output = check(repository)
    assert output.level == "WARNING"
    assert "is damaged and was passed over" in output.text


BLOCKED = (
    "unable to create lock in backend: repository is already locked exclusively by PID 4209 on web1 by root "
    "(UID 0, GID 0)\nlock was created at 2026-11-23 00:16:16 (2h3m ago)\nstorage ID {}\n"
)


def test_what_a_log_tells(repository: Repository, tmp_path: Path) -> None:
    log = tmp_path / "backup.log"
    log.write_text(BLOCKED.format("c6632a54"))
    output = check(repository, "--log", str(log))
    assert output.level == "CRITICAL"
    assert output.text.startswith(
        "log: restic ended because web1 (PID 4209, root) had locked the repository exclusively"
    )
    assert check(repository, "--log", "-", stdin=log.read_text()).text == output.text
    well = repository.run("backup", __file__)
    log.write_text(log.read_text() + well.stdout + well.stderr)
    assert check(repository, "--log", str(log)).level == "OK", "a later run has settled it"
    done = lockctl(repository, "check", "--log", str(tmp_path / "none"))
    assert (done.status, read_output(done.stdout).level) == (3, "UNKNOWN")


def test_metadata_only(repository: Repository) -> None:
    aged_lock(repository, 60, WEB1, exclusive=True)
    variables = {name: value for name, value in repository.env.items() if name != "RESTIC_PASSWORD"}
    done = lockctl(variables, "check", "--metadata-only", state_dir=state_of(repository))
    output = read_output(done.stdout)
    assert output.figures["exclusive"][0] == output.figures["owner-clock"][0] == "U"
