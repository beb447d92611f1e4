"""A session: what its looks share, and what each of them tells."""

from __future__ import annotations

import sys

import pytest

from lockctl.errors import ConnectionLost, JournalError, NoRepository, WrongPassword
from lockctl.liveness.evidence import State
from lockctl.removal.plan import Wish
from lockctl.removal.restore import find_removed, put_back
from lockctl.removal.run import carry_out, prepare
from lockctl.settings.policy import Policy, Probe
from lockctl.state.journal import Journal
from lockctl.state.keycache import KeyCache
from lockctl.survey import session as module
from lockctl.survey.session import IDLE_SECONDS
from tests.unit.attending import Attendant
from tests.unit.session import HOUR, Scene, scene

__all__ = ["scene"]


def test_it_connects_when_it_looks_and_anew_after_it_was_dropped(scene: Scene) -> None:
    scene.put_lock()
    with scene.open() as session:
        assert scene.connected == 0
        assert [verdict.state for verdict in session.look().verdicts] == [State.STALE]
        session.watch()
        session.look()
        assert scene.connected == 1
        session.drop()
        assert scene.share.closed
        session.look()
        assert scene.connected == 2
        scene.share.closed = False
    assert scene.share.closed


def test_a_connection_that_was_idle_for_long_is_made_anew(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """As while a question stands: servers end what is idle."""
    lock = scene.put_lock()
    clock = [1000.0]
    monkeypatch.setattr(module, "boottime", lambda: clock[0])
    with scene.open() as session:
        for passed, connected in ((0.0, 1), (IDLE_SECONDS, 1), (1.0, 1), (IDLE_SECONDS + 1, 2), (IDLE_SECONDS, 2)):
            clock[0] += passed
            assert [verdict.file.id for verdict in session.look().verdicts] == [lock]
            assert scene.connected == connected


def test_what_cannot_be_opened_is_not_kept(scene: Scene) -> None:
    with scene.open() as session:
        scene.share.fail("list_directory", ConnectionLost("gone"))
        with pytest.raises(ConnectionLost):
            session.connect()
        assert scene.share.closed
        session.look()
        assert scene.connected == 2


def test_an_error_says_where(scene: Scene) -> None:
    del scene.share.files["config"]
    with scene.open() as session, pytest.raises(NoRepository, match="/memory: no restic repository there"):
        session.look()


def test_a_wrong_password_keeps_no_key(scene: Scene) -> None:
    with scene.open(password="another") as session, pytest.raises(WrongPassword):
        session.look()
    assert not (scene.folder / "keys").exists() or list((scene.folder / "keys").iterdir()) == []
    with scene.open() as session:
        session.look()
    assert [len(path.name) for path in (scene.folder / "keys").iterdir() if path.name != "lock"] == [64]


def test_one_answer_of_a_probe_does_for_looks_that_follow_each_other(scene: Scene) -> None:
    """Before a removal it is asked anew."""
    scene.put_lock()
    asked = scene.folder.parent / "asked"
    script = f"open({str(asked)!r}, 'a').write('x'); raise SystemExit(3)"
    policy = Policy(probes=(Probe(("web1",), (sys.executable, "-c", script), 30.0),))
    with scene.open(policy) as session:
        for _ in range(3):
            assert [verdict.state for verdict in session.look().verdicts] == [State.DEAD]
        assert asked.read_text() == "x"
        session.look(anew=True)
        assert asked.read_text() == "xx"


def test_a_probe_that_says_alive_keeps_the_lock(scene: Scene) -> None:
    scene.put_lock()
    policy = Policy(probes=(Probe(("web1",), ("true",), 30.0),))
    with scene.open(policy) as session:
        assert [verdict.state for verdict in session.look().verdicts] == [State.ACTIVE]


def test_a_trusted_clock_is_that_of_every_look(scene: Scene) -> None:
    """The server's says two hours; the owner's, of a lock whose client is ahead by as much, says now."""
    name = scene.put_lock(0)
    file = scene.share.files[f"locks/{name}"]
    file.created = scene.share.clock - int(2 * HOUR) * 10**9
    for trust, state in ((None, State.DOUBTFUL), ("server", State.STALE), (None, State.DOUBTFUL)):
        with scene.open(Policy(trust_clock=trust)) as session:
            assert [verdict.state for verdict in session.look().verdicts] == [state]


def test_a_damaged_line_of_the_journal_is_told_once(scene: Scene) -> None:
    scene.folder.mkdir(mode=0o700)
    (scene.folder / "journal.jsonl").write_text("{}\n")
    (scene.folder / "journal.jsonl").chmod(0o600)
    with scene.open() as session:
        for _ in range(3):
            session.look()
    (told,) = scene.teller.warnings
    assert "line 1 of" in told


def test_a_journal_that_cannot_be_read_is_told_once_and_hinders_no_look(scene: Scene) -> None:
    scene.put_lock()
    (scene.folder / "journal.jsonl").mkdir(parents=True)
    with scene.open() as session:
        assert len(session.look().verdicts) == len(session.look().verdicts) == 1
    assert len(scene.teller.warnings) == 1


def test_what_was_put_back_is_held_and_no_sign_of_life(scene: Scene) -> None:
    """Its owner did not come back: we wrote that file."""
    lock = scene.put_lock()
    with scene.open() as session:
        carry_out(session, prepare(session, Wish()), Attendant())
        record = find_removed(session.journal.records(), lock)
        put_back(record, scene.share, "/memory", session.journal, Attendant().shield)
        assert scene.locks == {lock}
        survey = session.look()
        assert survey.held == {lock}
    assert scene.teller.returns == []


def test_an_old_lock_of_the_same_owner_that_is_copied_here_is_no_sign_of_life(scene: Scene) -> None:
    """It came after the removal by the server's clock, and was written before that by its owner's."""
    scene.put_lock()
    with scene.open() as session:
        carry_out(session, prepare(session, Wish()), Attendant())
        older = scene.put_lock(3 * HOUR)
        scene.share.files[f"locks/{older}"].created = scene.share.clock + 60 * 10**9
        session.look()
        assert scene.teller.returns == []
        renewed = scene.put_lock(HOUR)
        scene.share.files[f"locks/{renewed}"].created = scene.share.clock + 60 * 10**9
        session.look()
    assert [one.verdict.file.id for one in scene.teller.returns] == [renewed], "an owner an hour behind"


def test_a_journal_that_cannot_be_written_keeps_back_neither_a_return_nor_a_hold(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, lock = scene.put_lock(pid=1), scene.put_lock(pid=2)
    with scene.open() as session:
        carry_out(session, prepare(session, Wish()), Attendant())
        record = find_removed(session.journal.records(), held)
        put_back(record, scene.share, "/memory", session.journal, Attendant().shield)
        renewed = scene.put_lock(0, pid=2)

    def full(*_: object) -> None:
        raise JournalError("cannot write: no space left on device")

    monkeypatch.setattr(Journal, "note_returned", full)
    with scene.open() as session:
        for _ in range(2):
            assert session.look().held == {held}
    assert [one.verdict.file.id for one in scene.teller.returns] == [renewed]
    assert scene.teller.warnings == ["cannot write: no space left on device"]
    assert lock not in scene.locks


def test_the_key_file_is_kept_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bytes] = []
    monkeypatch.setattr(KeyCache, "keep", lambda _, data: kept.append(data))
    with scene.open() as session:
        for _ in range(3):
            session.look()
    assert len(kept) == 1
