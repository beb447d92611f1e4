"""The connection breaks or falls silent at any moment of a run, or the journal cannot be written."""

from __future__ import annotations

import re
import resource
import subprocess
from pathlib import Path

import pytest

from lockctl.removal.run import BATCH
from tests.cli.forking import lockctl_at, longest
from tests.cli.frames import (
    PARALLEL,
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
from tests.cli.make import HOUR, WEB1
from tests.cli.run import COMMAND, ROOT, Done, assert_fails, environment, lockctl, smb_environment, state_of
from tests.cli.seeing import seen_for
from tests.conftest import NewRepository
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository, copy_repository
from tests.lab.seal import aged_lock

FEW_LINES = 20


@pytest.fixture(scope="module")
def prepared(new_repository: NewRepository) -> Prepared:
    """Two old locks, and the frames that their prune takes."""
    return prepare(new_repository())


def status_after(repository: Repository, locks: frozenset[str]) -> int:
    """The exit status of a run that something befell, from what it told its journal before that."""
    if all_done(repository, locks):
        return 0
    return 3 if intents_of(repository) else 14


@pytest.mark.parametrize("fault", ["cut", "reply lost"])
def test_prune_and_a_connection_that_is_lost(prepared: Prepared, fault: str) -> None:
    """The server can be reached again at once: the run sees for itself what became of its last lock."""

    def check(n: int) -> None:
        repository = prepared.copy(f"{fault[:3]}-{n}")
        with Proxy(repository.samba.port) as proxy:
            if fault == "cut":
                proxy.cut_after(n)
            else:
                proxy.drop_reply_after(n)
            done = lockctl_at(n, repository.through(proxy.port), "prune", "--yes")
        assert_nothing_lost(repository, prepared.locks)
        assert done.status == status_after(repository, prepared.locks), done.text
        assert done.status == 0 or "lost" in done.stderr or "closed" in done.stderr, done.text
        assert "internal error" not in done.text
        assert_told_truly(repository, prepared.locks)
        assert_finished(repository, prepared.locks, n)
        tidy(repository)

    # A cut before the one frame looks to us like the lost reply of the one before: half of them will do.
    at_each(prepared.frames[:: 2 if fault == "cut" else 1], check)


def test_prune_and_a_server_that_falls_silent(prepared: Prepared) -> None:
    def check(n: int) -> None:
        repository = prepared.copy(f"silent-{n}")
        with Proxy(repository.samba.port) as proxy:
            proxy.silence_after(n)
            done = lockctl_at(n, repository.through(proxy.port), "prune", "--yes", "--timeout", "2s")
        assert done.status == status_after(repository, prepared.locks), done.text
        assert done.status == 0 or "not finished within 2 s (--timeout)" in done.stderr, done.text
        assert done.seconds < longest(n, 5), f"{done.seconds:.1f} s"
        assert_nothing_lost(repository, prepared.locks)
        assert_finished(repository, prepared.locks, n)
        tidy(repository)

    at_each(prepared.frames, check, parallel=8)


@pytest.fixture(scope="module")
def many(new_repository: NewRepository) -> Prepared:
    """A whole batch and a small one."""
    return prepare(new_repository(), BATCH + 3)


@pytest.mark.parametrize("fault", ["cut", "reply lost", "silent"])
def test_many_and_a_connection_that_is_lost(many: Prepared, fault: str) -> None:
    """At any moment of a batch: no other is begun, and of each lock of this one the truth is told, now or next time."""

    def check(n: int) -> None:
        repository = many.copy(f"many-{fault[:3]}-{n}")
        with Proxy(repository.samba.port) as proxy:
            {"cut": proxy.cut_after, "reply lost": proxy.drop_reply_after, "silent": proxy.silence_after}[fault](n)
            words = ["--timeout", "3s"] if fault == "silent" else []
            done = lockctl_at(n, repository.through(proxy.port), "prune", "--yes", *words)
        assert_nothing_lost(repository, many.locks)
        assert done.status == status_after(repository, many.locks), done.text
        assert len(done.text.splitlines()) < BATCH + FEW_LINES, "what is the same of many is told once"
        if fault != "silent":
            assert_told_truly(repository, many.locks)
        assert len(open_intents_of(repository)) <= BATCH
        assert_finished(repository, many.locks, n)
        tidy(repository)

    at_each(many.removing, check)


@pytest.mark.parametrize("fault", ["cut", "reply lost", "silent"])
def test_list_and_a_connection_that_is_lost(prepared: Prepared, fault: str) -> None:
    repository = prepared.original
    with Proxy(repository.samba.port) as proxy:
        assert lockctl(repository.through(proxy.port), "list").status == 0
        frames = proxy.frames

    def check(n: int) -> None:
        with Proxy(repository.samba.port) as proxy:
            {"cut": proxy.cut_after, "reply lost": proxy.drop_reply_after, "silent": proxy.silence_after}[fault](n)
            # Silence is ended by the limit; a cut is noticed, however busy the machine is.
            limit = 2 if fault == "silent" else 20
            words = ["list", "--json", "--timeout", f"{limit}s"]
            done = lockctl_at(n, smb_environment(repository.through(proxy.port)), *words)
        assert done.status == 14, done.text
        assert done.json["schema"] == "lockctl.error/1"
        assert done.json["code"] == 14
        assert done.json["kind"] in ({"deadline"} if fault == "silent" else {"unreachable", "connection-lost"}), (
            done.text
        )
        assert done.seconds < longest(n, limit + 3), f"{done.seconds:.1f} s"

    at_each(range(1, frames), check, parallel=8 if fault == "silent" else PARALLEL)


def test_a_slow_server_is_no_error(prepared: Prepared) -> None:
    repository = prepared.copy("slow")
    with Proxy(repository.samba.port, delay=0.05) as proxy:
        done = lockctl(repository.through(proxy.port), "prune", "--yes", "--timeout", "30s")
    assert done.status == 0, done.text
    assert repository.lock_ids() == []
    assert_told_truly(repository, prepared.locks)


def test_a_deadline_that_is_long_enough(prepared: Prepared) -> None:
    repository = prepared.copy("long-enough")
    assert lockctl(repository, "prune", "--yes", "--timeout", "1m").status == 0
    assert repository.lock_ids() == []


@pytest.mark.parametrize("in_the_way", [".", "journal.jsonl", "running"])
def test_a_journal_that_cannot_be_written(repository: Repository, tmp_path: Path, in_the_way: str) -> None:
    """A file where the state folder should be, or a folder where a file of it should be, beside a memory that is."""
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    state = tmp_path / "state"
    if in_the_way == ".":
        state.write_text("in the way")
    else:
        seen_for(repository, state=state)
        (state / in_the_way).mkdir() if in_the_way == "journal.jsonl" else (state / in_the_way).touch()
    done = lockctl(repository, "prune", "--yes", "--quiet", state_dir=state)
    assert_fails(done, 1, str(state), "--state-dir")
    assert repository.lock_ids() == [lock_id]
    listed = lockctl(repository, "list", state_dir=state)
    assert (listed.status, lock_id[:8] in listed.stdout) == (0, True), "to look needs no journal"


def test_a_state_folder_that_cannot_be_made(repository: Repository) -> None:
    """Unattended nothing goes without a memory, and for a person nothing goes without a journal."""
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    state = Path("/proc/no-such-folder/state")
    done = lockctl(repository, "prune", "--yes", "--quiet", state_dir=state)
    assert_fails(done, 3, f"no earlier run is remembered: cannot write {state}/sightings", "--state-dir")
    asked = lockctl(repository, "prune", tty=True, stdin="y\n", state_dir=state)
    assert asked.status == 1
    assert f"cannot open {state}/running" in asked.stdout
    assert "--state-dir" in asked.stdout
    assert repository.lock_ids() == [lock_id]


def prune_on_a_full_disk(repository: Repository, bytes_: int, state: Path | None = None) -> Done:
    """A limit on the size of files stands for it."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))

    done = subprocess.run(
        [*COMMAND, "prune", "--yes"],
        env=environment(repository, state),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=limit,
    )
    assert "Traceback" not in done.stderr
    assert "journal.jsonl" in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def test_a_disk_that_is_full(repository: Repository, tmp_path: Path) -> None:
    """The intent cannot be written, so nothing is removed."""
    made = {aged_lock(repository, 2 * HOUR, WEB1) for _ in range(2)}
    seen_for(repository, state=tmp_path)
    (tmp_path / "journal.jsonl").write_bytes(b"")
    assert prune_on_a_full_disk(repository, 700, tmp_path).status == 1
    assert repository.sound_lock_ids() == made
    after = lockctl(repository, "prune", "--yes", state_dir=tmp_path)
    assert after.status == 0, after.text
    assert repository.lock_ids() == []


@pytest.mark.parametrize(
    ("intents", "outcomes"), [(0.4, 0), (0.9, 0), (1, 0.2), (1, 0.6)], ids=["an intent", "intents", "none", "some"]
)
def test_a_disk_that_becomes_full(repository: Repository, intents: float, outcomes: float) -> None:
    """In the middle of what is written at once, by a run like one that could write it all."""
    made = frozenset(aged_lock(repository, 2 * HOUR + age, WEB1) for age in range(3))
    trial = copy_repository(repository.samba, repository.path, f"{repository.folder}-whole")
    seen_for(trial)
    assert lockctl(trial, "prune", "--yes").status == 0
    lines = (state_of(trial) / "journal.jsonl").read_bytes().splitlines(keepends=True)
    seen_for(repository)
    room = intents * sum(map(len, lines[:3])) + outcomes * sum(map(len, lines[3:]))
    done = prune_on_a_full_disk(repository, int(room))
    removed = made - set(repository.lock_ids())
    assert removed == (made if outcomes else set())
    assert done.status == (3 if outcomes else 1), done.stderr
    for lock_id in removed:
        assert re.search(f"{lock_id[:8]} .* was removed, but the journal does not tell it", done.stderr)
    assert set(open_intents_of(repository)) == removed
    assert_nothing_lost(repository, made)
    assert_finished(repository, made)
