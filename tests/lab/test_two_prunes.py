"""Several `prune --yes` at the same time: each lock is removed and told by exactly one of them, and none fails."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from lockctl.removal.run import BATCH
from tests.cli.make import quicken
from tests.cli.run import finish, history, lockctl, start
from tests.cli.seeing import seen_for
from tests.conftest import NewRepository
from tests.lab.proxy import Proxy
from tests.lab.seal import Owner, aged_lock

LOCKS = BATCH + 6
"""More than one batch."""
DELAY = 0.01
"""Seconds that make each run long enough for all of them to be at it together."""


@pytest.mark.parametrize("runs", [2, 4])
@pytest.mark.parametrize("folders", ["one state folder", "a state folder each"])
def test_each_lock_is_told_once(new_repository: NewRepository, tmp_path: Path, runs: int, folders: str) -> None:
    repository = new_repository()
    quicken(repository)
    made = {aged_lock(repository, 7200 + number, Owner(f"web{number}")) for number in range(LOCKS)}
    states = [tmp_path / ("state" if folders == "one state folder" else f"state-{run}") for run in range(runs)]
    for state in set(states):
        seen_for(repository, state=state)
    with Proxy(repository.samba.port, delay=DELAY) as proxy:
        slowed = repository.through(proxy.port)
        processes = [start(slowed, "prune", "--yes", "--json", state_dir=state) for state in states]
        ended = [finish(process) for process in processes]
    for done in ended:
        assert done.status == 0, done.text
    told = [json.loads(done.stdout) for done in ended]
    removed = Counter(lock["id"] for one in told for lock in one["removed"])
    assert set(removed) == made
    assert set(removed.values()) == {1}
    assert [one["failed"] for one in told] == [[]] * runs
    assert repository.lock_ids() == []
    outcomes = [
        (entry["id"], entry["outcome"]) for state in sorted(set(states)) for entry in history(repository, state)
    ]
    assert Counter(lock_id for lock_id, outcome in outcomes if outcome == "removed") == removed
    assert {outcome for _, outcome in outcomes} <= {"removed", "gone", "kept"}
    again = lockctl(repository, "prune", "--yes", "--quiet", state_dir=states[0])
    assert (again.status, again.text) == (0, "")
