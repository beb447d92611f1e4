"""Runs that nobody sits at: one at a time, a random while later, and systemd told how it goes."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from lockctl.cli.pacing import wait_at_random
from lockctl.clock.deadline import RUN
from tests.cli.make import HOUR, WEB1
from tests.cli.run import finish, lockctl, start
from tests.cli.seeing import seen_for
from tests.conftest import NewRepository
from tests.lab.known import Known
from tests.lab.processes import until
from tests.lab.proxy import Proxy
from tests.lab.seal import aged_lock

PRUNE = ("prune", "-r", "nas", "--yes")


@pytest.fixture
def known(tmp_path: Path, new_repository: NewRepository) -> Known:
    """One repository by name, with an old lock."""
    found = Known(tmp_path)
    found.open({"nas": new_repository()})
    aged_lock(found.repositories["nas"], 2 * HOUR, WEB1)
    return found


@contextmanager
def silent_server(known: Known) -> Iterator[Proxy]:
    """The server of the repository answers nothing any more."""
    with Proxy(known.repositories["nas"].samba.port) as proxy:
        proxy.silence_after(1)
        known.repositories["nas"] = replace(known.repositories["nas"], port=proxy.port)
        known.write()
        yield proxy


def test_one_run_at_a_time_where_that_is_asked_for(known: Known) -> None:
    with silent_server(known) as proxy:
        process = start(known.variables(), *PRUNE, "--skip-if-running")
        until(lambda: proxy.frames or None, "a frame")
        second = lockctl(known.variables(), *PRUNE, "--skip-if-running")
        assert (second.status, second.stdout) == (0, "")
        assert second.stderr == "another run for this is at work: nothing to do\n"
        quiet = lockctl(known.variables(), *PRUNE, "--skip-if-running", "--quiet")
        assert (quiet.status, quiet.text) == (0, "")
        assert proxy.connections == 1
        process.send_signal(signal.SIGKILL)
        finish(process, 20)
    after = lockctl(known.variables(), *PRUNE, "--skip-if-running")
    assert after.status == 14, "whoever was killed keeps nobody away"


def test_runs_for_others_and_by_hand_go_on(known: Known) -> None:
    with silent_server(known) as proxy:
        process = start(known.variables(), *PRUNE, "--skip-if-running")
        until(lambda: proxy.frames or None, "a frame")
        known.repositories["nas"] = replace(known.repositories["nas"], port=None)
        known.write()
        assert lockctl(known.variables(), *PRUNE).status == 3
        assert lockctl(known.variables(), *PRUNE, "--skip-if-running").status == 3, "that is another address"
        process.kill()
        finish(process, 20)


def test_the_wait_is_drawn_up_to_what_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RUN, "_begun", None)
    waited: list[float] = []
    before = RUN.begun
    wait_at_random(300.0, lambda: 1 / 3, waited.append)
    assert waited == [100.0]
    assert RUN.begun > before, "the time of the run counts from now"


def test_a_random_while_first(known: Known) -> None:
    repository = known.repositories["nas"]
    seen_for(repository, state=known.state, address=repository.smb_address)
    done = lockctl(known.variables(), *PRUNE, "--jitter", "0.2s", "--timeout", "20s")
    assert done.status == 0, done.text
    assert done.stdout.startswith("removed ")


def test_a_signal_ends_the_wait(known: Known) -> None:
    process = start(known.variables(), *PRUNE, "--jitter", "5200w")
    until(lambda: catches(process.pid, signal.SIGTERM) or None, "the handler of SIGTERM")
    process.send_signal(signal.SIGTERM)
    assert finish(process, 20).status == 143


def catches(pid: int, number: int) -> bool:
    """Whether that process has a handler for this signal (proc(5), SigCgt)."""
    found = re.search(r"^SigCgt:\s(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> number - 1 & 1)


@pytest.mark.parametrize("is_abstract", [False, True])
def test_systemd_is_told_how_it_goes(known: Known, tmp_path: Path, is_abstract: bool) -> None:
    name = f"lockctl-test-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{name}" if is_abstract else name)
        heard.settimeout(20)
        process = start(known.variables(NOTIFY_SOCKET=f"@{name}" if is_abstract else name), "watch", "-r", "nas")
        try:
            assert heard.recv(4096).decode() == "READY=1\nSTATUS=1 lock: 1 stale"
        finally:
            process.send_signal(signal.SIGTERM)
            finish(process, 20)


@pytest.mark.parametrize("path", ["/no/such/socket", "@no-such-socket", "relative", ""])
def test_nobody_who_listens_costs_nothing(known: Known, path: str) -> None:
    done = lockctl(known.variables(NOTIFY_SOCKET=path), *PRUNE, "--watch", "1s")
    assert (done.status, done.stdout.splitlines()[-1]) == (3, "0 locks removed, 1 kept")
