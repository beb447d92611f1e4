"""Wrong usage: what is said, and exit status 2. And output that nobody takes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import COMMAND, ROOT, environment, lockctl, state_of
from tests.cli.seeing import seen_for
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

WRONG = [
    (["list", "--no-such-option"], "--no-such-option"),
    (["no-such-command"], "no-such-command"),
    (["show"], "ID"),
    (["restore"], "ID"),
    (["list", "--older", "2"], "no unit that is known here"),
    (["list", "--older", "1mo"], "months or years"),
    (["prune", "--older", "1y", "--yes"], "months or years"),
    (["prune", "--older", "-2h", "--yes"], "not a duration"),
    (["prune", "--older", "2hours", "--yes"], "no unit that is known here"),
    (["prune", "--older", "", "--yes"], "not a duration"),
    (["list", "--timeout", "soon"], "not a duration"),
    (["list", "--state", "rotten"], "no such state: rotten"),
    (["list", "--format", "pdf"], "pdf"),
    (["list", "--sort", "colour"], "colour"),
    (["prune", "--yes", "--trust-clock", "mine"], "mine"),
    (["list", "-r", "sftp:user@host:/repo"], "no locks can be read over sftp"),
    (["list", "-r", "s3:s3.amazonaws.com/bucket"], "no locks can be read over s3"),
    (["list", "-r", "rest:https://host/"], "no locks can be read over rest"),
    (["list", "-r", "//h/s", "--kerberos", "--smb-credentials", "/x"], "Leave one of them out"),
    (["list", "-r", "name"], "'name' is the name of a configured repository"),
    (["list", "-r", "smb://"], "names no host"),
    (["list", "-r", "smb://host"], "names no share"),
    (["list", "-r", "smb://user@host:port/share/path"], "its host or port is not valid"),
    (["list", "-r", "smb://user@host/share/../../etc"], "'..'"),
    (["list", "-r", "//host"], "names no share"),
    (["list", "-r", "rclone:"], "the address names no rclone remote"),
    (["list", "-r", "rclone:nothing:share/path"], "rclone has no remote 'nothing'"),
    (["list", "-r", ""], "no repository was given"),
    (["prune", "--yes", "--password-file", "/no/such/file"], "cannot read the password file '/no/such/file'"),
    (["prune", "--yes", "--password-command", "false"], "failed with status 1"),
    (["prune", "--yes", "--password-command", "no-such-program"], "did not work"),
    (["list", "--smb-credentials", "/no/such/file", "-r", "//127.0.0.1/a/b"], "cannot read the credentials file"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_usage(template: Path, tmp_path: Path, words: list[str], said: str) -> None:
    configuration = tmp_path / "rclone.conf"
    configuration.touch()
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "RCLONE_CONFIG": str(configuration),
        "RESTIC_REPOSITORY": str(template) if words[-2:] != ["-r", ""] else "",
        "RESTIC_PASSWORD": "unused",
    }
    done = lockctl(variables, *words)
    assert done.status == 2, done.text
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.startswith("lockctl: ")
    assert len(done.stderr.splitlines()) <= 2
    told = lockctl(variables, *words, "--json")
    assert told.status == 2
    assert (told.json["schema"], told.json["code"], told.json["kind"]) == ("lockctl.error/1", 2, "usage")


def test_no_repository_was_given(tmp_path: Path) -> None:
    done = lockctl({"HOME": str(tmp_path), "PATH": os.environ["PATH"]}, "list")
    assert done.status == 2
    assert "no repository was given. Use -r ADDRESS" in done.stderr


def test_no_password_and_nobody_to_ask(repository: Repository) -> None:
    variables = {name: value for name, value in repository.env.items() if name != "RESTIC_PASSWORD"}
    done = lockctl(variables, "list", state_dir=state_of(repository))
    assert done.status == 2
    assert "no password of the repository was given, and nobody is there to ask" in done.stderr
    assert "RESTIC_PASSWORD" in done.stderr


def test_help_and_version(tmp_path: Path) -> None:
    variables = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "COLUMNS": "200"}
    for words in (["--help"], [], *([name, "--help"] for name in "list show prune restore history".split())):
        done = lockctl(variables, *words)
        assert done.status == 0, done.text
        assert "Usage: " in done.text
    version = lockctl(variables, "--version")
    assert (version.status, version.stdout.split()[0], version.stderr) == (0, "lockctl", "")


def run_into(repository: Repository, *words: str, stdout: int) -> tuple[int, str]:
    """The status and the errors of a run whose output goes there."""
    done = subprocess.run(
        [*COMMAND, *words],
        env=environment(repository),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["history"], ["prune", "--dry-run"], ["--help"]])
def test_a_closed_pipe(repository: Repository, words: list[str]) -> None:
    aged_lock(repository, 60, WEB1)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        status, errors = run_into(repository, *words, stdout=writer)
    finally:
        os.close(writer)
    assert "Traceback" not in errors
    assert "Exception" not in errors
    assert status in (0, 141)


def test_a_closed_pipe_does_not_keep_prune_from_its_journal(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        _, errors = run_into(repository, "prune", "--yes", stdout=writer)
    finally:
        os.close(writer)
    assert "Traceback" not in errors
    assert repository.lock_ids() == []
    entries = lockctl(repository, "history", "--json").json["entries"]
    assert [(entry["id"], entry["outcome"]) for entry in entries] == [(lock_id, "removed")]


def test_output_that_cannot_be_written(repository: Repository) -> None:
    """A full disk behind standard output is an error, and no traceback."""
    aged_lock(repository, 60, WEB1)
    with Path("/dev/full").open("wb") as full:
        status, errors = run_into(repository, "list", stdout=full.fileno())
    assert status == 1, errors
    assert "Traceback" not in errors
    assert "Exception" not in errors
    assert errors.startswith("lockctl: ")
    assert "internal error" not in errors


def test_head(repository: Repository) -> None:
    for age in range(60, 63):
        aged_lock(repository, age, WEB1)
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" | head -1', "bash", *COMMAND, "list", "--format", "csv"],
        env=environment(repository),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode in (0, 141)
    assert done.stdout.startswith("id,hostname")


@pytest.mark.parametrize("words", [["list", "--json"], ["history", "--json"], ["list"]])
def test_output_that_nothing_takes_is_one_line(repository: Repository, words: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, *words],
            env=environment(repository),
            cwd=ROOT,
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr == "lockctl: cannot write the output: No space left on device\n"
