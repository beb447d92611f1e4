"""The journal, on real files: all of it can be read back, a crash costs one line at most, and nobody can peek."""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest

from lockctl.background import Background
from lockctl.errors import JournalError
from lockctl.state.journal import Journal
from lockctl.state.records import Origin, Outcome, Removed, Told

AT = "2026-11-23T00:16:16.641943Z"
LATER = "2026-11-23T00:20:00.000000Z"
ORIGIN = Origin("smb://backup@nas/backup/restic", "c" * 64, "5" * 64)
LOCK = {"time": AT, "exclusive": False, "hostname": "web\ud800\n1", "username": "root", "pid": 1, "uid": 0, "gid": 0}
REMOVED = Removed("a" * 64, bytes(range(256)), "stale", "not renewed for 2 h", 7200.5, LOCK, 10**18)
BY: dict[str, Any] = {"user": "root", "hostname": "admin", "pid": 7}


def write_four(journal: Journal) -> list[str]:
    """Four lines: an intent with outcome, and one that was restored and came back."""
    keys = journal.begin(ORIGIN, [REMOVED, REMOVED], AT, BY)
    journal.finish([(keys[0], Outcome.REMOVED, "done")], LATER)
    journal.hold(keys[1], AT)
    journal.note_restored(keys[1], LATER)
    journal.note_returned(keys[1], "b" * 64, LATER)
    return keys


def test_what_was_written_can_be_read_back(tmp_path: Path) -> None:
    keys = write_four(Journal(tmp_path / "state"))
    first, second = Journal(tmp_path / "state").records()
    assert [first.key, second.key] == keys
    assert (first.at, first.origin, first.removed, first.by) == (AT, ORIGIN, REMOVED, BY)
    assert (first.outcome, first.outcome_text, first.restored_at) == (Outcome.REMOVED, "done", None)
    assert (second.outcome, second.held_at, second.restored_at) == (None, AT, LATER)
    assert second.returned_as == "b" * 64


def test_a_damaged_lock_without_owner_or_age(tmp_path: Path) -> None:
    removed = Removed("a" * 64, b"", "damaged", "empty", None, None, 0)
    journal = Journal(tmp_path)
    journal.begin(ORIGIN, [removed], AT, BY)
    assert journal.records()[0].removed == removed


def test_no_journal_has_no_records_and_is_not_made(tmp_path: Path) -> None:
    assert Journal(tmp_path / "state").records() == []
    assert list(tmp_path.iterdir()) == []


def test_a_line_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    write_four(journal)
    with journal.path.open("a") as file:
        file.write(f'{{"type": "later", "key": "x", "at": "{LATER}"}}\n')
    assert len(journal.records()) == 2


@pytest.mark.parametrize("length", [1, 10, 200])
def test_a_line_that_a_crash_cut_short_is_no_line(tmp_path: Path, length: int) -> None:
    journal = Journal(tmp_path)
    write_four(journal)
    whole = journal.path.read_bytes()
    torn = whole.splitlines(keepends=True)[0][:length]
    journal.path.write_bytes(whole + torn)
    assert len(journal.records()) == 2
    journal.begin(ORIGIN, [REMOVED], AT, BY)
    assert journal.path.read_bytes().startswith(whole)
    assert len(journal.records()) == 3


def test_a_first_line_that_a_crash_cut_short(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.path.write_bytes(b'{"type":"intent","data":"' + b"A" * 200_000)
    assert journal.records() == []
    journal.begin(ORIGIN, [REMOVED], AT, BY)
    assert len(journal.records()) == 1


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from lockctl.state.journal import Journal, Origin, Removed;"
        "journal = Journal(Path(sys.argv[1]));"
        "removed = Removed(sys.argv[2] * 64, b'x' * 20000, 'stale', 'why', 1.0, None, 0);"
        "[journal.begin(Origin('a', 'b', 'c'), [removed], '2026-11-23T00:16:16Z', {}) for _ in range(30)]"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "ab"]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    ids = [record.removed.id[0] for record in Journal(tmp_path).records()]
    assert (ids.count("a"), ids.count("b")) == (30, 30)


def test_a_line_waits_until_another_process_has_written_its_own(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with journal.path.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        other.write(b'{"type": "later", ')
        other.flush()
        writing = Background(lambda: journal.begin(ORIGIN, [REMOVED], AT, BY))
        assert not writing.wait(0.1)
        other.write(b'"key": "x", "at": "2026-11-23T00:16:16Z"}\n')
    assert writing.wait(60)
    assert len(journal.path.read_bytes().splitlines()) == 2
    assert len(journal.records()) == 1


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_can_read_it(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        journal = Journal(tmp_path / "state/lockctl")
        write_four(journal)
    finally:
        os.umask(before)
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    journal = Journal(tmp_path / "file/state")
    with pytest.raises(JournalError, match="--state-dir"):
        journal.begin(ORIGIN, [REMOVED], AT, BY)
    with pytest.raises(JournalError), journal.exclusive("x"):
        pass
    with pytest.raises(JournalError):
        journal.records()


def test_a_folder_of_the_kernel_cannot_be_written() -> None:
    with pytest.raises(JournalError):
        Journal(Path("/proc/lockctl")).begin(ORIGIN, [REMOVED], AT, BY)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """A limit on the size of files stands for it. What was written before can still be read, and written after."""
    journal = Journal(tmp_path)
    (key,) = journal.begin(ORIGIN, [REMOVED], AT, BY)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.path.stat().st_size + 10, before[1]))
    try:
        with pytest.raises(JournalError, match="cannot write"):
            journal.begin(ORIGIN, [REMOVED], AT, BY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [record.key for record in journal.records()] == [key]
    journal.finish([(key, Outcome.KEPT, "")], LATER)
    assert [record.outcome for record in journal.records()] == [Outcome.KEPT]
    assert journal.damaged == ()


def test_one_run_keeps_the_others_out_of_its_repository(tmp_path: Path) -> None:
    """And of no other: a server that does not answer must not hold up the removals on others."""
    first, second = Journal(tmp_path), Journal(tmp_path)
    with first.exclusive("x") as held:
        assert held
        with second.exclusive("x") as also_held:
            assert not also_held
        with second.exclusive("y\udcff") as of_another:
            assert of_another
    with second.exclusive("x") as held:
        assert held


def test_waiting_for_another_run(tmp_path: Path) -> None:
    """It tries again after each pause, and gets it when the other one is done."""
    journal = Journal(tmp_path)
    pauses = 0
    other = Journal(tmp_path).exclusive("x")
    assert other.__enter__()

    def wait() -> Any:
        nonlocal pauses
        while pauses < 3:
            pauses += 1
            yield
        other.__exit__(None, None, None)
        pauses += 1
        yield

    with journal.exclusive("x", wait()) as held:
        assert (held, pauses) == (True, 4)


def test_a_line_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another run has appended is read too, and what this one has."""
    journal, other = Journal(tmp_path), Journal(tmp_path)
    assert journal.records() == []
    read: list[bytes] = []
    whole = Told.read

    def note(told: Told, line: bytes) -> None:
        read.append(line)
        whole(told, line)

    monkeypatch.setattr(Told, "read", note)
    keys = write_four(journal)
    for _ in range(3):
        assert [record.key for record in journal.records()] == keys
    keys += other.begin(ORIGIN, [REMOVED], AT, BY)
    other.finish([(keys[2], Outcome.GONE, "")], LATER)
    journal.note_restored(keys[0], LATER)
    third = journal.records()[2]
    assert (third.key, third.outcome) == (keys[2], Outcome.GONE)
    assert journal.records()[0].restored_at == LATER
    assert read == journal.path.read_bytes().splitlines()


def test_a_line_that_another_process_is_just_writing_is_read_when_it_is_whole(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    write_four(journal)
    line = journal.path.read_bytes().splitlines(keepends=True)[0].replace(b'"key":"', b'"key":"x')
    for part in (line[:50], line[50:-1]):
        with journal.path.open("ab") as file:
            file.write(part)
        assert len(journal.records()) == 2
    with journal.path.open("ab") as file:
        file.write(line[-1:])
    assert len(journal.records()) == 3
    assert journal.damaged == ()


def replace_it(path: Path, data: bytes) -> None:
    path.with_name("new").write_bytes(data)
    path.with_name("new").replace(path)


@pytest.mark.parametrize("write", [replace_it, Path.write_bytes], ids=["another file", "the same file"])
def test_a_journal_that_was_written_anew_is_read_anew(tmp_path: Path, write: Callable[[Path, bytes], object]) -> None:
    journal = Journal(tmp_path)
    keys = write_four(journal)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    assert len(journal.records()) == 2
    write(journal.path, b"no json\n" + lines[1])
    assert [record.key for record in journal.records()] == keys[1:]
    assert len(journal.damaged) == 1
    write(journal.path, b"".join(reversed(lines[:2])) + b"".join(lines))
    assert [record.key for record in journal.records()] == keys[::-1]
    write(journal.path, lines[0])
    assert [record.key for record in journal.records()] == keys[:1]
    assert not journal.damaged
    journal.path.unlink()
    assert journal.records() == []


def test_another_journal_that_ends_as_the_first_did(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    write_four(journal)
    assert journal.records()[0].removed.reason == "not renewed for 2 h"
    replace_it(journal.path, journal.path.read_bytes().replace(b"not renewed for 2 h", b"not renewed for 3 h"))
    assert journal.records()[0].removed.reason == "not renewed for 3 h"


def test_what_was_read_cannot_be_altered_in_memory_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    write_four(journal)
    record = journal.records()[1]
    with pytest.raises(FrozenInstanceError):
        record.outcome = Outcome.KEPT  # type: ignore[misc]
    journal.records().clear()
    assert len(journal.records()) == 2


def test_a_hold_ends_where_the_lock_was_not_put_back(tmp_path: Path) -> None:
    """And one before it, which may have put it back, counts again."""
    journal = Journal(tmp_path)
    (key,) = journal.begin(ORIGIN, [REMOVED], AT, BY)
    journal.hold(key, AT)
    assert journal.records()[0].held_at == AT, "of a run that was killed: it may stand"
    journal.hold(key, LATER)
    assert journal.records()[0].held_at == LATER
    journal.release(key, LATER)
    assert journal.records()[0].held_at == AT
    (other,) = journal.begin(ORIGIN, [REMOVED], AT, BY)
    journal.hold(other, AT)
    journal.release(other, LATER)
    assert journal.records()[1].held_at is None


def test_a_whole_line_that_only_lacks_its_end_is_kept(tmp_path: Path) -> None:
    """As an editor leaves it: the bytes of a lock may be on it."""
    journal = Journal(tmp_path)
    (key,) = journal.begin(ORIGIN, [REMOVED], AT, BY)
    journal.path.write_bytes(journal.path.read_bytes().rstrip(b"\n"))
    journal.finish([(key, Outcome.REMOVED, "done")], LATER)
    (record,) = Journal(tmp_path).records()
    assert (record.removed, record.outcome) == (REMOVED, Outcome.REMOVED)
