"""`lockctl watch`, as a user runs it, on real Samba."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1, WEB2
from tests.cli.run import environment, lockctl, start
from tests.cli.running import SECONDS, remove, running
from tests.cli.seeing import seen_for
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock
from tests.unit.diagnosis.logs.reading import SAVED


def test_events_as_json(repository: Repository) -> None:
    standing = aged_lock(repository, 60, WEB1)
    with running(repository, "watch", "--json") as watch:
        watch.sees(lambda one: one.events() == [("stands", standing)], "the lock that stands")
        came = aged_lock(repository, 60, WEB2)
        watch.sees(lambda one: one.events()[1:] == [("came", came)], "a lock that came")
        renewed = aged_lock(repository, 0, WEB2)
        watch.sees(lambda one: one.events()[2:] == [("renewed", renewed)], "a renewal")
        remove(repository, came)
        remove(repository, standing)
        gone = {("gone", came), ("gone", standing)}
        watch.sees(lambda one: set(one.events()[3:]) == gone, "locks that went")
        watch.process.send_signal(signal.SIGINT)
        assert watch.end() == 130
    first, _, third, *_ = (json.loads(line) for line in watch.out)
    assert first["schema"] == "lockctl.watch/1"
    assert first["repository"]["address"] == repository.address
    assert first["lock"]["state"] == "active"
    assert (first["renews"], third["renews"]) == (None, came)
    assert watch.errors == [], "to end it is no failure"


def test_events_as_lines(repository: Repository) -> None:
    standing = aged_lock(repository, 60, WEB1)
    with running(repository, "watch") as watch:
        watch.sees(lambda one: len(one.out) == 1, "the lock that stands")
        remove(repository, standing)
        watch.sees(lambda one: len(one.out) == 2, "that it went")
        watch.process.terminate()
        assert watch.end() == 143
    assert f"stands  {standing[:8]} (web1, PID 4209, root): active" in watch.out[0]
    assert f"gone    {standing[:8]} (web1" in watch.out[1]


def test_a_terminal_that_cannot_draw_gets_lines(repository: Repository) -> None:
    lock = aged_lock(repository, 60, WEB1)
    done = lockctl({**environment(repository), "TERM": "dumb"}, "watch", "--timeout", "8s", tty=True)
    assert done.status == 14
    assert f"stands  {lock[:8]} (web1, PID 4209, root): active" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("words", [["watch"], ["watch", "--json"]])
def test_it_ends_when_nobody_reads(repository: Repository, words: list[str]) -> None:
    aged_lock(repository, 60, WEB1)
    process = start(repository, *words)
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT, signal.SIGTERM]])
def test_a_signal_ends_it_while_the_server_is_silent(repository: Repository, signals: list[signal.Signals]) -> None:
    with Proxy(repository.samba.port) as proxy, running(repository.through(proxy.port), "watch") as watch:
        aged_lock(repository, 60, WEB1)
        watch.sees(lambda one: len(one.out) == 1, "the lock")
        proxy.silence_after(proxy.frames + 1)
        aged_lock(repository, 60, WEB2)
        for number in signals:
            watch.process.send_signal(number)
        # Two that are sent at once may arrive in either order; the first that does is obeyed.
        assert watch.process.wait(20) in [128 + number for number in signals]


def test_the_screen(repository: Repository) -> None:
    """On a terminal the list itself, on a screen of its own that is left at the end."""
    lock = aged_lock(repository, 60, WEB1)
    done = lockctl(repository, "watch", "--timeout", "8s", tty=True)
    assert done.status == 14
    assert lock[:8] in done.stdout
    assert "looked" in done.stdout
    assert "prune, check, forget: already locked by PID 4209 on web1" in done.stdout
    assert done.stdout.index("\x1b[?1049h") < done.stdout.index(lock[:8]) < done.stdout.index("\x1b[?1049l")


def test_a_lost_connection_is_made_again(repository: Repository) -> None:
    """What came meanwhile is seen, and nothing of what was known is lost."""
    standing = aged_lock(repository, 60, WEB1)
    with Proxy(repository.samba.port) as proxy, running(repository.through(proxy.port), "watch", "--json") as watch:
        watch.sees(lambda one: one.events() == [("stands", standing)], "the lock that stands")
        proxy.cut_after(proxy.frames + 1)
        came = aged_lock(repository, 60, WEB2)
        watch.said("trying again")
        watch.said("connected again")
        watch.sees(lambda one: one.events()[1:] == [("came", came)], "the lock that came meanwhile")


def test_an_owner_that_comes_back_is_told(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    with running(repository, "watch", "--json") as watch:
        back = aged_lock(repository, 0, WEB1)
        watch.said("ERROR: the owner of lock")
        watch.sees(lambda one: back in [lock for _, lock in one.events()], "its new lock")


def test_a_log_is_followed_beside_the_share(repository: Repository, tmp_path: Path) -> None:
    """Trouble is told with the lock's owner, once; a rotated log is followed on; and what is over is told."""
    lock_id = aged_lock(repository, 60, WEB1)
    log = tmp_path / "backup.log"
    log.write_text(SAVED)
    load = f"Load(<lock/{lock_id[:10]}>, 0, 0)"
    error = "net/http: server replied with more than declared Content-Length; truncated"
    with running(repository, "watch", "--log", str(log)) as watch:
        watch.sees(lambda one: any("stands" in line for line in one.out), "the lock that stands")
        with log.open("a") as file:
            file.write(f"{load} returned error, retrying after 1.4s: {error}\n" * 3)
        begun = f"log     outgrown-lock {lock_id[:8]} of web1 (PID 4209, root), number 1: "
        watch.sees(lambda one: any(begun in line for line in one.out), "the first tries")
        log.rename(tmp_path / "backup.log.1")
        log.write_text(f"unable to create lock in backend: circuit breaker open for file <lock/{lock_id[:10]}>\n")
        opened = f"log     circuit-breaker {lock_id[:8]} of web1 (PID 4209, root), number 2: "
        watch.sees(lambda one: any(opened in line for line in one.out), "the open breaker")
        with log.open("a") as file:
            file.write(SAVED)
        over = f"over: circuit-breaker {lock_id[:8]}"
        watch.sees(lambda one: any(over in line for line in one.out), "the end of it")
        watch.process.send_signal(signal.SIGINT)
        assert watch.end() == 130
    told = [line for line in watch.out if " log " in line]
    assert len(told) == 3, told


def test_a_log_as_json_and_one_that_comes_later(repository: Repository, tmp_path: Path) -> None:
    log = tmp_path / "later.log"
    with running(repository, "watch", "--json", "--log", str(log)) as watch:
        watch.sees(lambda one: one.process.poll() is None, "it goes on without the log")
        aged_lock(repository, 60, WEB1)
        watch.sees(lambda one: len(one.out) == 1, "the lock")
        log.write_text("unable to refresh lock: x\n")
        watch.sees(lambda one: len(one.out) == 2, "the trouble")
    told = json.loads(watch.out[1])
    assert (told["schema"], told["event"], told["lock"]) == ("lockctl.watch/1", "log-trouble", None)
    assert told["story"]["code"] == "not-renewed"


def test_a_log_that_cannot_be_followed(repository: Repository) -> None:
    done = lockctl(repository, "watch", "--log", "/dev")
    assert done.status == 2
    assert "/dev is no file that can be followed" in done.stderr
