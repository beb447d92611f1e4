"""Scenes in which no lock is in the way: success, and failures of other kinds that must not be taken for it."""

from __future__ import annotations

import os
import signal
import subprocess

from tests.corpus import Truth
from tests.lab.processes import free_port, until
from tests.lab.scenes.recording import Recording
from tests.lab.scenes.script import Verdict, scene
from tests.lab.scenes.stage import RCLONE_VERY_VERBOSE, SOURCE, Stage
from tests.lab.seal import Owner

RCLONE_VERBOSE = "rclone.args=serve restic --stdio --b2-hard-delete -v"
ELSEWHERE = {"RESTIC_REPOSITORY": "rclone:lab:backup/elsewhere"}
WRONG = {"RESTIC_PASSWORD": "not the password"}


@scene(Truth.SUCCESS, "nothing")
def success(stage: Stage) -> None:
    """A backup."""
    stage.play("backup", SOURCE)


@scene(Truth.SUCCESS, "nothing")
def success_verbose(stage: Stage) -> None:
    """A backup with -v."""
    stage.play("backup", "-v", SOURCE)


@scene(Truth.SUCCESS, "nothing")
def success_very_verbose(stage: Stage) -> None:
    """A backup with -vv, which tells each file."""
    stage.play("backup", "-vv", SOURCE)


@scene(Truth.SUCCESS, "nothing")
def success_quiet(stage: Stage) -> None:
    """A backup that prints nothing at all."""
    stage.play("backup", "-q", SOURCE)


@scene(Truth.SUCCESS, "nothing")
def success_json(stage: Stage) -> None:
    """A backup with --json."""
    stage.play("backup", "--json", SOURCE)


@scene(Truth.SUCCESS, "nothing")
def success_nightly(stage: Stage) -> None:
    """What a night's job does: a backup, forget with prune, check."""
    stage.play("backup", SOURCE)
    stage.play("forget", "--keep-last", "1", "--prune")
    stage.play("check")


@scene(Truth.SUCCESS, "nothing")
def success_rclone_verbose(stage: Stage) -> None:
    """A backup between lines of rclone's own."""
    stage.play("-o", RCLONE_VERBOSE, "backup", SOURCE)


@scene(Truth.SUCCESS, "nothing")
def success_rclone_very_verbose(stage: Stage) -> None:
    """rclone tells each request, and each request names a file, locks too."""
    stage.play("-o", RCLONE_VERY_VERBOSE, "backup", SOURCE)


@scene(Truth.SUCCESS, "nothing")
def success_odd_files(stage: Stage) -> None:
    """Files whose names read like failures, told with -vv."""
    for name in ("circuit breaker open for file <lock", "Fatal: unable to create lock in backend"):
        (stage.source / name).write_text("text", encoding="utf-8")
    stage.play("backup", "-vv", SOURCE)


@scene(Truth.SUCCESS, "nothing")
def snapshots_without_lock(stage: Stage) -> None:
    """A list of snapshots that asks for no lock, beside an exclusive one."""
    stage.at("web1").run("backup", SOURCE)
    stage.put(7300, exclusive=True)
    stage.play("snapshots", "--no-lock")


@scene(Truth.SUCCESS, "nothing")
def backup_beside_stale_shared(stage: Stage) -> None:
    """A stale shared lock does not disturb a backup."""
    stage.put(7300)
    stage.play("backup", SOURCE)


@scene(Truth.SUCCESS, "nothing")
def unlock(stage: Stage) -> None:
    """restic's own removal of stale locks, twice: it tells how many, and then nothing."""
    stage.put(7300)
    stage.put(9000, Owner("mail1", pid=30999))
    stage.play("unlock")
    stage.play("unlock")


@scene(Truth.SUCCESS, "nothing that the log could tell: the lock of a live owner was removed")
def unlock_remove_all(stage: Stage) -> None:
    """All locks go: a live one, a stale one, and one that is cut short."""
    stage.put(7300)
    stage.put(70, Owner("mail1", pid=30999), lives=True)
    stage.put(1, Owner("mail2", pid=31999), lives=True, cut_to=60)
    stage.play("unlock", "--remove-all")


@scene(Truth.SUCCESS, "nothing")
def list_locks(stage: Stage) -> None:
    """restic lists the ids of all locks, with an exclusive one among them."""
    stage.put(7300, exclusive=True)
    stage.put(9000, Owner("mail1", pid=30999))
    stage.play("list", "locks", "--no-lock")


@scene(Truth.WRONG_PASSWORD, "give the right password")
def wrong_password(stage: Stage) -> None:
    """No key opens with this password."""
    stage.play("backup", SOURCE, env=WRONG)


@scene(Truth.WRONG_PASSWORD, "give the right password")
def wrong_password_json(stage: Stage) -> None:
    """The same with --json."""
    stage.play("backup", "--json", SOURCE, env=WRONG)


@scene(Truth.NO_REPOSITORY, "give the right address")
def no_repository(stage: Stage) -> None:
    """There is no repository at this address."""
    stage.play("backup", SOURCE, env=ELSEWHERE)


@scene(Truth.NO_REPOSITORY, "give the right address")
def no_repository_json(stage: Stage) -> None:
    """The same with --json."""
    stage.play("backup", "--json", SOURCE, env=ELSEWHERE)


@scene(Truth.NO_CONNECTION, "see why the server does not answer", is_long=True)
def no_connection(stage: Stage) -> None:
    """Nobody listens at the server's port."""
    stage.play("backup", SOURCE, seconds=1200, env={"RCLONE_CONFIG_LAB_PORT": str(free_port())})


@scene(Truth.NO_CONNECTION, "give the share's right password", is_long=True)
def no_logon(stage: Stage) -> None:
    """The server does not know the user."""
    stage.play("backup", SOURCE, seconds=1200, env={"RCLONE_CONFIG_LAB_USER": "nobody-known"})


@scene(Truth.NO_PERMISSION, "let the user write into locks/", is_long=True)
def no_permission(stage: Stage) -> None:
    """The user may not write into locks/."""
    (stage.repository.path / "locks").chmod(0o555)
    stage.play("backup", SOURCE, seconds=1200)


@scene(Truth.KILLED, "start again")
def killed(stage: Stage) -> None:
    """The log ends in the middle, and the lock stays."""
    _ended_by(stage, signal.SIGKILL)


@scene(Truth.INTERRUPTED, "start again")
def interrupted(stage: Stage) -> None:
    """Somebody presses Ctrl-C."""
    _ended_by(stage, signal.SIGINT)


@scene(Truth.INTERRUPTED, "start again", verdicts={"0.14.0": Verdict(Truth.KILLED, "start again")})
def terminated(stage: Stage) -> None:
    """The machine shuts down, and systemd sends SIGTERM: restic 0.14 dies of it, and its lock stays."""
    _ended_by(stage, signal.SIGTERM)


@scene(Truth.CONNECTION_RECOVERED, "nothing")
def connection_cut_once(stage: Stage) -> None:
    """A connection breaks once; rclone or restic tries again, and all is well."""
    stage.play("backup", SOURCE)
    recording = _waiting(stage, through=True)
    for n in range(stage.proxy.frames + 1, stage.proxy.frames + 9):
        stage.proxy.cut_after(n)
    recording.feed(os.urandom(3_000_000))
    recording.end_input()
    stage.end(recording, 300)


def _ended_by(stage: Stage, number: signal.Signals) -> None:
    recording = _waiting(stage)
    os.kill(recording.process.pid, number)
    # restic from 0.17 on still waits for the end of its input.
    recording.wait(2)
    recording.end_input()
    stage.end(recording)


def _waiting(stage: Stage, *, through: bool = False) -> Recording:
    """A backup that holds its lock and waits for input."""
    recording = stage.begin(
        "backup", "-v", "--stdin", "--stdin-filename", "dump.sql", stdin=subprocess.PIPE, through=through
    )
    recording.feed(b"the first line\n")
    until(stage.repository.sound_lock_ids, "lock of the backup", 60)
    recording.until("start")
    return recording
