"""Output that nobody takes: a full disk, a closed descriptor, a working directory that is gone. One line, and 1."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import COMMAND, ROOT, environment
from tests.cli.seeing import seen_for
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

FULL = "lockctl: cannot write the output: No space left on device\n"


def run(
    variables: dict[str, str], *words: str, full: bool = True, closed: bool = False, cwd: Path | str = ROOT
) -> subprocess.CompletedProcess[str]:
    """With a standard output that takes nothing, or none at all."""
    with open("/dev/full" if full else os.devnull, "w") as output:
        shell = ["sh", "-c", 'exec "$@" >&-', "sh"] if closed else []
        return subprocess.run(
            [*shell, *COMMAND, *words],
            env={"PYTHONPATH": str(ROOT), **variables},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["list", "--json"],
        ["show", "LOCK"],
        ["show", "LOCK", "--json"],
        ["prune", "--dry-run"],
        ["prune", "--dry-run", "--json"],
        ["history"],
        ["history", "--json"],
        ["doctor", "--json"],
        ["metrics"],
        ["schema", "list"],
        ["completion", "bash"],
        ["--version"],
        ["--help"],
        ["prune", "--help"],
    ],
    ids=" ".join,
)
def test_a_full_disk(repository: Repository, words: list[str]) -> None:
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    if words[0] == "history":
        seen_for(repository)
        assert run(environment(repository), "prune", "--yes", full=False).returncode == 0
    done = run(environment(repository), *(lock if word == "LOCK" else word for word in words))
    assert (done.returncode, done.stderr) == (1, FULL)


@pytest.mark.parametrize("words", [["prune", "--yes", "--json"], ["rm", "LOCK", "--yes", "--json"]], ids=" ".join)
def test_a_removal_with_a_full_disk_is_in_the_journal(repository: Repository, words: list[str]) -> None:
    """What was done is done, and told where it can be."""
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    done = run(environment(repository), *(lock if word == "LOCK" else word for word in words))
    assert (done.returncode, done.stderr) == (1, FULL)
    assert repository.lock_ids() == []
    told = run(environment(repository), "history", full=False)
    assert told.returncode == 0


def test_a_closed_output() -> None:
    """A version that nobody can read is a failure; a run that has other work is not."""
    done = run({}, "--version", closed=True)
    assert (done.returncode, done.stderr) == (1, "lockctl: cannot write the output: Bad file descriptor\n")


def test_a_working_directory_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'cd "$1" && rmdir "$1" && shift && exec "$@"', "sh", str(gone), *COMMAND, "list", "-r", "./x"],
        env={"PYTHONPATH": str(ROOT), "RESTIC_PASSWORD": "x"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = "lockctl: the working directory is not there any more. Give the path from / on\n"
    assert (done.returncode, done.stderr) == (2, said)
