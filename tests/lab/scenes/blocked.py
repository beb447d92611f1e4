"""Scenes in which a sound lock of somebody else blocks restic."""

from __future__ import annotations

import time
from dataclasses import replace

from tests.corpus import Truth
from tests.lab.scenes.script import BREAKER, scene
from tests.lab.scenes.stage import HERE, RCLONE_VERY_VERBOSE, SOURCE, Stage
from tests.lab.seal import Owner

STALE_SECONDS = 7300
FRESH_SECONDS = 70
HOUR = 3600
AGAIN = "prune the stale lock and start again"
WAIT = "wait for its owner and start again"
GOES_AFTER_SECONDS = 12
FORGED = "unable to create lock in backend: circuit breaker open for file <lock/0000000000>"


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def stale_exclusive(stage: Stage) -> None:
    """A backup meets an exclusive lock whose owner is long gone."""
    stage.put(STALE_SECONDS, exclusive=True)
    stage.play("backup", SOURCE)


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def stale_exclusive_json(stage: Stage) -> None:
    """The same with --json."""
    stage.put(STALE_SECONDS, exclusive=True)
    stage.play("backup", "--json", SOURCE)


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def stale_shared_before_prune(stage: Stage) -> None:
    """prune meets a shared lock whose owner is long gone."""
    stage.put(STALE_SECONDS)
    stage.play("prune")


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def stale_shared_before_check(stage: Stage) -> None:
    """The same for check."""
    stage.put(STALE_SECONDS)
    stage.play("check")


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def stale_shared_before_forget_json(stage: Stage) -> None:
    """The same for forget with prune, with --json."""
    stage.play("backup", "-q", SOURCE)
    stage.put(STALE_SECONDS)
    stage.play("forget", "--json", "--keep-last", "1", "--prune")


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def killed_before_prune(stage: Stage) -> None:
    """The owner of the lock was killed a moment ago: it is young, and nobody renews it."""
    with stage.other_backup():
        pass
    stage.play("prune")


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def several_stale(stage: Stage) -> None:
    """Three hosts left a lock each: restic names the first that it reads."""
    for number in range(3):
        stage.put(STALE_SECONDS + number * HOUR, Owner(f"mail{number}", pid=1200 + number))
    stage.play("prune")


@scene(Truth.LOCKED_BY_LIVE, WAIT)
def live_before_prune(stage: Stage) -> None:
    """prune meets a backup that runs."""
    with stage.other_backup():
        stage.play("prune")


@scene(Truth.LOCKED_BY_LIVE, WAIT)
def live_before_check_json(stage: Stage) -> None:
    """check meets a backup that runs, with --json."""
    with stage.other_backup():
        stage.play("check", "--json")


@scene(Truth.LOCKED_BY_LIVE, WAIT)
def live_exclusive(stage: Stage) -> None:
    """A backup meets another host's prune."""
    stage.put(FRESH_SECONDS, exclusive=True, lives=True)
    stage.play("backup", "-v", SOURCE)


@scene(Truth.LOCKED_BY_LIVE, WAIT)
def live_rclone_very_verbose(stage: Stage) -> None:
    """The same between lines of rclone's own."""
    stage.put(FRESH_SECONDS, exclusive=True, lives=True)
    stage.play("-o", RCLONE_VERY_VERBOSE, "backup", SOURCE)


@scene(Truth.LOCKED_BY_LIVE, WAIT)
def two_hosts_of_one_name(stage: Stage) -> None:
    """Another machine has this one's name, and no process of that number runs here."""
    stage.put(FRESH_SECONDS, Owner(HERE, pid=4_000_000), exclusive=True, lives=True)
    stage.play("backup", SOURCE)


@scene(Truth.SUCCESS, "nothing that the log could tell: the lock of a live owner was removed")
def unlock_of_one_name(stage: Stage) -> None:
    """unlock takes the lock of a live owner for its own machine's."""
    stage.put(FRESH_SECONDS, Owner(HERE, pid=4_000_000), lives=True)
    stage.play("unlock")


@scene(Truth.LOCKED_BY_LIVE, WAIT)
def hostile_owner(stage: Stage) -> None:
    """The host's name holds an escape sequence and a line that reads like another failure."""
    stage.put(FRESH_SECONDS, Owner(f"\x1b[31mdb1\n{FORGED}", pid=30412), exclusive=True, lives=True)
    stage.play("backup", SOURCE)


@scene(Truth.LOCKED_BY_LIVE, WAIT)
def hostile_owner_json(stage: Stage) -> None:
    """The same with --json."""
    stage.put(FRESH_SECONDS, Owner(f"\x1b[31mdb1\n{FORGED}", pid=30412), exclusive=True, lives=True)
    stage.play("backup", "--json", SOURCE)


@scene(Truth.LOCKED_BY_LIVE, "set the owner's clock right; wait for its end")
def clock_ahead(stage: Stage) -> None:
    """The owner's clock is an hour ahead, and it lives."""
    stage.put(FRESH_SECONDS, claims=FRESH_SECONDS - HOUR, exclusive=True, lives=True)
    stage.play("backup", SOURCE)


@scene(Truth.LOCKED_BY_LIVE, "set the owner's clock right; wait for its end")
def clock_behind(stage: Stage) -> None:
    """The owner's clock is an hour behind, and it lives: by the log alone its lock is stale."""
    stage.put(FRESH_SECONDS, claims=FRESH_SECONDS + HOUR, exclusive=True, lives=True)
    stage.play("backup", SOURCE)


@scene(Truth.RETRY_FAILED, WAIT, versions=BREAKER)
def retry_failed(stage: Stage) -> None:
    """--retry-lock waits, and not for long enough."""
    with stage.other_backup():
        stage.play("prune", "--retry-lock", "20s")


@scene(Truth.RETRY_FAILED, WAIT, versions=BREAKER)
def retry_failed_json(stage: Stage) -> None:
    """The same with --json."""
    stage.put(FRESH_SECONDS, exclusive=True, lives=True)
    stage.play("backup", "--json", "--retry-lock", "8s", SOURCE)


@scene(Truth.RETRY_FAILED, AGAIN, versions=BREAKER)
def retry_failed_stale(stage: Stage) -> None:
    """--retry-lock waits for a lock that nobody will ever remove."""
    stage.put(STALE_SECONDS, exclusive=True)
    stage.play("backup", "--retry-lock", "12s", SOURCE)


@scene(Truth.RETRY_SUCCEEDED, "nothing", versions=BREAKER)
def retry_succeeded(stage: Stage) -> None:
    """--retry-lock waits, and the other one ends."""
    with stage.other_backup() as other:
        recording = stage.begin("prune", "--retry-lock", "5m")
        recording.until("already locked")
        time.sleep(GOES_AFTER_SECONDS)
        other.finish()
        stage.end(recording)


@scene(Truth.SUCCESS, "nothing", versions=BREAKER)
def retry_succeeded_json(stage: Stage) -> None:
    """The same with --json: restic does not tell that it waited."""
    name = stage.put(FRESH_SECONDS, exclusive=True, lives=True)
    recording = stage.begin("backup", "--json", "--retry-lock", "5m", SOURCE)
    time.sleep(GOES_AFTER_SECONDS)
    (stage.repository.path / "locks" / name).unlink()
    stage.end(recording)


@scene(Truth.LOCKED_BY_LIVE, "nothing any more")
def blocked_then_well(stage: Stage) -> None:
    """Two nights in one file: the first backup was locked out, the second was not."""
    name = stage.put(FRESH_SECONDS, exclusive=True, lives=True)
    stage.play("backup", SOURCE)
    (stage.repository.path / "locks" / name).unlink()
    stage.play("backup", SOURCE)


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def well_then_blocked(stage: Stage) -> None:
    """Two nights in one file: the first backup was well, the second was locked out."""
    stage.play("backup", SOURCE)
    stage.put(STALE_SECONDS, exclusive=True)
    stage.play("backup", SOURCE)


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def stale_of_windows(stage: Stage) -> None:
    """The owner was a Windows machine and a user of a domain."""
    stage.put(STALE_SECONDS, Owner("PC-07", "CORP\\backup", 5120), exclusive=True)
    stage.play("backup", SOURCE)


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def stale_of_user(stage: Stage) -> None:
    """The owner was a user with a name, a uid and a gid of his own, on a host whose name is a long one."""
    stage.put(STALE_SECONDS, Owner("laptop-of-anna.office.example.org", "anna maria", 5120, 1000, 100))
    stage.play("prune")


@scene(Truth.LOCKED_BY_STALE, AGAIN)
def two_repositories(stage: Stage) -> None:
    """One file for the backups into two repositories, of which the second is locked."""
    other = {"RESTIC_REPOSITORY": "rclone:lab:backup/other"}
    replace(stage.repository, folder="other").init()
    stage.play("backup", SOURCE, env=other)
    stage.put(STALE_SECONDS, exclusive=True)
    stage.play("backup", SOURCE)


@scene(Truth.NO_PERMISSION, "let the user remove files in locks/", is_long=True)
def unlock_refused(stage: Stage) -> None:
    """unlock may not remove what it found."""
    stage.put(STALE_SECONDS)
    (stage.repository.path / "locks").chmod(0o555)
    stage.play("unlock", seconds=1200)
