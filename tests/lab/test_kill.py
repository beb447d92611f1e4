"""`lockctl prune` is ended at each of its SMB frames: nothing is lost, and the journal tells the truth."""

from __future__ import annotations

import re
import signal
import threading

import pytest

from lockctl.removal.run import BATCH
from tests.cli.forking import start_at
from tests.cli.frames import (
    Prepared,
    all_done,
    assert_finished,
    assert_nothing_lost,
    assert_told_truly,
    at_each,
    intents_of,
    open_intents_of,
    prepare,
    tidy,
)
from tests.cli.make import quicken
from tests.cli.run import Done, Process, finish
from tests.conftest import NewRepository
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository

REST = 3
"""Locks of a second batch."""


@pytest.fixture(scope="module")
def prepared(new_repository: NewRepository) -> Prepared:
    """Two old locks, and the frames that their prune takes."""
    repository = new_repository()
    quicken(repository)
    return prepare(repository)


def prune_and_signal(repository: Repository, proxy: Proxy, n: int, number: signal.Signals) -> Done:
    """Start a prune, and signal it right before its n-th frame goes on; a killed one is gone by then."""
    processes: list[Process] = []
    started = threading.Event()

    def end(_: int) -> None:
        started.wait(timeout=10)
        processes[0].send_signal(number)
        if number is signal.SIGKILL:
            processes[0].wait(timeout=10)

    proxy.on_frame(n, end)
    processes.append(start_at(n, repository.through(proxy.port), "prune", "--yes"))
    started.set()
    return finish(processes[0])


@pytest.mark.parametrize("fate", ["forwarded", "dropped"])
def test_kill(prepared: Prepared, fate: str) -> None:
    """The frame on its way reaches the server without anybody to take the answer, or it never does."""

    def check(n: int) -> None:
        repository = prepared.copy(f"{fate}-{n}")
        with Proxy(repository.samba.port) as proxy:
            if fate == "dropped":
                proxy.cut_after(n)
            done = prune_and_signal(repository, proxy, n, signal.SIGKILL)
        # Nobody waits for an answer to the very last frame: the run may have ended before it is killed.
        ended = done.status == 0 and all_done(repository, prepared.locks)
        assert ended or done.status == -signal.SIGKILL, done.text
        assert_nothing_lost(repository, prepared.locks)
        open_intents = open_intents_of(repository)
        finished = assert_finished(repository, prepared.locks, n)
        assert set(open_intents) in (set(), prepared.locks), "all of a batch or nothing"
        for lock_id in open_intents:
            assert f"a run was ended at lock {lock_id[:8]}" in finished.stderr
        tidy(repository)

    at_each(prepared.frames, check)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal(prepared: Prepared, number: signal.Signals) -> None:
    """What was begun is finished, and nothing else is begun."""

    def check(n: int) -> None:
        repository = prepared.copy(f"{number.name}-{n}")
        with Proxy(repository.samba.port) as proxy:
            done = prune_and_signal(repository, proxy, n, number)
        allowed = {0, 128 + number} if all_done(repository, prepared.locks) else {128 + number}
        assert done.status in allowed, f"{done.status}: {done.text}"
        assert done.status == 0 or "interrupted" in done.stderr
        assert "internal error" not in done.text
        assert_told_truly(repository, prepared.locks)
        told = {lock_id for lock_id, outcome in intents_of(repository) if outcome == "removed"}
        assert told == prepared.locks - set(repository.lock_ids())
        for lock_id in told:
            assert f"removed {lock_id[:8]}" in done.stdout, "what was removed is told"
        tidy(repository)

    at_each(prepared.frames, check)


@pytest.fixture(scope="module")
def many(new_repository: NewRepository) -> Prepared:
    """A whole batch and a small one."""
    repository = new_repository()
    quicken(repository)
    return prepare(repository, BATCH + REST)


def told_as_left_open(text: str, fate: str) -> tuple[set[str], int]:
    """Which locks a run says this of; it names some of many, and how many there are."""
    named: set[str] = set()
    others = 0
    for who in re.findall(f"a run was ended at locks? ([^:]*): [^\n]*(?:{fate})", text):
        for one in who.split(", "):
            if one.endswith(" more"):
                others += int(one.split()[0])
            else:
                named.add(one)
    return named, len(named) + others


@pytest.mark.parametrize("fate", ["forwarded", "dropped"])
def test_kill_among_many(many: Prepared, fate: str) -> None:
    """Whenever it comes, at most one batch is left open, and the next run tells of each lock what became of it."""
    left_open: set[int] = set()

    def check(n: int) -> None:
        repository = many.copy(f"many-{fate}-{n}")
        with Proxy(repository.samba.port) as proxy:
            if fate == "dropped":
                proxy.cut_after(n)
            done = prune_and_signal(repository, proxy, n, signal.SIGKILL)
        assert done.status == -signal.SIGKILL, done.text
        assert_nothing_lost(repository, many.locks)
        open_intents = open_intents_of(repository)
        left_open.add(len(open_intents))
        finished = assert_finished(repository, many.locks, n)
        # A server may still be at what it was asked last when we would look: what counts is what the next run saw.
        closed = dict(reversed(intents_of(repository)))
        for outcome, said in (("kept", "(?:it still stands|they still stand)"), ("unknown", "(?:is|are) gone")):
            mine = {lock_id[:8] for lock_id in open_intents if closed[lock_id] == outcome}
            named, number = told_as_left_open(finished.stderr, said)
            assert named <= mine
            assert number == len(mine)
        tidy(repository)

    # What comes before and after the removals is the same as with two locks.
    at_each(many.removing, check)
    assert left_open == {BATCH, REST}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_among_many(many: Prepared, number: signal.Signals) -> None:
    """The batch that was begun is finished and told, and no other is begun."""
    removed: set[int] = set()

    def check(n: int) -> None:
        repository = many.copy(f"many-{number.name}-{n}")
        with Proxy(repository.samba.port) as proxy:
            done = prune_and_signal(repository, proxy, n, number)
        assert done.status == 128 + number, f"{done.status}: {done.text}"
        assert "interrupted" in done.stderr
        assert_told_truly(repository, many.locks)
        told = [lock_id for lock_id, outcome in intents_of(repository) if outcome == "removed"]
        assert set(told) == many.locks - set(repository.lock_ids())
        for lock_id in told:
            assert f"removed {lock_id[:8]}" in done.stdout, "what was removed is told"
        removed.add(len(told))
        assert_finished(repository, many.locks, n)
        tidy(repository)

    at_each(many.removing, check)
    assert removed == {BATCH, BATCH + REST}
