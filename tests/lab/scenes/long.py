"""Scenes that take minutes, since restic renews a lock each five minutes and tries again for fifteen."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.corpus import Truth
from tests.lab.processes import until
from tests.lab.scenes.recording import Recording
from tests.lab.scenes.script import BREAKER, scene
from tests.lab.scenes.stage import HERE, SOURCE, Stage

LONGEST_SECONDS = 40 * 60.0
"""restic tries to renew a lock for 15 minutes, twice, before it sees that its lock is too old."""
LATELY_SECONDS = 6 * 60.0
FEED_SECONDS = 2.0
DUMP = ("backup", "--stdin", "--stdin-filename", "dump.sql")
MEGABYTE = 1_000_000
FIND_REMOVER = "see that the snapshot was saved; find who uses unlock --remove-all"


@contextmanager
def slow_backup(stage: Stage, *options: str, through: bool = False) -> Iterator[Recording]:
    """A recorded backup that gets a line now and then, and holds its lock."""
    recording = stage.begin(*DUMP, *options, stdin=subprocess.PIPE, through=through)
    recording.feed(b"the first line\n")
    until(recording.has_read_all, "backup that reads its input", 60)
    ended = threading.Event()
    feeder = threading.Thread(target=_feed, args=(recording, ended), daemon=True)
    feeder.start()
    try:
        yield recording
    finally:
        ended.set()
        feeder.join()


def _feed(recording: Recording, ended: threading.Event) -> None:
    while not ended.wait(FEED_SECONDS):
        try:
            recording.feed(b"another line\n")
        except (OSError, ValueError):  # the process has ended, or its input has
            return


def _silence(stage: Stage) -> None:
    """From the next frame on the server is not heard any more."""
    for n in range(stage.proxy.frames + 1, stage.proxy.frames + 50):
        stage.proxy.silence_after(n)


def _pause(recording: Recording, seconds: float) -> None:
    """Let time pass while restic runs."""
    recording.wait(seconds)


@scene(Truth.RENEWAL_FAILED, "start again when the share can be written", is_long=True)
def renewal_refused(stage: Stage) -> None:
    """Nobody may write into locks/ any more."""
    with slow_backup(stage) as backup:
        (stage.repository.path / "locks").chmod(0o555)
        stage.end(backup, LONGEST_SECONDS)


@scene(Truth.RENEWAL_FAILED, "start again when the share answers", is_long=True)
def renewal_silent(stage: Stage) -> None:
    """The server answers no more, and no connection is closed."""
    with slow_backup(stage, through=True) as backup:
        _silence(stage)
        stage.end(backup, LONGEST_SECONDS)


@scene(Truth.CONNECTION_LOST, "start again when the server answers", is_long=True)
def silent_at_lock(stage: Stage) -> None:
    """The same as soon as restic has written its lock, which stays there."""
    recording = stage.begin(*DUMP, stdin=subprocess.PIPE, through=True)
    recording.feed(b"the first line\n")
    until(stage.repository.sound_lock_ids, "lock of the backup", 60)
    _silence(stage)
    stage.end(recording, LONGEST_SECONDS)


@scene(Truth.RENEWAL_LATE, "nothing", is_long=True)
def renewal_late(stage: Stage) -> None:
    """locks/ cannot be written when the lock is due, and can be two minutes later."""
    locks = stage.repository.path / "locks"
    with slow_backup(stage) as backup:
        _pause(backup, 240)
        locks.chmod(0o555)
        _pause(backup, 180)
        locks.chmod(0o755)
        _pause(backup, 240)
    backup.end_input()
    stage.end(backup, LONGEST_SECONDS)


@scene(Truth.LOCK_REMOVED, FIND_REMOVER, is_long=True)
def lock_removed(stage: Stage) -> None:
    """Another host removes all locks; this backup goes on past its next renewal, and ends."""
    with slow_backup(stage) as backup:
        stage.at("db1").run("unlock", "--remove-all")
        _pause(backup, 330)
    backup.end_input()
    stage.end(backup, LONGEST_SECONDS - 330)


@scene(Truth.LOCK_REMOVED, "start again", versions=BREAKER, is_long=True)
def lock_removed_asleep(stage: Stage) -> None:
    """The machine sleeps for longer than a lock lives, and another host removes the lock meanwhile."""
    with slow_backup(stage) as backup:
        os.kill(backup.process.pid, signal.SIGSTOP)
        _pause(backup, 60)
        stage.at("db1").run("unlock", "--remove-all")
        _pause(backup, 22.5 * 60)
        os.kill(backup.process.pid, signal.SIGCONT)
        stage.end(backup, 150)


@scene(Truth.SHARE_FULL, "make room on the share", is_long=True, size="4m")
def share_full_at_lock(stage: Stage) -> None:
    """There is no room even for a lock."""
    _fill_up(stage)
    stage.play("backup", "/srv", seconds=LONGEST_SECONDS)


@scene(Truth.SHARE_FULL, "make room on the share", is_long=True, size="6m")
def share_full_at_data(stage: Stage) -> None:
    """There is room for the lock, and for little more."""
    (stage.source / "large.bin").write_bytes(os.urandom(8 * MEGABYTE))
    stage.play("backup", "--pack-size", "4", "/srv", seconds=LONGEST_SECONDS)


@scene(Truth.CONNECTION_LOST, "start again when the server is back", is_long=True)
def connection_lost(stage: Stage) -> None:
    """The server goes while the backup has data to write."""
    _lose_connection(stage, LONGEST_SECONDS)


@scene(Truth.CONNECTION_LOST, "start again when the server is back", is_long=True)
def connection_lost_lately(stage: Stage) -> None:
    """The same log as it is some minutes later, while restic still tries again."""
    _lose_connection(stage, LATELY_SECONDS)


def _lose_connection(stage: Stage, seconds: float) -> None:
    with slow_backup(stage, "--pack-size", "4", through=True) as backup:
        stage.proxy.__exit__()
        # Beside the wait: restic takes no more input than it gets rid of.
        data = threading.Thread(target=_feed_all, args=(backup,), daemon=True)
        data.start()
        stage.end(backup, seconds)
        data.join()


def _feed_all(recording: Recording) -> None:
    with contextlib.suppress(BrokenPipeError):
        recording.feed(os.urandom(6 * MEGABYTE))
        recording.end_input()


@scene(Truth.CONNECTION_LOST, "start again when the server is back", is_long=True)
def connection_lost_at_lock(stage: Stage) -> None:
    """The server goes as soon as restic has written its lock, which stays there."""
    other = stage.put(70, lives=True)
    recording = stage.begin("backup", SOURCE, through=True)
    until(lambda: stage.repository.sound_lock_ids() - {other}, "lock of the backup", 60)
    stage.proxy.__exit__()
    stage.end(recording, LONGEST_SECONDS)


@scene(Truth.LOCK_UNREADABLE, "let the user read the lock", is_long=True)
def lock_unreadable(stage: Stage) -> None:
    """The user may not read another host's lock: rclone says that it does not exist. A new start cures nothing."""
    name = stage.put(70, lives=True)
    (stage.repository.path / "locks" / name).chmod(0)
    stage.play("backup", SOURCE, seconds=LONGEST_SECONDS)


@scene(Truth.DATA_MISSING, "check the repository", is_long=True)
def data_missing(stage: Stage) -> None:
    """A pack has gone: retries and failures that have nothing to do with locks."""
    stage.at(HERE).run("backup", SOURCE)
    for path in (stage.repository.path / "data").rglob("*"):
        if path.is_file():
            path.unlink()
    stage.play("dump", "latest", "/srv/accounts.db", seconds=LONGEST_SECONDS)


def _fill_up(stage: Stage) -> None:
    share = stage.repository.samba.share_path()
    for size in (65536, 4096, 1):
        with (share / f"filler-{size}").open("wb", buffering=0) as filler:
            try:
                while filler.write(b"\0" * size):
                    pass
            except OSError:
                continue
