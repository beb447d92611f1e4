"""One removal and its journal: intent first, then the mark, then the outcome; and what later surveys make of it."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from lockctl.errors import ConnectionLost, DeadlinePassed, InUse, JournalError, LockctlError, PermissionRefused
from lockctl.liveness.evidence import Verdict
from lockctl.removal.step import remove_locks
from lockctl.repository.lock import LockFile
from lockctl.state.journal import Journal
from lockctl.state.records import Origin, Outcome, Record
from tests.memory import MemoryTransport
from tests.unit.making import CONFIG, NOW, make_lock, make_survey, make_verdict

DATA = b"sealed"
ADDRESS = make_survey([]).address
LOST = ConnectionLost("the connection broke")


class Scene:
    """A stale lock in memory, a survey of it and a journal."""

    def __init__(self, folder: Path) -> None:
        self.memory = MemoryTransport()
        self.journal = Journal(folder / "state")
        self.path = f"locks/{'a' * 64}"
        entry = self.memory.put(self.path, DATA, written=self.memory.clock - 3_000_000)
        self.verdict = make_verdict(LockFile(entry, DATA, make_lock(7200)))
        self.survey = make_survey([self.verdict])

    def remove(self) -> tuple[Outcome, bool]:
        (result,) = remove_locks([self.verdict], self.survey, self.memory, self.journal)
        return result.outcome, result.failed

    def record(self) -> Record:
        (record,) = self.journal.records()
        return record


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """One scene."""
    return Scene(tmp_path)


def test_the_intent_is_on_disk_before_the_remover_is_called(scene: Scene) -> None:
    seen: list[Record] = []
    scene.memory.before("remove", lambda: seen.append(scene.record()))
    assert scene.remove() == (Outcome.REMOVED, False)
    (intent,) = seen
    assert (intent.outcome, intent.removed.data, intent.removed.id) == (None, DATA, "a" * 64)
    assert scene.record().outcome is Outcome.REMOVED
    assert scene.memory.files == {}


def test_the_intent_tells_all_that_restore_and_history_need(scene: Scene) -> None:
    scene.remove()
    record = scene.record()
    assert record.origin == Origin(scene.survey.address, CONFIG.id, CONFIG.sha256)
    assert (record.removed.state, record.removed.age_seconds) == ("stale", 7200)
    assert record.removed.reason == "not renewed for 2 h"
    assert record.removed.lock is not None
    assert record.removed.lock["hostname"] == "web1"
    assert record.removed.server_time == NOW
    assert {"user", "hostname", "pid", "lockctl"} <= record.by.keys()


def test_without_a_journal_nothing_is_removed(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(JournalError):
        scene.remove()
    assert scene.memory.calls == []
    assert scene.path in scene.memory.files


@pytest.mark.parametrize("error", [PermissionRefused("not permitted"), InUse("open elsewhere")])
def test_what_could_not_be_removed_is_kept_and_failed(scene: Scene, error: LockctlError) -> None:
    scene.memory.fail("remove", error)
    assert scene.remove() == (Outcome.KEPT, True)
    assert (scene.record().outcome, scene.record().outcome_text) == (Outcome.KEPT, str(error))
    assert scene.path in scene.memory.files


@pytest.mark.parametrize(
    ("act", "outcome"),
    [
        (lambda scene: scene.memory.delete(scene.path), Outcome.GONE),
        (lambda scene: scene.memory.put(scene.path, DATA), Outcome.KEPT),
        (lambda scene: scene.memory.put(scene.path, b"other", written=scene.verdict.file.entry.written), Outcome.KEPT),
        (lambda scene: scene.memory.put(scene.path, DATA + b"x"), Outcome.KEPT),
    ],
    ids=["gone", "written again", "other bytes", "more bytes"],
)
def test_what_changed_since_the_survey(scene: Scene, act: Callable[[Scene], object], outcome: Outcome) -> None:
    act(scene)
    before = dict(scene.memory.files)
    assert scene.remove() == (outcome, False)
    assert scene.record().outcome is outcome
    assert scene.memory.files == before


@pytest.mark.parametrize("error", [LOST, DeadlinePassed("over")])
@pytest.mark.parametrize("after", [False, True])
def test_a_lost_reply_is_neither_done_nor_undone(scene: Scene, error: LockctlError, after: bool) -> None:
    scene.memory.fail("remove", error, after=after)
    assert scene.remove() == (Outcome.UNKNOWN, True)
    assert scene.memory.calls == ["remove"], "never repeated blindly"
    assert scene.record().outcome is None


def test_a_server_that_numbers_and_dates_anew_shows_the_same_file(scene: Scene) -> None:
    """Some give a new file id at each look, and a creation time that moves when the file is read."""
    file = scene.memory.files[scene.path]
    file.created, file.file_id = 17, file.file_id + 1
    assert scene.remove() == (Outcome.REMOVED, False)


def test_the_journal_that_fails_after_the_removal_is_told(scene: Scene) -> None:
    def lose_the_folder() -> None:
        scene.journal.path.unlink()
        scene.journal.path.mkdir()

    scene.memory.before("remove", lose_the_folder)
    (result,) = remove_locks([scene.verdict], scene.survey, scene.memory, scene.journal)
    assert (result.outcome, result.failed) == (Outcome.REMOVED, True)
    assert "journal" in result.text


def test_each_of_many_has_its_own_fate(scene: Scene) -> None:
    """All rules hold for each: what happens to one in the middle is no other's affair."""
    doomed = many(scene, 8)
    paths = [f"locks/{verdict.file.id}" for verdict in doomed]
    scene.memory.delete(paths[1])
    scene.memory.put(paths[2], DATA + b"x", written=doomed[2].file.entry.written)
    scene.memory.put(paths[3], DATA[::-1], written=doomed[3].file.entry.written)
    scene.memory.put(paths[4], DATA)
    scene.memory.refused.add(paths[5])
    results = remove_locks(doomed, scene.survey, scene.memory, scene.journal)
    fates = [Outcome.REMOVED, Outcome.GONE, *[Outcome.KEPT] * 4, Outcome.REMOVED, Outcome.REMOVED]
    assert [result.outcome for result in results] == fates
    assert [result.verdict for result in results if result.failed] == [doomed[5]]
    assert set(scene.memory.files) == {scene.path, *paths[2:6]}
    assert [record.outcome for record in scene.journal.records()] == fates
    assert [record.removed.id for record in scene.journal.records()] == [verdict.file.id for verdict in doomed]


def test_all_intents_are_on_disk_before_the_first_mark_and_synced_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    doomed = many(scene, 64)
    synced: list[int] = []
    seen: list[int] = []
    sync = os.fsync

    def count(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            synced.append(len(scene.memory.files))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", count)
    scene.memory.before("remove", lambda: seen.append(len(scene.journal.records())))
    remove_locks(doomed, scene.survey, scene.memory, scene.journal)
    assert (seen, synced) == ([64], [65, 1])


@pytest.mark.parametrize("after", [False, True])
def test_after_a_lost_reply_nobody_knows_of_any_of_them(scene: Scene, after: bool) -> None:
    doomed = many(scene, 3)
    scene.memory.fail("remove", LOST, after=after)
    results = remove_locks(doomed, scene.survey, scene.memory, scene.journal)
    assert {(result.outcome, result.failed, result.lost) for result in results} == {(Outcome.UNKNOWN, True, True)}
    assert [record.outcome for record in scene.journal.records()] == [None] * 3


def test_intents_that_cannot_be_written_leave_none(scene: Scene) -> None:
    """Neither in the journal nor among the marks."""
    remove_locks(many(scene, 2, "b"), scene.survey, scene.memory, scene.journal)
    before = scene.journal.path.read_bytes()
    calls = len(scene.memory.calls)
    doomed = many(scene, 5, "c")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 1500, limit[1]))
    try:
        with pytest.raises(JournalError):
            remove_locks(doomed, scene.survey, scene.memory, scene.journal)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert scene.journal.path.read_bytes() == before
    assert len(scene.memory.calls) == calls


def many(scene: Scene, count: int, digit: str = "0") -> list[Verdict]:
    """So many more stale locks."""
    verdicts: list[Verdict] = []
    for number in range(count):
        entry = scene.memory.put(f"locks/{digit}{number:063x}", DATA, written=scene.memory.clock - 3_000_000)
        verdicts.append(make_verdict(LockFile(entry, DATA, make_lock(7200))))
    return verdicts
