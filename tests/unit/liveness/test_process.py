"""What this machine's processes say of a lock's owner, and where they must say nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from lockctl.liveness.process import SHARED_NAMES, Machine, find, look_at_this_machine
from lockctl.repository.lock import LockFile, Problem
from tests.lab.processes import until
from tests.unit.making import NOW, SECOND, make_file, make_lock

AGE = 3600
RENEWED = NOW / SECOND - AGE
"""Seconds since 1970 when the lock of these tests was renewed."""
BOOT = RENEWED - 86400


def machine(
    hostname: str = "web1",
    boot: float = BOOT,
    started: dict[int, float] | None = None,
    blind: str = "",
    nested: frozenset[int] = frozenset(),
    restics: frozenset[int] = frozenset(),
    hidden: str = "",
    system: frozenset[int] = frozenset(),
) -> Machine:
    running = {1: BOOT} if started is None else started
    return Machine(hostname, boot, running, blind, nested, restics, hidden=hidden, system=system)


def ask(seen: Machine, file: LockFile | None = None) -> dict[str, str | None]:
    """What each witness says of the lock."""
    file = file or make_file(make_lock(AGE))
    return {witness.name: witness.says for witness in find([file], seen)[file.id]}


@pytest.mark.parametrize(
    ("seen", "process", "restart"),
    [
        (machine(), "gone", None),
        (machine(started={4209: RENEWED - 60}), "alive", None),
        (machine(started={4209: RENEWED}), "alive", None),
        (machine(started={4209: RENEWED + 2}), "alive", None),
        (machine(started={4209: RENEWED + 3}), "gone", None),
        (machine(started={4209: 0.0}), "alive", None),
        (machine(blind="lockctl itself runs in a container"), None, None),
        (machine(started={4209: RENEWED}, blind="lockctl itself runs in a container"), None, None),
        (machine(hidden="a restic runs here in a PID namespace of its own"), None, None),
        (machine(started={4209: RENEWED}, hidden="a restic in a namespace"), "alive", None),
        (machine(started={4209: RENEWED + 60}, hidden="a restic in a namespace"), None, None),
        (machine(boot=RENEWED + 301, hidden="a restic in a namespace"), None, None),
        (machine(started={4209: BOOT}, system=frozenset({4209})), None, None),
        (machine(nested=frozenset({4209})), None, None),
        (machine(started={4209: RENEWED + 60}, nested=frozenset({4209})), None, None),
        (machine(nested=frozenset({4210})), "gone", None),
        (machine(boot=RENEWED + 300), "gone", None),
        (machine(boot=RENEWED + 301), "gone", "gone"),
        (machine(boot=RENEWED + 301, blind="hidden"), None, None),
        (machine(started={4209: RENEWED + 60}, restics=frozenset({4209})), None, None),
        (machine(started={4209: RENEWED + 60}, boot=RENEWED + 301, restics=frozenset({4209})), None, None),
        (machine(started={4209: RENEWED - 60}, restics=frozenset({4209})), "alive", None),
        (machine(started={4209: RENEWED + 60}, restics=frozenset({4210})), "gone", None),
        (machine(boot=RENEWED + 301, started={4209: RENEWED - 60}), "alive", "gone"),
    ],
)
def test_a_lock_of_this_machine(seen: Machine, process: str | None, restart: str | None) -> None:
    assert ask(seen) == {"process": process, "restart": restart}


@pytest.mark.parametrize("name", ["web2", "WEB1", "web1.example", ""])
def test_a_lock_of_another_machine(name: str) -> None:
    assert ask(machine(hostname=name, boot=RENEWED + 9999)) == {}


@pytest.mark.parametrize("name", ["localhost", "raspberrypi", "Debian", "DESKTOP"])
def test_a_name_that_many_machines_have(name: str) -> None:
    file = make_file(make_lock(AGE, hostname=name))
    shared = name.lower() in SHARED_NAMES
    expected = {"process": None} if shared else {"process": "gone", "restart": "gone"}
    assert ask(machine(hostname=name, boot=RENEWED + 9999), file) == expected


def test_a_file_without_a_lock_is_not_asked_about() -> None:
    assert find([make_file(problem=Problem.INCOMPLETE)], machine()) == {}


def test_each_witness_says_why() -> None:
    file = make_file(make_lock(AGE))
    texts = [witness.text for witness in find([file], machine(boot=RENEWED + 7200))[file.id]]
    assert texts == [
        "no process with PID 4209 runs on this machine",
        "this machine was restarted 2 h after the lock's last renewal",
    ]


def test_this_machine_sees_this_process() -> None:
    seen = look_at_this_machine()
    assert seen.hostname == socket.gethostname()
    assert 10**9 < seen.started[os.getpid()] <= time.time() + 1
    assert seen.boot <= seen.started[os.getpid()] + 1


def fake_proc(folder: Path, namespace: str, status: str, release: str = "6.1.0-13-amd64\n") -> Path:
    """A /proc of another kind of machine, with the one process that asks."""
    (folder / "self/ns").mkdir(parents=True)
    (folder / "self/ns/pid").symlink_to(namespace)
    (folder / "self/mountinfo").write_text("")
    (folder / "sys/kernel").mkdir(parents=True)
    (folder / "sys/kernel/osrelease").write_text(release)
    (folder / str(os.getpid())).mkdir()
    (folder / str(os.getpid()) / "status").write_text(status)
    return folder


FIRST = "pid:[4026531836]"


@pytest.mark.parametrize(
    ("namespace", "status", "blind", "nested"),
    [
        (FIRST, "Name:\tx\nNSpid:\tOWN\n", "", set()),
        (FIRST, "NSpid:\tOWN\t17\n", "", {17}),
        (FIRST, "NSpid:\tOWN\t20\t3\n", "", {3}),
        (FIRST, "Name:\tx\n", "", set()),
        ("pid:[4026532000]", "NSpid:\t7\n", "container", set()),
    ],
)
def test_pid_namespaces(tmp_path: Path, namespace: str, status: str, blind: str, nested: set[int]) -> None:
    seen = look_at_this_machine(fake_proc(tmp_path, namespace, status.replace("OWN", str(os.getpid()))))
    assert blind in seen.blind
    assert bool(seen.blind) is bool(blind)
    assert seen.nested == nested


@pytest.mark.parametrize(
    ("options", "capabilities", "is_blind"),
    [
        ("rw", "0000000000000000", False),
        ("rw,hidepid=0", "0000000000000000", False),
        ("rw,hidepid=off,gid=4", "0000000000000000", False),
        ("rw,gid=4,hidepid=2", "000001ffffffffff", False),
        ("rw,gid=4,hidepid=2", "000001fffff7ffff", True),
        ("rw,hidepid=invisible", "0000000000080000", False),
        ("rw,hidepid=ptraceable", "0000000000000000", True),
        ("rw,hidepid=1", "", True),
    ],
)
def test_hidden_processes(tmp_path: Path, options: str, capabilities: str, is_blind: bool) -> None:
    """Whoever lacks CAP_SYS_PTRACE does not see them, root in a service included."""
    proc = fake_proc(tmp_path, FIRST, "")
    (proc / "self/mountinfo").write_text(f"22 1 0:21 / /proc rw,nosuid shared:5 - proc proc {options}\n")
    (proc / "self/status").write_text(f"Name:\tx\nCapPrm:\tffff\nCapEff:\t{capabilities}\nCapBnd:\tffff\n")
    assert ("hidepid" in look_at_this_machine(proc).blind) is is_blind


def test_a_host_name_that_windows_shares(tmp_path: Path) -> None:
    proc = fake_proc(tmp_path, FIRST, "", "5.15.90.1-Microsoft-standard-WSL2\n")
    assert "Windows" in look_at_this_machine(proc).blind


def test_a_lock_without_a_pid_says_nothing() -> None:
    file = make_file(make_lock(AGE, pid=0))
    assert set(ask(machine(boot=RENEWED + 9999), file).values()) == {None}


def test_a_proc_that_cannot_be_read_makes_it_blind(tmp_path: Path) -> None:
    assert "cannot be read" in look_at_this_machine(tmp_path / "none").blind


def test_a_process_that_has_ended_does_not_run() -> None:
    """Its parent has not asked for its end yet, and need never do so."""
    child = subprocess.Popen(["true"])
    until(lambda: psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE, "zombie")
    assert child.pid not in look_at_this_machine().started
    child.wait()


def test_the_systems_own_processes_are_known() -> None:
    seen = look_at_this_machine()
    assert 1 in seen.system
    assert os.getpid() not in seen.system


def test_each_look_is_fresh() -> None:
    """psutil keeps what it saw of a PID; a later process of that PID would get the start of the earlier one."""
    look_at_this_machine()
    kept = vars(psutil)["_pmap"]
    for process in kept.values():
        process._create_time = 1.0
    assert look_at_this_machine().started[os.getpid()] > 10**9


def test_where_the_start_of_the_machine_is_hidden_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a unit with ProcSubset=pid: one lock of this host must not end the run."""

    def hidden() -> float:
        raise FileNotFoundError(2, "No such file or directory", "/proc/stat")

    monkeypatch.setattr(psutil, "boot_time", hidden)
    assert look_at_this_machine().blind == "/proc/stat cannot be read"
