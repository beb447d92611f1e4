"""restic's circuit breaker opens for another client's lock that was listed half-written, and rclone's option cures it.

The runs go on beside all other tests from their beginning on; the first takes a quarter of an hour.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.run import lockctl
from tests.lab.beside import LongRuns

pytestmark = pytest.mark.collected_last

LEAST_SECONDS = 900 - 90
"""restic retries for a quarter of an hour, and does not begin a pause that would end later; the longest is 90 s
(internal/backend/retry/backend_retry.go, which counts by cenkalti/backoff)."""


def test_with_the_cure_the_same_backup_succeeds(long_runs: LongRuns) -> None:
    done = long_runs.cured.done()
    assert done.status == 0, done.text
    assert done.seconds < 60
    assert done.lines[-1].text.startswith("snapshot ")
    assert "Load(" not in done.text
    assert all(done.looks)
    assert done.is_sound
    assert done.repository.lock_ids() == [done.lock_id], "restic removed its own lock, and no other"


def test_a_lock_that_stays_cut_short_ends_the_backup_soon(long_runs: LongRuns) -> None:
    """restic lists it four times, after 0, 5, 15 and 35 s, and then advises what would harm its owner."""
    done = long_runs.cut_short.done()
    assert done.status == 1, done.text
    assert 35 < done.seconds < 90
    what, empty, advice = done.text.splitlines()
    assert what == f"Fatal: invalid lock file: LoadRaw(<lock/{done.lock_id[:10]}>): invalid data returned"
    assert empty == ""
    assert advice.startswith("the `unlock --remove-all` command can be used to remove invalid locks.")
    assert done.repository.lock_ids() == [done.lock_id]
    assert not any(done.looks)


def test_a_backup_ends_with_circuit_breaker_open(long_runs: LongRuns) -> None:
    """The lock that it is open for is sound."""
    done = long_runs.open_breaker.done()
    assert done.status == 1, done.text
    assert done.seconds > LEAST_SECONDS
    name = f"<lock/{done.lock_id[:10]}>"
    error = "net/http: server replied with more than declared Content-Length; truncated"
    told = done.text.splitlines()
    retries = [line for line in told if line.startswith(f"Load({name}, 0, 0) returned error, retrying after ")]
    assert len(retries) > 10
    assert all(line.endswith(error) for line in retries)
    assert f"Load({name}, 0, 0) failed: {error}" in told
    assert f"unable to create lock in backend: circuit breaker open for file {name}" in told[-1]
    assert len(done.looks) > LEAST_SECONDS / 2
    assert all(done.looks), "whole from the moment on that it was listed in part"
    assert done.is_sound


def test_a_second_try_succeeds(long_runs: LongRuns) -> None:
    """The lock still stands there: what restic and its rclone remember ends with them."""
    repository = long_runs.open_breaker.done().repository
    assert repository.run("backup", __file__).returncode == 0


def test_the_story_of_it_is_right(long_runs: LongRuns, breaker_log: Path) -> None:
    """By the whole log and the share after it: the right lock, owner and cause, and nothing is to be removed."""
    failed = long_runs.open_breaker.done()
    told = lockctl(failed.repository, "doctor", "--log", str(breaker_log), "--json")
    assert told.status == 2
    (finding,) = told.json["findings"]
    assert (finding["code"], finding["certainty"]) == ("circuit-breaker", "certain")
    assert failed.lock_id[:10] in finding["seen"]
    assert f"of {failed.owner.hostname} (PID {failed.owner.pid}, {failed.owner.username})" in finding["seen"]
    assert "listed that lock while its owner was still writing it" in finding["meaning"]
    assert "stands there now and is sound" in finding["meaning"]
    assert finding["todo"].startswith("Remove nothing. Start the backup again")
    assert "--cache-objects=false" in finding["todo"]
    assert failed.is_sound


def test_run_ends_with_a_snapshot(long_runs: LongRuns) -> None:
    """The whole quarter of an hour, since a script is not ended early; and then a start that succeeds."""
    done = long_runs.supervised.done()
    assert done.status == 0, done.text
    assert done.seconds > LEAST_SECONDS
    assert "circuit breaker open for file <lock/" in done.text
    assert "lockctl: that lock is sound: starting it again" in done.text
    assert "lockctl: started 2 times in " in done.text
    assert done.text.count("snapshot ") >= 1
    assert done.is_sound
    assert done.repository.lock_ids() == [done.lock_id]


def test_its_output_is_there_for_others(long_runs: LongRuns, breaker_log: Path) -> None:
    assert "circuit breaker open for file <lock/" in breaker_log.read_text(encoding="utf-8")
