"""A real backup that renews its lock while lockctl lists and prunes beside it: none of its locks is touched."""

from __future__ import annotations

import pytest

from tests.cli.run import history
from tests.lab.beside import LongRuns
from tests.lab.processes import until

pytestmark = pytest.mark.collected_last


def test_a_backup_that_renews_its_lock_is_left_alone(long_runs: LongRuns) -> None:
    """It runs beside all other tests from their beginning on."""
    done = long_runs.live_backup.done()
    assert done.outcome is not None
    assert done.outcome.returncode == 0, done.outcome.stderr
    assert done.first in done.own
    assert len(done.own) >= 2, "a renewal was seen"
    assert done.at_risk.count(False) < len(done.own), "at most a prune for each renewal met only a new lock"
    repository = done.repository
    until(lambda: repository.lock_ids() == [], "end of the last lock", seconds=5)
    assert repository.run("check").returncode == 0


def test_what_was_old_and_of_others_went_and_nothing_else(long_runs: LongRuns) -> None:
    """The same backup."""
    done = long_runs.live_backup.done()
    assert done.aged
    assert done.removed == done.aged
    entries = history(done.repository)
    assert {(entry["id"], entry["outcome"], entry["returned_as"]) for entry in entries} == {
        (one, "removed", None) for one in done.aged
    }
