"""What a terminal gets and a pipe does not: width, a next step, and what is waited for."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lockctl.render.harmless import columns
from tests.cli.make import HOUR, WEB1, one_of_each
from tests.cli.run import environment, lockctl
from tests.cli.seeing import seen_for
from tests.cli.terminal import at_width, drawn
from tests.conftest import NewRepository
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

WIDTHS = [80, 100, 200]
HINT = "lockctl prune --dry-run"


@pytest.fixture(scope="module")
def furnished(new_repository: NewRepository) -> Repository:
    """A repository with a lock in every state; no test here changes it."""
    repository = new_repository()
    one_of_each(repository)
    return repository


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("words", [["list"], ["prune", "-n"], ["ls", "--host", "web1"]])
def test_it_fits(furnished: Repository, width: int, words: list[str]) -> None:
    variables = {**environment(furnished), "NO_COLOR": "1"}
    for line in drawn(at_width(variables, width, *words)):
        assert columns(line) <= width or " " not in line.strip(), line


@pytest.mark.parametrize("width", WIDTHS)
def test_history_fits_and_the_newest_is_last(repository: Repository, width: int) -> None:
    old, new = aged_lock(repository, 3 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    told = drawn(at_width({**environment(repository), "NO_COLOR": "1"}, width, "history"))
    assert all(columns(line) <= width or " " not in line.strip() for line in told)
    assert re.findall(r"^\S+Z  ([0-9a-f]{8}) ", "\n".join(told), re.MULTILINE) == [old[:8], new[:8]], told


def test_a_pipe_gets_all_and_no_hint(furnished: Repository) -> None:
    done = lockctl(furnished, "list")
    assert HINT not in done.text
    assert "…" not in done.stdout
    assert done.stdout.splitlines()[0].split() == "ID HOST PID USER KIND AGE STATE WHY".split()


def test_the_hint_stands_on_a_terminal_alone(furnished: Repository, repository: Repository) -> None:
    assert HINT in lockctl(furnished, "list", tty=True).stdout
    aged_lock(repository, 60, WEB1)
    assert HINT not in lockctl(repository, "list", tty=True).stdout, "nothing can be removed"
    assert HINT not in lockctl(furnished, "list", "-q", tty=True).stdout


@pytest.mark.parametrize(
    ("options", "counted"), [(["--host", "nobody"], "; 0 of 10 shown"), (["--state", "stale"], "; 1 of 10 shown")]
)
def test_a_filter_says_how_many_it_left(furnished: Repository, options: list[str], counted: str) -> None:
    assert counted in lockctl(furnished, "list", *options).stdout
    assert "shown" not in lockctl(furnished, "list").stdout


def waiting_for(port: int, tmp_path: Path, *words: str, term: str = "xterm", tty: bool = True) -> str:
    """What is said by a run that waits for a server in vain."""
    secret = tmp_path / "credentials"
    secret.write_text("username=backup\npassword=secret\n")
    secret.chmod(0o600)
    variables = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "TERM": term,
        "RESTIC_PASSWORD": "x",
        "LOCKCTL_SMB_CREDENTIALS": str(secret),
    }
    address = f"smb://backup@127.0.0.1:{port}/share/repo"
    done = lockctl(variables, "list", "-r", address, "--timeout", "2s", *words, tty=tty)
    assert done.status == 14
    return done.text


def test_what_is_waited_for_is_said(silent: int, tmp_path: Path) -> None:
    told = waiting_for(silent, tmp_path)
    assert told.count(f"connecting to smb://backup@127.0.0.1:{silent}/share/repo") > 1, "it turns"
    assert drawn(told)[0].startswith("lockctl: not finished within 2 s"), "and is gone before anything else is said"
    assert "\x1b" not in told


@pytest.mark.parametrize(("words", "term", "tty"), [(["-q"], "xterm", True), ([], "dumb", True), ([], "xterm", False)])
def test_where_nothing_is_shown(silent: int, tmp_path: Path, words: list[str], term: str, tty: bool) -> None:
    assert "connecting" not in waiting_for(silent, tmp_path, *words, term=term, tty=tty)


def test_what_is_quick_is_not_waited_for(repository: Repository) -> None:
    """Only where half a second has passed; a history needs no server at all."""
    told = lockctl(repository, "history", tty=True)
    assert "\r" not in told.stdout
    assert "nothing was removed yet" in told.stdout


@pytest.mark.parametrize("form", ["table", "wide", "csv", "markdown"])
def test_two_forms_at_once_are_refused(repository: Repository, form: str) -> None:
    done = lockctl(repository, "list", "--json", "--format", form)
    assert (done.status, done.json["kind"]) == (2, "usage")
    assert f"--json and --format {form} exclude each other" in done.stderr
    assert lockctl(repository, "list", "--json", "--format", "json").status == 0
