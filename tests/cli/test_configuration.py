"""The configuration file and real probe commands, against locks on the real share."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import environment, finish, ids, lockctl, start
from tests.cli.seeing import seen_for
from tests.lab import alone
from tests.lab.alone import NOBODY
from tests.lab.processes import until
from tests.lab.restic import Repository
from tests.lab.seal import Owner, aged_lock


def configured(repository: Repository, folder: Path, text: str) -> dict[str, str]:
    """The environment of a user with this configuration."""
    (folder / "lockctl").mkdir()
    (folder / "lockctl/config.toml").write_text(text)
    return {**environment(repository), "XDG_CONFIG_HOME": str(folder)}


def probe(folder: Path, status: int) -> str:
    """A probe for all hosts that notes its arguments and ends with this status."""
    script = folder / "probe.sh"
    script.write_text(f'#!/bin/sh\necho "$@" >>{folder}/asked\nexit {status}\n')
    script.chmod(0o755)
    return f'[[probe]]\nhosts = ["web*"]\ncommand = ["{script}", "{{host}}", "{{pid}}", "{{username}}"]\n'


@pytest.mark.parametrize(
    ("age", "status", "state"),
    [(2 * HOUR, 0, "active"), (2 * HOUR, 1, "stale"), (1500, 3, "dead"), (1500, 1, "overdue")],
)
def test_a_probe(repository: Repository, tmp_path: Path, age: int, status: int, state: str) -> None:
    """All have been seen here for long enough, so that what goes is what the probe leaves in doubt or calls gone."""
    lock = aged_lock(repository, age, WEB1)
    seen_for(repository)
    variables = configured(repository, tmp_path, probe(tmp_path, status))
    done = lockctl(variables, "list", "--json")
    assert done.status == 0, done.text
    (found,) = done.json["locks"]
    assert (found["id"], found["state"]) == (lock, state)
    assert [one["says"] for one in found["witnesses"] if one["name"] == "probe"] == [
        {0: "alive", 3: "gone"}.get(status)
    ]
    assert (tmp_path / "asked").read_text() == f"{WEB1.hostname} {WEB1.pid} {WEB1.username}\n"
    removed = lockctl(variables, "prune", "--yes", "--json").json["removed"]
    assert ids(removed) == ({lock} if state in ("stale", "dead") else set())


def test_a_live_lock_is_not_asked_about(repository: Repository, tmp_path: Path) -> None:
    """Whoever renews needs no probe, and no probe can cost it its lock."""
    aged_lock(repository, 60, WEB1)
    variables = configured(repository, tmp_path, probe(tmp_path, 3))
    assert lockctl(variables, "prune", "--yes", "--json").json["removed"] == []
    assert not (tmp_path / "asked").exists()


def test_another_name_of_this_machine(repository: Repository, tmp_path: Path) -> None:
    """With it the processes of this machine count, here for a PID that is none."""
    lock = aged_lock(repository, 900, Owner("its-old-name", pid=NOBODY))
    assert lockctl(repository, "list", "--json", command=alone.COMMAND).json["locks"][0]["state"] == "overdue"
    variables = configured(repository, tmp_path, 'this_host = ["its-old-name"]\n')
    (found,) = lockctl(variables, "list", "--json", command=alone.COMMAND).json["locks"]
    assert (found["id"], found["state"]) == (lock, "dead")
    assert socket.gethostname() != "its-old-name"


def test_a_raised_threshold(repository: Repository, tmp_path: Path) -> None:
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    variables = configured(repository, tmp_path, '[thresholds]\nexpired = "3h"\n')
    assert lockctl(variables, "prune", "--yes", "--json").json["removed"] == []
    assert repository.lock_ids() == [lock]


def test_a_mistake_is_named_before_anything_is_asked(repository: Repository, tmp_path: Path) -> None:
    variables = configured(repository, tmp_path, "[probes]\n")
    done = lockctl(variables, "prune", "--yes")
    assert done.status == 2
    assert "lockctl/config.toml:1: unknown key probes. Did you mean probe?" in done.stderr


@pytest.mark.parametrize("words", [["list"], ["list", "-r", "A", "-r", "B"]], ids=["one", "several"])
@pytest.mark.parametrize("end", ["SIGTERM", "--timeout"])
def test_a_probe_that_hangs_ends_with_the_run(
    repository: Repository, tmp_path: Path, words: list[str], end: str
) -> None:
    """At once, and it leaves nothing behind; where the time of the run is over it has given no answer."""
    aged_lock(repository, 2 * HOUR, WEB1)
    script = tmp_path / "probe"
    script.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/asked\nsleep 999 &\nwait\n")
    script.chmod(0o755)
    variables = configured(
        repository, tmp_path, f'[[probe]]\nhosts = ["*"]\ncommand = ["{script}"]\ntimeout = "100s"\n'
    )
    addresses = {"A": repository.address, "B": str(repository.path)}
    given = [addresses.get(word, word) for word in words]
    process = start(variables, *given, *(["--timeout", "3s"] if end == "--timeout" else []))
    asked = until(lambda: (tmp_path / "asked").exists() and (tmp_path / "asked").read_text().strip(), "the question")
    begun = time.monotonic()
    if end == "SIGTERM":
        process.send_signal(signal.SIGTERM)
    done = finish(process, 30)
    assert done.status == (143 if end == "SIGTERM" else 0), done.text
    assert time.monotonic() - begun < 20
    until(lambda: not Path(f"/proc/{asked}").exists() or None, "the end of the probe")
