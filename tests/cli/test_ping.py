"""`--ping`, tried against a real HTTP server: start, success and failure, and that it never changes the outcome."""

from __future__ import annotations

import socket

import pytest

from tests.cli.make import HOUR, WEB1, named_lock
from tests.cli.run import environment, history, lockctl, state_of
from tests.cli.seeing import seen_for
from tests.lab.pinged import pinged
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock
from tests.plugin import read_output


def test_a_prune_that_removes_tells_what(repository: Repository) -> None:
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    with pinged() as service:
        done = lockctl(repository, "prune", "--yes", "--quiet", "--ping", service.url)
    assert (done.status, done.stderr) == (0, "")
    assert service.paths == ["/secret-uuid/start", "/secret-uuid"]
    assert service.heard[0][1] == ""
    assert service.heard[1][1] == f"removed {lock[:8]} (web1, PID 4209, root): not renewed for 2 h"
    assert done.stdout.rstrip("\n") == service.heard[1][1]


def test_a_prune_that_waits_tells_of_it_as_a_failure(repository: Repository) -> None:
    """Its status is 3: nothing can be said of earlier runs."""
    aged_lock(repository, 2 * HOUR, WEB1)
    with pinged() as service:
        done = lockctl(repository, "prune", "--yes", "--ping", service.url)
    assert done.status == 3
    assert service.paths == ["/secret-uuid/start", "/secret-uuid/fail"]
    assert "no earlier run is remembered" in service.heard[1][1]


@pytest.mark.parametrize("command", ["prune", "check"])
def test_an_error_is_a_failure_with_its_text(repository: Repository, command: str) -> None:
    variables = {**environment(repository, state_of(repository)), "RESTIC_PASSWORD": "wrong"}
    with pinged() as service:
        done = lockctl(variables, command, "--ping", service.url)
    assert done.status == (12 if command == "prune" else 3)
    assert service.paths == ["/secret-uuid/start", "/secret-uuid/fail"]
    assert "password" in service.heard[1][1]
    assert service.heard[1][1] in done.text.replace("lockctl: ", "")


def test_a_check_tells_its_line(repository: Repository) -> None:
    with pinged() as service:
        assert lockctl(repository, "check", "--ping", service.url).status == 0
        named_lock(repository, "a\x1b[2J\nb")
        seen_for(repository)
        done = lockctl(repository, "check", "--ping", f"{service.url}?create=1")
    assert done.status == 1
    start, fail = "/secret-uuid/start", "/secret-uuid/fail"
    assert service.paths == [start, "/secret-uuid", f"{start}?create=1", f"{fail}?create=1"]
    assert read_output(service.heard[1][1]).level == "OK"
    assert service.heard[3][1] == done.stdout.rstrip("\n")


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "it answered 404"), (500, "it answered 500"), (0, "no answer within 5 s"), (-1, "it cannot be reached: ")],
)
def test_who_cannot_be_told_changes_nothing(repository: Repository, status: int, said: str) -> None:
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    with pinged(max(0, status)) as service:
        url = service.url if status >= 0 else f"http://127.0.0.1:{_closed_port()}/secret-uuid"
        done = lockctl(repository, "prune", "--yes", "--quiet", "--ping", url)
    assert done.status == 0
    assert f"removed {lock[:8]}" in done.stdout
    lines = done.stderr.splitlines()
    assert [line.split(":")[2].strip() for line in lines] == [
        "127.0.0.1 could not be told of the start",
        "127.0.0.1 could not be told of the success",
    ]
    assert all(said in line for line in lines)
    assert "secret-uuid" not in done.text
    assert len(history(repository)) == 1


def test_the_limit_of_the_run_is_kept_and_its_outcome_told(repository: Repository) -> None:
    """A service that never answers; the run itself is quick."""
    with pinged(0) as service:
        done = lockctl(repository, "check", "--timeout", "8s", "--ping", service.url)
    assert (done.status, read_output(done.stdout).level) == (0, "OK")
    assert done.stderr.count("no answer within ") == 2


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "hc-ping.com/x", "http://", "http://h:99999/", "http://a b"])
def test_what_is_no_url(repository: Repository, url: str) -> None:
    done = lockctl(repository, "prune", "--yes", "--ping", url)
    assert (done.status, done.stdout) == (2, "")
    assert "--ping needs a URL" in done.stderr


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
