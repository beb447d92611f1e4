"""Locks that come onto the server's disk by another protocol than SMB, of clients an hour behind.

rclone's local backend sets their last write, and Samba makes their creation up from it, although this share keeps
creation times of its own: by every clock of others they are an hour old when they were just made.
"""

from __future__ import annotations

import math

import pytest

from tests.lab.beside import LongRuns
from tests.lab.loop import LOCKS, MINUTES, RENEWAL_SECONDS


@pytest.mark.collected_last
def test_an_unattended_loop_removes_none(long_runs: LongRuns) -> None:
    """It runs beside all other tests from their beginning on. Every five minutes the owners renew."""
    done = long_runs.loop_of_prunes.done()
    assert set(done.states) == {"stale"}, "by the clocks of others they would go"
    assert len(done.states) == LOCKS
    assert done.removed == set()
    assert done.waiting == LOCKS, "each was told to wait for our own sight"
    assert done.renewals == math.ceil(MINUTES * 60 / RENEWAL_SECONDS) - 1
    assert done.runs >= MINUTES, "at least one each minute, on the slowest machine"
    assert done.standing == done.newest
