"""One run of removals from plan to report: what was shown is carried out, and whatever comes in between is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

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
from lockctl.removal.plan import Plan, Wish
from lockctl.removal.report import Report
from lockctl.removal.run import carry_out, prepare
from lockctl.render.table import failure_lines
from lockctl.state.records import Outcome, Told
from lockctl.survey.session import Session
from lockctl.survey.values import Selection
from tests.unit.envelope import config_bytes
from tests.unit.session import HOUR, Scene, scene

__all__ = ["scene"]
LOST = ConnectionLost("the connection broke")


class Attendant:
    """Keeps what it is told. `on_shield`, `on_waiting` and `on_report` are what happens then."""

    def __init__(
        self,
        on_shield: Callable[[], None] | None = None,
        on_waiting: Callable[[], None] | None = None,
        on_report: Callable[[], object] = lambda: None,
        goes_on: bool = True,
    ) -> None:
        self.reports: list[Report] = []
        self.waited = 0
        self._on_shield = on_shield
        self._on_waiting = on_waiting
        self._on_report = on_report
        self._goes_on = goes_on

    @contextmanager
    def shield(self) -> Iterator[None]:
        yield
        if self._on_shield is not None:
            self._on_shield()

    def waiting(self) -> None:
        self.waited += 1
        if self._on_waiting is not None:
            self._on_waiting()

    def report(self, report: Report) -> bool:
        self.reports.append(report)
        self._on_report()
        return self._goes_on


class Ends(Deadline):
    """A deadline that passes when it was asked for so many times."""

    def __init__(self, asked: int) -> None:
        super().__init__(60)
        self._left_to_ask = asked

    def passed(self) -> bool:
        self._left_to_ask -= 1
        return self._left_to_ask < 0


def run(session: Session, attendant: Attendant | None = None, plan: Plan | None = None) -> Report:
    """As a person who says yes."""
    return carry_out(session, plan or prepare(session, Wish()), attendant or Attendant())


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
def test_a_deadline(scene: Scene, asked: int, status: int, left: int) -> None:
    scene.put_lock(pid=1)
    scene.put_lock(pid=2)
    with scene.open(deadline=Ends(asked)) as session:
        report = run(session)
    assert (report.status, len(scene.locks), len(report.kept)) == (status, left, left)
    assert isinstance(report.stopped, DeadlinePassed) is bool(left)
    assert {kept.why for kept in report.kept} <= {"not tried: the run was ended before its turn"}


@pytest.mark.parametrize("after", [False, True], ids=["before the mark", "after it"])
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


def test_a_server_that_is_gone_for_good_is_told(scene: Scene) -> None:
    scene.put_lock()

    def lose() -> None:
        scene.share.fail("read_many", LOST)
        raise LOST

    scene.share.before("remove", lose)
    with scene.open() as session:
        assert run(session).status == 3
        (record,) = session.journal.records()
    assert scene.teller.warnings == ["the server cannot be asked again: the next run looks what became of that lock"]
    assert record.outcome is None


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


def left_open(scene: Scene) -> None:
    """A run that lost its connection, and its server."""

    def lose() -> None:
        scene.share.fail("read_many", LOST)
        raise LOST

    scene.share.before("remove", lose)
    with scene.open() as session:
        run(session)
    scene.teller.warnings.clear()


def test_what_an_earlier_run_left_open_is_closed_before_anybody_is_asked(scene: Scene) -> None:
    scene.put_lock()
    left_open(scene)
    with scene.open() as session:
        prepare(session, Wish(), dry_run=True)
        assert [record.outcome for record in session.journal.records()] == [None]
        for _ in range(2):
            prepare(session, Wish())
        assert [record.outcome for record in session.journal.records()] == [Outcome.KEPT]
    (told,) = scene.teller.warnings
    assert told.endswith("the run was ended before it removed this lock: it still stands")


def test_what_was_left_open_is_told_even_where_the_command_then_fails(scene: Scene) -> None:
    """The run for this lock was killed, and is started again: by then the lock is gone."""
    lock = scene.put_lock()
    left_open(scene)
    scene.share.delete(f"locks/{lock}")
    with scene.open() as session, pytest.raises(UnknownLock):
        prepare(session, Wish(), [lock])
    assert "the lock is gone" in scene.teller.warnings[0]


def test_what_another_repository_left_open_stays_so(scene: Scene) -> None:
    scene.put_lock()
    left_open(scene)
    scene.share.files["config"].data = config_bytes({"version": 2, "id": "d" * 64, "chunker_polynomial": "1"})
    with scene.open() as session:
        prepare(session, Wish())
        assert [record.outcome for record in session.journal.records()] == [None]


def test_who_came_back_while_an_intent_was_open_is_told_when_it_is_closed(scene: Scene) -> None:
    lock = scene.put_lock()
    left_open(scene)
    scene.share.delete(f"locks/{lock}")
    renewed = scene.put_lock(0)
    with scene.open() as session:
        prepare(session, Wish())
    assert [one.verdict.file.id for one in scene.teller.returns] == [renewed]


def test_an_owner_that_came_back_is_told_by_the_last_look(scene: Scene) -> None:
    scene.put_lock()
    came: list[str] = []
    attendant = Attendant(on_report=lambda: came.append(scene.put_lock(0)))
    with scene.open() as session:
        carry_out(session, prepare(session, Wish()), attendant)
        assert [one.verdict.file.id for one in scene.teller.returns] == came
        assert [record.returned_as for record in session.journal.records()] == came
        session.look()
    assert len(scene.teller.returns) == 1, "once"


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
