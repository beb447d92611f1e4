"""Probes: what is run, what is never passed on, and which exit statuses are an answer."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from lockctl.liveness.probe import MAX_ASKED, REMEMBERED, Answers, Commands, ask_probes
from lockctl.repository.lock import Lock, LockFile
from lockctl.settings.policy import Probe
from tests.lab.processes import until
from tests.unit.making import make_file, make_lock

SSH = Probe(("web*", "db1"), ("ssh", "--", "{host}", "alive", "{pid}", "{username}", "x{host}"), 10)
ALL = Probe(("*",), ("ask", "{host}"), 5)


def ask(
    locks: Sequence[Lock], status: int | None, *probes: Probe
) -> tuple[dict[str, str | None], list[tuple[tuple[str, ...], float]]]:
    """What the probes say, by host, and the commands that were run."""
    ran: list[tuple[tuple[str, ...], float]] = []

    def run(command: Sequence[str], seconds: float) -> int | None:
        ran.append((tuple(command), seconds))
        return status

    files: list[LockFile] = [make_file(lock) for lock in locks]
    found = ask_probes(files, probes, run)
    return {f.lock.hostname: found[f.id][0].says for f in files if f.lock is not None and f.id in found}, sorted(ran)


@pytest.mark.parametrize(
    ("status", "says"), [(0, "alive"), (3, "gone"), (1, None), (2, None), (255, None), (-9, None), (None, None)]
)
def test_exit_statuses(status: int | None, says: str | None) -> None:
    assert ask([make_lock(0, hostname="web1")], status, SSH)[0] == {"web1": says}


def test_only_whole_arguments_are_replaced() -> None:
    lock = make_lock(0, hostname="web1", pid=77, username="root")
    assert ask([lock], 0, SSH)[1] == [(("ssh", "--", "web1", "alive", "77", "root", "x{host}"), 10)]


@pytest.mark.parametrize(
    "hostname",
    ["-oProxyCommand=evil", "web1;rm", "web 1", "web1\n", "$(x)", "web/1", "", "wéb", "w" * 300, "web1\x00", "`x`"],
)
def test_strange_names_are_never_passed_on(hostname: str) -> None:
    said, ran = ask([make_lock(0, hostname=hostname)], 3, ALL)
    assert (said, ran) == ({hostname: None}, [])


@pytest.mark.parametrize("username", ["-l", "a;b", "a b", "a\n"])
def test_strange_users_are_never_passed_on(username: str) -> None:
    assert ask([make_lock(0, hostname="web1", username=username)], 3, SSH) == ({"web1": None}, [])


def test_the_first_probe_that_fits_is_asked_and_each_owner_once() -> None:
    locks = [make_lock(0, hostname="web1"), make_lock(900, hostname="web1"), make_lock(0, hostname="mail")]
    said, ran = ask(locks, 0, SSH, ALL)
    assert said == {"web1": "alive", "mail": "alive"}
    assert [command[0] for command, _ in ran] == ["ask", "ssh"]


def test_other_hosts_are_not_asked() -> None:
    assert ask([make_lock(0, hostname="mail")], 0, SSH) == ({}, [])


def test_it_asks_so_many_and_no_more() -> None:
    locks = [make_lock(0, hostname=f"web{number}") for number in range(MAX_ASKED + 10)]
    assert len(ask(locks, 0, SSH)[1]) == MAX_ASKED


@pytest.mark.parametrize(
    ("code", "status"),
    [("raise SystemExit(3)", 3), ("pass", 0), ("1/0", 1), ("import time; time.sleep(60)", None)],
)
def test_real_commands(code: str, status: int | None) -> None:
    """A command that hangs is ended, and its end is no answer."""
    assert Commands().run([sys.executable, "-c", code], 2.0) == status


def test_a_command_that_is_not_there() -> None:
    assert Commands().run(["/nowhere/probe"], 2.0) is None


def test_a_probe_sees_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RESTIC_PASSWORD", "LOCKCTL_SMB_PASSWORD", "RCLONE_CONFIG_NAS_PASS"):
        monkeypatch.setenv(name, "secret")
    code = "import os, sys; sys.exit(3 if 'secret' in os.environ.values() or 'PATH' not in os.environ else 0)"
    assert Commands().run([sys.executable, "-c", code], 10.0) == 0


def test_looks_that_follow_each_other_ask_once() -> None:
    """A watch looks whenever something changes; a removal brings no answers along, and asks anew."""
    ran: list[str] = []

    def run(command: Sequence[str], _: float) -> int | None:
        ran.append(command[-1])
        return 3

    files = [make_file(make_lock(0, hostname="web1")), make_file(make_lock(0, hostname="web2"))]
    recent: Answers = {}
    for _ in range(3):
        found = ask_probes(files, [ALL], run, recent)
        assert {witness.says for (witness,) in found.values()} == {"gone"}
    assert sorted(ran) == ["web1", "web2"]
    for owner, (at, witness) in list(recent.items()):
        recent[owner] = (at - REMEMBERED, witness)
    ask_probes(files, [ALL], run, recent)
    ask_probes(files, [ALL], run)
    assert sorted(ran) == ["web1", "web1", "web1", "web2", "web2", "web2"]


SPAWNS = """
import subprocess, sys, time
subprocess.Popen(["sleep", "999"])
open(sys.argv[1], "w").close()
time.sleep(999)
"""
"""A command that starts another one and does not end."""


def is_over(group: int) -> bool | None:
    """Whether all programs of a process group have ended."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            rest = stat.read_text().rpartition(") ")[2]
        except OSError:
            continue
        state, _, pgrp, *_ = rest.split()
        if int(pgrp) == group and state != "Z":
            return None
    return True


def test_leaving_ends_all_at_once(tmp_path: Path) -> None:
    """As a signal does, and each in a group of its own, with what it started."""
    said: list[int | None] = []
    with Commands() as commands:
        words = [sys.executable, "-c", SPAWNS, str(tmp_path / "begun")]
        threads = [threading.Thread(target=lambda: said.append(commands.run(words, 999.0))) for _ in range(2)]
        for thread in threads:
            thread.start()
        until(lambda: (tmp_path / "begun").exists() and len(commands._at_work) == 2, "their start")
        groups = [process.pid for process in commands._at_work]
    for thread in threads:
        thread.join(20)
    assert said == [-9, -9]
    for group in groups:
        until(partial(is_over, group), "the end of all that it started")
    assert commands.run(["true"], 1.0) is None, "none begins any more"
