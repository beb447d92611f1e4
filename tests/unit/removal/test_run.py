"""One run of removals from plan to report: what was shown is carried out, and whatever comes in between is told."""

from __future__ import annotations

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import (
    ConnectionLost,
    DeadlinePassed,
    Interrupted,
    JournalError,
    LockctlError,
    PermissionRefused,
    UnknownLock,
)
from lockctl.removal.plan import Wish
from lockctl.removal.run import carry_out, prepare
from lockctl.render.table import failure_lines
from lockctl.state.records import Outcome, Told
from lockctl.survey.values import Selection
from tests.unit.attending import Attendant, run
from tests.unit.session import HOUR, Scene, scene

__all__ = ["scene"]
LOST = ConnectionLost("the connection broke")
ONE_BY_ONE = pytest.mark.parametrize("batch", [1], indirect=True)


@pytest.fixture(autouse=True)
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many locks are removed together: as many as usual, or as a test says."""
    if hasattr(request, "param"):
        monkeypatch.setattr("lockctl.removal.run.BATCH", request.param)


class Ends(Deadline):
    """A deadline that passes when it was asked for so many times."""

    def __init__(self, asked: int) -> None:
        super().__init__(60)
        self._left_to_ask = asked

    def passed(self) -> bool:
        self._left_to_ask -= 1
        return self._left_to_ask < 0


def lines_of(scene: Scene) -> int:
    return (scene.folder / "journal.jsonl").read_bytes().count(b"\n")


def test_three_looks_and_one_reading_of_the_journal(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = scene.put_lock()
    parsed: list[bytes] = []
    read = Told.read

    def count(self: Told, line: bytes) -> None:
        parsed.append(line)
        read(self, line)

    monkeypatch.setattr(Told, "read", count)
    with scene.open() as session:
        report = run(session)
    assert [result.verdict.file.id for result in report.of(Outcome.REMOVED)] == [stale]
    assert (report.status, report.kept, scene.locks) == (0, [], set())
    assert scene.share.calls.count("list_directory") == 1 + 3, "keys/ once, locks/ thrice"
    assert len(parsed) == lines_of(scene) == 2


def test_what_was_shown_is_what_goes(scene: Scene) -> None:
    """What came after the plan was made stays, however stale it is; so does what its owner has renewed."""
    first, second = scene.put_lock(pid=1), scene.put_lock(pid=2)
    with scene.open() as session:
        plan = prepare(session, Wish())
        assert {verdict.file.id for verdict in plan.steps} == {first, second}
        later, renewed = scene.put_lock(3 * HOUR, pid=3), scene.put_lock(0, pid=2)
        report = run(session, plan=plan)
    assert [result.verdict.file.id for result in report.of(Outcome.REMOVED)] == [first]
    assert scene.locks == {second, later, renewed}
    assert [(kept.verdict.file.id, kept.why) for kept in report.kept] == [
        (second, "its owner has renewed since the plan was made")
    ]


@pytest.mark.parametrize(
    ("asked", "status", "left"), [(0, 14, 2), (1, 3, 1), (2, 0, 0)], ids=["before", "in the middle", "after"]
)
@ONE_BY_ONE
def test_a_deadline(scene: Scene, asked: int, status: int, left: int) -> None:
    scene.put_lock(pid=1)
    scene.put_lock(pid=2)
    with scene.open(deadline=Ends(asked)) as session:
        report = run(session)
    assert (report.status, len(scene.locks), len(report.kept)) == (status, left, left)
    assert isinstance(report.stopped, DeadlinePassed) is bool(left)
    assert {kept.why for kept in report.kept} <= {"not tried: the run was ended before its turn"}


@pytest.mark.parametrize("after", [False, True], ids=["before the mark", "after it"])
@ONE_BY_ONE
def test_a_connection_that_is_lost(scene: Scene, after: bool) -> None:
    """It is made anew, once, to see what became of the lock that nobody knows of."""
    scene.put_lock(pid=1)
    scene.put_lock(pid=2)
    scene.share.fail("remove", LOST, after=after)
    with scene.open() as session:
        report = run(session)
        assert scene.connected == 2
        assert scene.share.closed
    assert (report.status, report.lost, len(report.kept)) == (3, True, 1)
    (told,) = scene.teller.warnings
    assert told.startswith("a run was ended at lock ")
    assert ("the lock is gone" in told) is after
    with scene.open() as session:
        (record,) = session.journal.records()
        assert record.outcome is (Outcome.UNKNOWN if after else Outcome.KEPT)
    assert len(scene.locks) == (1 if after else 2)


@pytest.mark.parametrize("batch", [2, 3], indirect=True)
def test_a_connection_that_is_lost_in_the_middle_of_a_batch(scene: Scene) -> None:
    """Of one batch nobody knows, the next look does; and what was not tried is kept."""
    for pid in range(5):
        scene.put_lock(pid=pid)
    scene.share.before("remove", lambda: scene.share.fail("remove", LOST, after=True))
    with scene.open() as session:
        report = run(session)
        records = session.journal.records()
    unknown, tried = len(report.results), len(records)
    assert (report.status, unknown, tried) == (3, tried, 5 - len(report.kept))
    assert {record.outcome for record in records} == {Outcome.UNKNOWN, Outcome.KEPT}
    standing = {record.removed.id for record in records if record.outcome is Outcome.KEPT}
    assert standing == scene.locks & {record.removed.id for record in records}
    assert len(scene.teller.warnings) == tried


@pytest.mark.parametrize("batch", [2], indirect=True)
def test_many_batches(scene: Scene) -> None:
    for pid in range(7):
        scene.put_lock(pid=pid)
    with scene.open() as session:
        report = run(session)
    assert (report.status, len(report.of(Outcome.REMOVED)), scene.locks) == (0, 7, set())
    assert scene.share.calls.count("list_directory") == 1 + 3


@pytest.mark.parametrize(("locks", "named"), [(1, "that lock"), (3, "those 3 locks")])
def test_a_server_that_is_gone_for_good_is_told(scene: Scene, locks: int, named: str) -> None:
    for pid in range(locks):
        scene.put_lock(pid=pid)

    def lose() -> None:
        scene.share.fail("read_many", LOST)
        raise LOST

    scene.share.before("remove", lose)
    with scene.open() as session:
        assert run(session).status == 3
        assert [record.outcome for record in session.journal.records()] == [None] * locks
    assert scene.teller.warnings == [f"the server cannot be asked again: the next run looks what became of {named}"]


@ONE_BY_ONE
def test_a_signal_between_two_locks(scene: Scene) -> None:
    scene.put_lock(pid=1)
    scene.put_lock(pid=2)

    def interrupt() -> None:
        raise Interrupted(2)

    attendant = Attendant(on_shield=interrupt)
    with scene.open() as session:
        report = run(session, attendant)
        assert [record.outcome for record in session.journal.records()] == [Outcome.REMOVED]
    assert (report.status, len(scene.locks)) == (130, 1)
    assert attendant.reports == [report], "what was done is told all the same"


def test_another_run_of_this_machine_is_waited_for(scene: Scene) -> None:
    """What it did meanwhile is not done again, nor told as left undone."""
    lock = scene.put_lock()
    with scene.open() as other, scene.open() as session:
        plan = prepare(session, Wish())
        held = other.journal.exclusive(plan.survey.key)
        held.__enter__()

        def end() -> None:
            scene.share.delete(f"locks/{lock}")
            held.__exit__(None, None, None)

        attendant = Attendant(on_waiting=end)
        report = run(session, attendant, plan)
    assert attendant.waited == 1
    assert ([result.verdict.file.id for result in report.of(Outcome.GONE)], report.status) == ([lock], 0)
    assert not (scene.folder / "journal.jsonl").exists() or lines_of(scene) == 0


def test_another_repository_is_not_waited_for(scene: Scene) -> None:
    scene.put_lock()
    attendant = Attendant()
    with scene.open() as session, session.journal.exclusive("another repository") as held:
        assert held
        assert run(session, attendant).status == 0
    assert (attendant.waited, scene.locks) == (0, set())


def test_without_a_journal_nothing_goes(scene: Scene) -> None:
    lock = scene.put_lock()
    with scene.open() as session:
        plan = prepare(session, Wish())
        scene.folder.rename(scene.folder.with_name("elsewhere"))
        scene.folder.write_text("in the way")
        with pytest.raises(JournalError):
            carry_out(session, plan, Attendant())
    assert scene.locks == {lock}
    with scene.open() as session, pytest.raises(JournalError):
        prepare(session, Wish())


def test_what_is_not_permitted_is_failed_and_the_rest_goes(scene: Scene) -> None:
    refused, other = sorted((scene.put_lock(2 * HOUR, pid=1), scene.put_lock(3 * HOUR, pid=2)))
    with scene.open() as session:
        plan = prepare(session, Wish())
        scene.share.fail("remove", PermissionRefused("not permitted"))
        report = run(session, plan=plan)
    assert (report.status, len(report.failed), len(report.of(Outcome.REMOVED))) == (3, 1, 1)
    assert len(scene.locks & {refused, other}) == 1


def test_after_a_signal_nothing_more_is_looked_at(scene: Scene) -> None:
    scene.put_lock()
    with scene.open() as session:
        plan = prepare(session, Wish())
        before = scene.share.calls.count("list_directory")
        carry_out(session, plan, Attendant(goes_on=False))
    assert scene.share.calls.count("list_directory") == before + 1


def test_what_its_own_handle_spared_is_kept_and_told(scene: Scene) -> None:
    """Other bytes stand under that name by then."""
    lock = scene.put_lock()
    scene.share.before("remove", lambda: setattr(scene.share.files[f"locks/{lock}"], "data", b"other"))
    with scene.open() as session:
        report = run(session)
    assert [(kept.verdict.file.id, kept.why) for kept in report.kept] == [(lock, "another file stands under that name")]
    assert (report.status, scene.locks) == (0, {lock})


def test_a_journal_that_fails_after_the_removal_is_told_as_it_is(scene: Scene) -> None:
    lock = scene.put_lock()

    def lose() -> None:
        (scene.folder / "journal.jsonl").unlink()
        (scene.folder / "journal.jsonl").mkdir()

    scene.share.before("remove", lose)
    with scene.open() as session:
        report = run(session)
    assert (report.status, report.blocking, scene.locks) == (3, [], set())
    (line,) = failure_lines(report)
    assert line.startswith(f"{lock[:8]} (web1, PID 4209, root) was removed, but the journal does not tell it")


@pytest.mark.parametrize(
    ("ids", "error"),
    [(["none"], "no lock here"), ([""], "no lock here"), ([*"0123456789abcdef"], "no lock here|locks have ids")],
)
def test_ids_that_name_no_lock_or_several(scene: Scene, ids: list[str], error: str) -> None:
    scene.put_lock()
    with scene.open() as session, pytest.raises(UnknownLock, match=error):
        prepare(session, Wish(), ids)


def test_named_locks_alone_go(scene: Scene) -> None:
    one, other = scene.put_lock(pid=1), scene.put_lock(pid=2)
    with scene.open() as session:
        plan = prepare(session, Wish(Selection(older=60)), [one[:20]])
        assert [verdict.file.id for verdict in plan.steps] == [one]
        run(session, plan=plan)
    assert scene.locks == {other}


def test_an_error_of_the_last_look_changes_nothing(scene: Scene) -> None:
    scene.put_lock()
    attendant = Attendant(on_report=lambda: scene.share.fail("list_directory", LOST))
    with scene.open() as session:
        report = carry_out(session, prepare(session, Wish()), attendant)
    assert (report.status, scene.locks, scene.teller.warnings) == (0, set(), [])


@pytest.mark.parametrize("error", [LOST, JournalError("no"), PermissionRefused("no")])
def test_a_second_look_that_fails_removes_nothing(scene: Scene, error: LockctlError) -> None:
    lock = scene.put_lock()
    with scene.open() as session:
        plan = prepare(session, Wish())
        scene.share.fail("list_directory", error)
        with pytest.raises(type(error)):
            carry_out(session, plan, Attendant())
    assert scene.locks == {lock}
