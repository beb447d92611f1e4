"""`--notify` through the real apprise to a real HTTP server: what was removed, what needs a person, and no secret."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lockctl.monitoring.notify import MAX_CHARACTERS, Notifier
from tests.cli.make import HOUR, WEB1, named_lock, strange_bytes
from tests.cli.run import Done, environment, lockctl
from tests.cli.seeing import seen_for
from tests.lab.pinged import Pinged, pinged
from tests.lab.processes import free_port
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

SECRET = "secret-uuid"


def url_of(service: Pinged) -> str:
    """As apprise knows it."""
    return service.url.replace("http://", "json://")


def prune(repository: Repository, url: str, *words: str, variables: Mapping[str, str] | None = None) -> Done:
    """With the URL where others do not see it."""
    usual = {**environment(repository), "LOCKCTL_NOTIFY": url, **(variables or {})}
    done = lockctl(usual, "prune", "--yes", *words)
    assert SECRET not in done.text
    return done


def messages(service: Pinged) -> list[dict[str, Any]]:
    return [json.loads(body) for _, body in service.heard]


def test_what_was_removed(repository: Repository) -> None:
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    with pinged() as service:
        done = prune(repository, url_of(service), "--quiet")
    assert (done.status, done.stderr) == (0, "")
    (told,) = messages(service)
    assert told["title"] == f"lockctl on {socket.gethostname()}"
    assert told["message"] == f"removed {lock[:8]} (web1, PID 4209, root): not renewed for 2 h"
    assert told["type"] == "info"


def test_nobody_is_told_of_nothing(repository: Repository) -> None:
    aged_lock(repository, 60, WEB1)
    with pinged() as service:
        assert prune(repository, url_of(service)).status == 0
    assert service.heard == []


def test_what_needs_a_person_is_told_once(repository: Repository) -> None:
    strange = strange_bytes(repository)
    with pinged() as service:
        assert prune(repository, url_of(service)).status == 0
        assert len(service.heard) == 1
        seen_for(repository, whatever_its_times=True)
        assert prune(repository, url_of(service)).status == 0
        assert len(service.heard) == 1
    assert messages(service)[0]["message"].startswith(f"{strange[:8]} (owner not known) needs a person: its bytes are")


def test_a_run_that_fails(repository: Repository) -> None:
    with pinged() as service:
        done = prune(repository, url_of(service), variables={"RESTIC_PASSWORD": "wrong", "RESTIC_PASSWORD_FILE": ""})
    assert done.status == 12
    (told,) = messages(service)
    assert told["message"].startswith("wrong password for the repository")
    assert told["type"] == "warning"


def test_a_hostile_name_stays_text(repository: Repository) -> None:
    named_lock(repository, "<b>@everyone</b>\x1b[31m\nremoved all")
    seen_for(repository)
    with pinged() as service:
        assert prune(repository, url_of(service)).status == 0
    (told,) = messages(service)
    assert len(told["message"].splitlines()) == 1
    assert "\\x1b[31m\\x0aremoved all" in told["message"]


@pytest.mark.parametrize("trouble", ["refuses", "error"])
def test_a_service_that_cannot_be_told_changes_nothing(repository: Repository, trouble: str) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    with pinged(500) as service:
        url = url_of(service) if trouble == "error" else f"json://127.0.0.1:{free_port()}/{SECRET}"
        done = prune(repository, url, "--quiet")
    assert done.status == 0
    assert done.stdout.startswith("removed ")
    assert done.stderr == "lockctl: warning: --notify: JSON (URL number 1) could not be told\n"
    assert repository.lock_ids() == []


def test_a_service_that_hangs_holds_up_no_deadline(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    with pinged(0) as service:
        done = prune(repository, url_of(service), "--quiet", "--timeout", "3s")
    assert done.status == 0, done.text
    assert done.seconds < 15
    assert "gave no answer within" in done.stderr


def test_several_are_told_beside_each_other() -> None:
    with pinged(0) as silent, pinged() as service:
        problems = Notifier([url_of(silent), url_of(service)]).tell("t", "x" * 9000, 2.0)
    assert problems == ["--notify: JSON (URL number 1) gave no answer within 2 s"]
    assert messages(service)[0]["message"] == "x" * MAX_CHARACTERS + "\n…"


@pytest.mark.parametrize("url", ["nonsense", f"htp://{SECRET}", "json://"])
def test_a_url_that_apprise_does_not_know(repository: Repository, url: str) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    done = prune(repository, url)
    assert (done.status, done.stdout) == (2, "")
    assert "--notify: apprise does not know URL number 1" in done.stderr
    assert len(repository.lock_ids()) == 1, "it is told before anything is removed"


def test_without_apprise(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "apprise.py").write_text("raise ImportError\n")
    done = prune(repository, "json://localhost", variables={"PYTHONPATH": str(tmp_path)})
    assert (done.status, done.stdout) == (2, "")
    how = "Install it beside lockctl: pipx inject lockctl apprise, or pip install apprise"
    assert done.stderr == f"lockctl: --notify needs apprise. {how}\n"


def test_it_costs_nothing_where_nobody_asks(repository: Repository) -> None:
    code = (
        "import sys; from lockctl.cli.run import run_command_line as run; run(['prune', '-n']); print([*sys.modules])"
    )
    done = lockctl(repository, "-c", code, command=(sys.executable,))
    assert "'lockctl.cli.commands.prune'" in done.stdout
    assert "'apprise'" not in done.stdout
