"""Staying and looking, as a user runs it: `watch`, `prune --watch` and `show --watch`, on real Samba.

Nobody waits half an hour: the memory of a run is set back while another one watches, and a change makes that look.
"""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

import pytest

from lockctl.cli.run import spell_out
from tests.cli.make import HOUR, WEB1, WEB2
from tests.cli.run import environment, lockctl, start
from tests.cli.test_own_clock import set_back
from tests.conftest import NewRepository
from tests.lab.processes import until
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

SECONDS = 60.0


@dataclass
class Running:
    """A lockctl at work, and the lines that it has printed so far."""

    process: subprocess.Popen[str]
    out: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def events(self) -> list[tuple[str, str]]:
        """What `watch --json` told: the event and the lock's id."""
        objects: list[dict[str, Any]] = [json.loads(line) for line in list(self.out)]
        return [(one["event"], one["lock"]["id"]) for one in objects]

    def sees(self, condition: Callable[[Running], bool], what: str) -> None:
        """Waits until it has printed something."""
        until(lambda: condition(self) or None, f"{what} in {self.out} {self.errors}", SECONDS)

    def said(self, text: str) -> None:
        """Waits until it has said this on standard error."""
        self.sees(lambda one: any(text in line for line in list(one.errors)), text)

    def end(self) -> int:
        """Its exit status."""
        return self.process.wait(SECONDS)


def _gather(stream: IO[str] | None, lines: list[str]) -> threading.Thread:
    def read() -> None:
        lines.extend(line.rstrip("\n") for line in stream or ())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


@contextmanager
def running(repository: Repository, *words: str) -> Iterator[Running]:
    """Start lockctl, and end it in the end."""
    process = start(repository, *words)
    one = Running(process)
    threads = [_gather(process.stdout, one.out), _gather(process.stderr, one.errors)]
    try:
        yield one
    finally:
        process.kill()
        process.wait()
        for thread in threads:
            thread.join(SECONDS)
        assert "Traceback" not in "".join([*one.out, *one.errors])


def remove(repository: Repository, lock_id: str) -> None:
    (repository.path / "locks" / lock_id).unlink()


def doubtful_lock(repository: Repository) -> str:
    """The owner says two hours, the server has just seen it made."""
    return aged_lock(repository, 2 * HOUR, WEB1, created_age=0)


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
        assert watch.process.wait(20) == 128 + signals[0]


def test_the_screen(repository: Repository) -> None:
    """On a terminal the list itself, on a screen of its own that is left at the end."""
    lock = aged_lock(repository, 60, WEB1)
    done = lockctl(repository, "watch", "--timeout", "8s", tty=True)
    assert done.status == 14
    assert lock[:8] in done.stdout
    assert "looked" in done.stdout
    assert "blocked: prune, check, forget" in done.stdout
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
    assert lockctl(repository, "prune", "--yes").status == 0
    with running(repository, "watch", "--json") as watch:
        back = aged_lock(repository, 0, WEB1)
        watch.said("ERROR: the owner of lock")
        watch.sees(lambda one: back in [lock for _, lock in one.events()], "its new lock")


@pytest.mark.parametrize("ending", ["renewed", "gone"])
def test_prune_stays_until_doubt_is_settled(repository: Repository, ending: str) -> None:
    lock = doubtful_lock(repository)
    stale = aged_lock(repository, 2 * HOUR, WEB2)
    with running(repository, "prune", "--yes", "--watch") as prune:
        prune.said(f"watching {lock[:8]} (web1, PID 4209, root), doubtful, for 31 min at most")
        if ending == "renewed":
            aged_lock(repository, 0, WEB1)
        remove(repository, lock)
        assert prune.end() == 0
    assert stale not in repository.lock_ids()
    assert [line[:16] for line in prune.out] == [f"removed {stale[:8]}"]


def test_prune_removes_what_our_own_clock_settles(new_repository: NewRepository) -> None:
    """On a share without a clock of its own, and in one run."""
    undated = new_repository("undated")
    lock = aged_lock(undated, 5 * HOUR, WEB1)
    with running(undated, "prune", "--yes", "--watch=20m") as prune:
        prune.said("for 20 min at most")
        assert undated.lock_ids() == [lock]
        set_back(undated, 31 * 60)
        aged_lock(undated, 0, WEB2)
        assert prune.end() == 0
    assert lock not in undated.lock_ids()


def test_a_watch_ends_in_time_and_changes_nothing(repository: Repository) -> None:
    lock = doubtful_lock(repository)
    done = lockctl(repository, "prune", "--yes", "--watch", "1s", "--json")
    assert (done.status, done.json["removed"]) == (0, [])
    assert repository.lock_ids() == [lock]


def test_where_nothing_is_in_doubt_nobody_waits(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    done = lockctl(repository, "prune", "--yes", "--watch")
    assert done.status == 0
    assert "watching" not in done.text
    assert repository.lock_ids() == []


def test_a_watch_leaves_time_for_the_removal(repository: Repository) -> None:
    """`--timeout` is for the whole run: the stay ends before it does, and what is certain goes."""
    doubtful = doubtful_lock(repository)
    aged_lock(repository, 2 * HOUR, WEB2)
    done = lockctl(repository, "prune", "--yes", "--watch", "--timeout", "8s")
    assert done.status == 0, done.text
    assert repository.lock_ids() == [doubtful]


def test_nobody_waits_for_a_question_that_nobody_hears(repository: Repository) -> None:
    lock = doubtful_lock(repository)
    done = lockctl(repository, "prune", "--watch")
    assert done.status == 2
    assert "nobody is there to answer" in done.stderr
    assert "--yes" in done.stderr
    assert repository.lock_ids() == [lock]


def test_what_was_typed_before_the_question_is_no_answer(repository: Repository) -> None:
    """During a long stay somebody may type anything."""
    aged_lock(repository, 2 * HOUR, WEB2)
    done = lockctl(repository, "prune", "--watch=3s", tty=True, stdin="n\n", typed_first="y\n")
    assert done.status == 1, done.text
    assert len(repository.lock_ids()) == 1


def test_quiet_says_nothing(repository: Repository) -> None:
    doubtful_lock(repository)
    done = lockctl(repository, "prune", "--yes", "--quiet", "--watch", "1s")
    assert (done.status, done.text) == (0, "")


def test_show_stays_until_a_lock_is_renewed(repository: Repository) -> None:
    lock = doubtful_lock(repository)
    with running(repository, "show", lock[:8], "--watch") as show:
        show.said("watching")
        new = aged_lock(repository, 0, WEB1)
        remove(repository, lock)
        assert show.end() == 0
    assert show.out == [f"{lock[:8]} (web1, PID 4209, root) was renewed, as {new[:8]}: its owner lives"]


def test_show_stays_until_a_lock_is_gone(repository: Repository) -> None:
    lock = doubtful_lock(repository)
    with running(repository, "show", lock[:8], "--watch", "--json") as show:
        show.said("watching")
        remove(repository, lock)
        assert show.end() == 0
    told = json.loads(show.out[0])
    assert (told["schema"], told["lock"], told["renewed_as"]) == ("lockctl.show/1", None, None)


def test_show_stays_until_a_lock_is_settled(repository: Repository) -> None:
    lock = doubtful_lock(repository)
    with running(repository, "show", lock[:8], "--watch", "--json") as show:
        show.said("watching")
        set_back(repository, 31 * 60)
        aged_lock(repository, 0, WEB2)
        assert show.end() == 0
    assert json.loads(show.out[0])["lock"]["state"] == "stale"


@pytest.mark.parametrize(
    ("words", "spelt"),
    [
        ("prune --watch", "prune --watch=31m"),
        ("prune --watch --yes", "prune --watch=31m --yes"),
        ("prune --watch 5m --yes", "prune --watch 5m --yes"),
        ("prune --watch=5m", "prune --watch=5m"),
        ("show --watch abc", "show --watch abc"),
        ("show abc --watch", "show abc --watch"),
        ("", ""),
    ],
)
def test_a_watch_without_a_duration(words: str, spelt: str) -> None:
    assert spell_out(words.split()) == spelt.split()
