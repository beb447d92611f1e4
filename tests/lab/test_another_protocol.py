"""Locks that come onto the server's disk by another protocol than SMB, of clients an hour behind.

rclone's local backend sets their last write, and Samba makes their creation up from it, although this share keeps
creation times of its own: by every clock of others they are an hour old when they were just made.
"""

from __future__ import annotations

import pytest

from tests.lab.loop import LOCKS, MINUTES, LoopOfPrunes


@pytest.mark.collected_last
def test_an_unattended_loop_of_ten_minutes_removes_none(loop_of_prunes: LoopOfPrunes) -> None:
    """It runs beside all other tests from their beginning on. Every five minutes the owners renew."""
    done = loop_of_prunes.wait()
    assert done.error is None
    assert set(done.states) == {"stale"}, "by the clocks of others they would go"
    assert len(done.states) == LOCKS
    assert done.removed == set()
    assert done.waiting == LOCKS, "each was told to wait for our own sight"
    assert done.renewals == MINUTES // 5 - 1
    assert done.runs >= MINUTES, "at least one each minute, on the slowest machine"
    assert done.standing == done.newest
