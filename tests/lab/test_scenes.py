"""The scenes of the corpus can still be played, and their play is kept whole."""

from __future__ import annotations

from tests.lab.restic import is_sound
from tests.lab.scenes.blocked import stale_exclusive
from tests.lab.scenes.broken import lock_empty
from tests.lab.scenes.stage import THERE, stage


def test_what_blocks_is_kept() -> None:
    """Of a lock in the way: what restic said of it, when, and that lock as it stands on the share."""
    with stage() as here:
        stale_exclusive(here)
        (lock,) = here.locks
        told = b"".join(here.lines).decode()
        assert f"already locked exclusively by PID {THERE.pid} on {THERE.hostname} by root" in told
        assert is_sound(here.repository.path / "locks" / lock["id"])
    assert lock["id"][:8] in told
    assert (lock["host"], lock["pid"], lock["exclusive"]) == (THERE.hostname, THERE.pid, True)
    assert (lock["own"], lock["named"], lock["at_end"], lock["owner_lives"]) == (False, True, "sound", False)
    assert len(here.arrived) == len(here.lines)
    assert here.arrived == sorted(here.arrived)
    assert here.runs == [{"command": "restic backup /srv", "exit": here.runs[0]["exit"]}]
    assert here.runs[0]["exit"] != 0


def test_the_own_lock_is_seen() -> None:
    """restic's own lock, which came and went, and an empty one beside it."""
    with stage() as here:
        lock_empty(here)
    (own,) = [lock for lock in here.locks if lock["own"]]
    (other,) = [lock for lock in here.locks if not lock["own"]]
    assert (own["host"], own["exclusive"], own["at_end"], own["owner_lives"]) == ("web1", False, "gone", False)
    assert (other["host"], other["at_end"]) == (THERE.hostname, "empty")
    assert here.runs[0]["exit"] == 0
