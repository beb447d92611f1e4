"""Removals of many, in batches: every rule holds for each lock, wherever in a batch it is and whatever ends the run."""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lockctl.errors import ConnectionLost, DeadlinePassed, Interrupted, JournalError, LockctlError
from lockctl.removal.plan import Wish
from lockctl.removal.run import prepare
from lockctl.state.records import Outcome, Record
from tests.unit.attending import Attendant, run
from tests.unit.session import Scene, scene

__all__ = ["scene"]
BATCH = 3
LOCKS = 2 * BATCH + 1
REMOVED, KEPT, UNKNOWN = Outcome.REMOVED, Outcome.KEPT, Outcome.UNKNOWN
LOST = ConnectionLost("the connection broke")


class Killed(BaseException):
    """Ends a run as SIGKILL does: nobody catches it, and nothing more is written."""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven locks are three batches."""
    monkeypatch.setattr("lockctl.removal.run.BATCH", BATCH)


def put_locks(scene: Scene, count: int = LOCKS) -> list[str]:
    """So many stale locks, in the order in which they go."""
    for pid in range(count):
        scene.put_lock(pid=100 + pid)
    with scene.open() as session:
        return [verdict.file.id for verdict in prepare(session, Wish()).steps]


def records_of(scene: Scene) -> list[Record]:
    with scene.open() as session:
        return session.journal.records()


def assert_true(scene: Scene, made: list[str]) -> None:
    """Each intent has an outcome that fits what stands there, and each lock stands or is in the journal."""
    records = records_of(scene)
    for record in records:
        stands = record.removed.id in scene.locks
        assert record.outcome in ((KEPT,) if stands else (REMOVED, UNKNOWN)), record
    assert set(made) <= scene.locks | {record.removed.id for record in records}


def assert_next_run_ends_it(scene: Scene, made: list[str]) -> None:
    """It closes what is open, each as it is, and removes what still stands."""
    with scene.open() as session:
        prepare(session, Wish())
        assert_true(scene, made)
        assert run(session).status == 0
    assert scene.locks == set()
    outcomes = {record.removed.id: record.outcome for record in records_of(scene)}
    assert outcomes.keys() == set(made)
    assert set(outcomes.values()) <= {REMOVED, UNKNOWN}


def change(scene: Scene, path: str) -> None:
    scene.share.files[path].data = b"other"


def write_again(scene: Scene, path: str) -> None:
    scene.share.files[path].written += 1


def delete(scene: Scene, path: str) -> None:
    scene.share.delete(path)


def refuse(scene: Scene, path: str) -> None:
    scene.share.refused.add(path)


@pytest.mark.parametrize("which", range(LOCKS))
@pytest.mark.parametrize(
    ("act", "outcome", "status"),
    [
        (change, KEPT, 0),
        (write_again, KEPT, 0),
        (delete, Outcome.GONE, 0),
        (refuse, KEPT, 3),
    ],
)
def test_what_befalls_one_after_the_second_look(
    scene: Scene, which: int, act: Callable[[Scene, str], None], outcome: Outcome, status: int
) -> None:
    """Rule 6: its own handle shows it, and it stays; all others go."""
    made = put_locks(scene)
    path = f"locks/{made[which]}"
    scene.share.before("remove", lambda: act(scene, path))
    with scene.open() as session:
        report = run(session)
    assert report.status == status
    assert scene.locks == ({made[which]} if outcome is KEPT else set())
    outcomes = {record.removed.id: record.outcome for record in records_of(scene)}
    assert outcomes == {one: outcome if one == made[which] else REMOVED for one in made}


@pytest.mark.parametrize("which", range(LOCKS))
@pytest.mark.parametrize("act", ["renews", "has other bytes", "goes"])
def test_what_befalls_one_before_the_second_look(scene: Scene, which: int, act: str) -> None:
    """Rule 5: it is not even begun with; all others go."""
    made = put_locks(scene)
    path = f"locks/{made[which]}"
    with scene.open() as session:
        plan = prepare(session, Wish())
        (verdict,) = (verdict for verdict in plan.steps if verdict.file.id == made[which])
        assert verdict.file.lock is not None
        if act == "renews":
            scene.put_lock(0, pid=verdict.file.lock.pid)
        elif act == "goes":
            delete(scene, path)
        else:
            change(scene, path)
        report = run(session, plan=plan)
    assert len(report.of(REMOVED)) == LOCKS - 1
    assert made[which] not in [record.removed.id for record in records_of(scene)]
    assert (path in scene.share.files) is (act != "goes")


@pytest.mark.parametrize("struck", range(LOCKS))
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
def test_a_kill_at_each_lock(scene: Scene, struck: int, after: bool) -> None:
    """Rule 7: at most one batch is left open, and the next run says of each what became of it."""
    made = put_locks(scene)

    def end() -> None:
        raise Killed

    if after and struck + 1 < LOCKS:
        scene.share.before("remove", end, spared=struck + 1)
    elif after:
        scene.share.fail("remove", Killed(), after=True, spared=struck)  # type: ignore[arg-type]
    else:
        scene.share.before("remove", end, spared=struck)
    with pytest.raises(Killed), scene.open() as session:
        run(session)
    left = [record.removed.id for record in records_of(scene) if record.outcome is None]
    assert 0 < len(left) <= BATCH
    assert set(made) <= scene.locks | {record.removed.id for record in records_of(scene)}
    assert len(scene.locks) == LOCKS - struck - after
    assert_next_run_ends_it(scene, made)


@pytest.mark.parametrize("struck", range(LOCKS))
@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
@pytest.mark.parametrize("error", [LOST, DeadlinePassed("over")])
def test_a_loss_at_each_lock(scene: Scene, struck: int, after: bool, error: LockctlError) -> None:
    """Rule 8: nothing is repeated, no other batch is begun, and the next look tells of each what became of it."""
    made = put_locks(scene)
    scene.share.fail("remove", error, after=after, spared=struck)
    with scene.open() as session:
        report = run(session)
    begun = min(LOCKS, (struck // BATCH + 1) * BATCH)
    lost = begun - struck // BATCH * BATCH
    assert (report.status, len(report.failed), len(report.results)) == (3, lost, begun)
    assert {result.outcome for result in report.failed} == {UNKNOWN}
    assert scene.share.calls.count("remove") == struck + 1
    assert [record.removed.id for record in records_of(scene)] == made[:begun]
    assert_true(scene, made)
    assert_next_run_ends_it(scene, made)


def test_a_loss_that_did_only_some_of_it(scene: Scene) -> None:
    """Marks of one flight may have been set in any order."""
    made = put_locks(scene)

    def lose() -> None:
        delete(scene, f"locks/{made[1]}")
        raise LOST

    scene.share.before("remove", lose)
    with scene.open() as session:
        run(session)
    assert [record.outcome for record in records_of(scene)] == [KEPT, UNKNOWN, KEPT]
    assert_next_run_ends_it(scene, made)


@contextmanager
def full_disk(scene: Scene, room: Callable[[int], int]) -> Iterator[None]:
    """From the first mark on the journal can grow by so much; `room` is told how long it is by then."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill() -> None:
        size = (scene.folder / "journal.jsonl").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + room(size), before[1]))

    scene.share.before("remove", fill)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 1, 150, 200, 300])
def test_a_journal_that_cannot_take_the_outcomes(scene: Scene, room: int) -> None:
    """What was removed is told as that, none of it is told by halves, and no other batch is begun."""
    made = put_locks(scene)
    with full_disk(scene, lambda _: room), scene.open() as session:
        report = run(session)
    assert [(result.outcome, result.failed) for result in report.results] == [(REMOVED, True)] * BATCH
    assert all("removed, but the journal does not tell it" in result.text for result in report.results)
    assert isinstance(report.stopped, JournalError)
    assert (report.status, scene.locks) == (3, set(made[BATCH:]))
    assert [record.outcome for record in records_of(scene)] == [None] * BATCH
    assert_next_run_ends_it(scene, made)


def test_a_journal_that_cannot_take_the_intents_of_another_batch(scene: Scene) -> None:
    made = put_locks(scene)
    with full_disk(scene, lambda size: size * 2 // BATCH), scene.open() as session:
        report = run(session)
    assert [(result.outcome, result.failed) for result in report.results] == [(REMOVED, False)] * BATCH
    assert isinstance(report.stopped, JournalError)
    assert (report.status, scene.locks) == (3, set(made[BATCH:]))
    assert [record.outcome for record in records_of(scene)] == [REMOVED] * BATCH
    assert_next_run_ends_it(scene, made)


@pytest.mark.parametrize("cut", range(0, 4000, 125))
def test_intents_that_were_torn(scene: Scene, cut: int) -> None:
    """As the power leaves them: those that are whole are closed as kept, for no mark came before all were synced."""
    made = put_locks(scene, BATCH)

    def end() -> None:
        raise Killed

    scene.share.before("remove", end)
    with pytest.raises(Killed), scene.open() as session:
        run(session)
    path = scene.folder / "journal.jsonl"
    torn = path.read_bytes()[:cut]
    path.write_bytes(torn)
    with scene.open() as session:
        prepare(session, Wish())
        assert [record.outcome for record in session.journal.records()] == [KEPT] * torn.count(b"\n")
        assert session.journal.damaged == ()
    assert len([text for text in scene.teller.warnings if "it still stands" in text]) == torn.count(b"\n")
    assert_next_run_ends_it(scene, made)


@pytest.mark.parametrize("ended", range(1, 4))
def test_a_signal_waits_for_the_end_of_its_batch(scene: Scene, ended: int) -> None:
    made = put_locks(scene)
    left = [ended]

    def interrupt() -> None:
        left[0] -= 1
        if not left[0]:
            raise Interrupted(15)

    with scene.open() as session:
        report = run(session, Attendant(on_shield=interrupt))
    assert (report.status, scene.locks) == (143, set(made[ended * BATCH :]))
    assert [record.outcome for record in records_of(scene)] == [REMOVED] * min(ended * BATCH, LOCKS)


@pytest.mark.parametrize("locks", [1, BATCH, BATCH + 1, LOCKS])
def test_two_syncs_for_each_batch(scene: Scene, monkeypatch: pytest.MonkeyPatch, locks: int) -> None:
    put_locks(scene, locks)
    synced: list[int] = []
    sync = os.fsync

    def count(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            synced.append(descriptor)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", count)
    with scene.open() as session:
        assert run(session).status == 0
    assert len(synced) == 2 * -(-locks // BATCH)


def test_an_owner_of_one_of_many_that_comes_back(scene: Scene) -> None:
    """Rule 10, at the last look."""
    put_locks(scene)
    came: list[str] = []
    attendant = Attendant(on_report=lambda: came.append(scene.put_lock(0, pid=104)))
    with scene.open() as session:
        run(session, attendant)
    assert [one.verdict.file.id for one in scene.teller.returns] == came
