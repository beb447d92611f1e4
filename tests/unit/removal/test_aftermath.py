"""What became of removals that were begun: intents that were left open, and owners that came back."""

from __future__ import annotations

import pytest

from lockctl.errors import ConnectionLost, UnknownLock
from lockctl.removal.plan import Wish
from lockctl.removal.report import NAMED
from lockctl.removal.restore import find_removed, put_back
from lockctl.removal.run import carry_out, prepare
from lockctl.state.records import Outcome
from tests.unit.attending import Attendant, run
from tests.unit.envelope import config_bytes
from tests.unit.session import Scene, scene

__all__ = ["scene"]
LOST = ConnectionLost("the connection broke")


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


@pytest.mark.parametrize(("locks", "lines"), [(NAMED, NAMED), (NAMED + 1, 1), (64, 1)])
def test_what_was_left_open_of_many_is_told_once(scene: Scene, locks: int, lines: int) -> None:
    """Each is closed by itself, as it is."""
    made = [scene.put_lock(pid=100 + number) for number in range(locks)]
    left_open(scene)
    with scene.open() as session:
        prepare(session, Wish())
        records = session.journal.records()
    assert sorted(record.removed.id for record in records) == sorted(made)
    assert {record.outcome for record in records} == {Outcome.KEPT}
    assert len(scene.teller.warnings) == lines
    first, last = scene.teller.warnings[0], scene.teller.warnings[-1]
    assert sum(one[:8] in first for one in made) == (NAMED if lines == 1 else 1)
    assert lines > 1 or last.endswith(
        f", {locks - NAMED} more: the run was ended before it removed these locks: they still stand; "
        "see 'lockctl history'"
    )


def test_of_many_that_were_left_open_each_fate_is_told(scene: Scene) -> None:
    made = [scene.put_lock(pid=100 + number) for number in range(20)]
    left_open(scene)
    for lock in made[:8]:
        scene.share.delete(f"locks/{lock}")
    with scene.open() as session:
        prepare(session, Wish())
        outcomes = {record.removed.id: record.outcome for record in session.journal.records()}
    assert outcomes == {one: Outcome.UNKNOWN if one in made[:8] else Outcome.KEPT for one in made}
    assert len(scene.teller.warnings) == 2
    (gone,) = (text for text in scene.teller.warnings if "the locks are gone: removed by that run" in text)
    assert sum(one[:8] in gone for one in made[:8]) == NAMED
    assert not any(one[:8] in gone for one in made[8:])


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


def test_what_was_put_back_since_was_perhaps_removed(scene: Scene) -> None:
    """It stands, and that says nothing: an owner that comes back is told all the same."""
    lock = scene.put_lock()
    left_open(scene)
    with scene.open() as session:
        record = find_removed(session.journal.records(), lock)
        scene.share.delete(f"locks/{lock}")
        put_back(record, scene.share, "/memory", session.journal, Attendant().shield)
        renewed = scene.put_lock(0)
        prepare(session, Wish())
        (closed,) = session.journal.records()
    assert closed.outcome is Outcome.UNKNOWN
    assert "put back since" in closed.outcome_text
    assert [one.verdict.file.id for one in scene.teller.returns] == [renewed]
