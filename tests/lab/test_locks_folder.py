"""What real restic does where locks/ is missing, or a file: what lockctl tells its users of that is true."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.run import assert_fails, assert_same_in_json, lockctl
from tests.conftest import NewRepository
from tests.lab.processes import binary
from tests.lab.restic import Repository
from tests.lab.samba import Samba

MISSING = "the repository has no folder 'locks/', and so no locks"
IN_ITS_PLACE = "a file stands where the repository's folder 'locks/' belongs"
"""restic itself waits half a minute before it gives up there."""


def run_locally(repository: Repository, *words: str) -> int:
    """The same restic on the server's own disk."""
    command = [binary("restic", "restic"), "-r", str(repository.path), *words]
    return subprocess.run(command, env=repository.env, capture_output=True, check=False, timeout=120).returncode


def run_remotely(repository: Repository, *words: str) -> int:
    return repository.run(*words, check=False).returncode


@pytest.mark.parametrize("run", [run_locally, run_remotely], ids=["disk", "rclone"])
def test_what_makes_a_missing_folder_anew(repository: Repository, run: Callable[..., int]) -> None:
    locks = repository.path / "locks"
    for words, makes_it in (
        (["unlock"], False),
        (["list", "locks"], False),
        (["snapshots"], True),
        (["backup", str(Path(__file__))], True),
        (["check"], True),
    ):
        shutil.rmtree(locks)
        assert run(repository, *words) == 0, words
        assert locks.is_dir() == makes_it, words
        locks.mkdir(exist_ok=True)
        repository.samba.give(repository.path)


@pytest.mark.parametrize("place", ["share", "disk"])
@pytest.mark.parametrize(
    "words", [["list"], ["prune", "--yes"], ["list", "--metadata-only"]], ids=lambda w: " ".join(w)
)
def test_lockctl_says_so(repository: Repository, place: str, words: list[str], samba: Samba) -> None:
    target = [] if place == "share" else ["-r", str(repository.path)]
    shutil.rmtree(repository.path / "locks")
    assert_fails(lockctl(repository, *words, *target), 1, MISSING, "'restic snapshots'", "'restic unlock' does not")
    assert_same_in_json(lockctl(repository, *words, *target, "--json"), 1, "not-found")
    (repository.path / "locks").write_bytes(b"in the way")
    samba.give(repository.path / "locks")
    assert_fails(lockctl(repository, *words, *target), 1, IN_ITS_PLACE, "Move it away")


def test_what_lockctl_says_to_do_helps(new_repository: NewRepository) -> None:
    repository = new_repository()
    shutil.rmtree(repository.path / "locks")
    assert lockctl(repository, "list").status == 1
    repository.run("snapshots")
    assert lockctl(repository, "list").status == 0
    shutil.rmtree(repository.path / "locks")
    (repository.path / "locks").write_bytes(b"in the way")
    assert lockctl(repository, "list").status == 1
    (repository.path / "locks").rename(repository.path / "aside")
    repository.run("snapshots")
    assert lockctl(repository, "list").status == 0
