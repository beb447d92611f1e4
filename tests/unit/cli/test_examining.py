"""What `doctor` asks for beside its looks: what is not permitted is not known, and no warning is lost."""

from __future__ import annotations

import pytest

from lockctl.cli.examining import Listener, examine
from lockctl.diagnosis.share.observed import Observed
from lockctl.errors import ConnectionLost, LockctlError, PermissionRefused
from tests.unit.session import Scene, scene

__all__ = ["scene"]


def examined(scene: Scene) -> Observed:
    listener = Listener(quiet=True)
    with scene.open() as session:
        session.teller = listener
        return examine(session, listener)


@pytest.mark.parametrize("may", [True, False])
def test_whether_it_may_delete(scene: Scene, may: bool) -> None:
    scene.share.kept = set() if may else {"locks"}
    assert examined(scene).may_delete is may


@pytest.mark.parametrize("error", [PermissionRefused("locks: not permitted"), ConnectionLost("gone")], ids=repr)
def test_what_cannot_be_asked_is_not_known(scene: Scene, error: LockctlError) -> None:
    """And what was seen is told all the same."""
    scene.put_lock(10)
    with scene.open() as session:
        session.look()
        calls = scene.share.calls.count("list_directory")
    scene.share.fail("list_directory", error, spared=calls)
    seen = examined(scene)
    assert seen.may_delete is None
    assert len(seen.last.verdicts) == 1


def test_a_look_that_fails_is_an_error(scene: Scene) -> None:
    scene.share.fail("list_directory", ConnectionLost("gone"))
    with pytest.raises(ConnectionLost):
        examined(scene)


def test_it_looks_once_where_all_is_whole(scene: Scene) -> None:
    scene.put_lock(10)
    seen = examined(scene)
    assert (len(seen.looks), seen.protection, seen.tells_changes) == (1, None, None)


def test_the_journal_is_told_of_and_not_warned_of(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.folder.mkdir(mode=0o700)
    (scene.folder / "journal.jsonl").write_text("{\n", encoding="utf-8")
    assert len(examined(scene).journal.damaged) == 1
    (scene.folder / "journal.jsonl").chmod(0o666)
    assert "can be written by others" in examined(scene).journal.error
    assert capsys.readouterr().err == ""


def test_other_warnings_are_not_lost(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    listener = Listener()
    listener.warn("something else")
    with scene.open() as session:
        session.teller = listener
        examine(session, listener)
    assert capsys.readouterr().err == "lockctl: warning: something else\n"
