"""What earlier runs saw, without waiting for them: their memory is written by lockctl's own code, in the past."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path

from lockctl.clock.boot import this_instant
from lockctl.repository.lock import LockFile, Problem
from lockctl.state.files import LOCK
from lockctl.state.machine import moment_at
from lockctl.state.sightings import Sightings
from lockctl.transport.local.directory import LocalTransport
from tests.cli.run import state_of
from tests.lab.restic import Repository

ENOUGH = 1400.0
"""Seconds after which a lock may go unattended."""
TICK = 100
"""Nanoseconds: SMB tells times no finer."""


def seen_for(
    repository: Repository,
    seconds: float = ENOUGH,
    *,
    whatever_its_times: bool = False,
    address: str = "",
    state: Path | None = None,
) -> None:
    """Let a run have looked so many seconds ago, which saw what stood there then by its last write, or all.

    `address` is that of the runs that follow, where it is not the repository's usual one. An older memory is lost.
    """
    then = time.time_ns() - int(seconds * 10**9)
    files = [file for file in _files(repository) if whatever_its_times or file.entry.written <= then]
    config = hashlib.sha256((repository.path / "config").read_bytes()).hexdigest()
    key = f"{config}\n{address or repository.address}"
    folder = (state or state_of(repository)) / "sightings"
    (folder / hashlib.sha256(key.encode()).hexdigest()).unlink(missing_ok=True)
    now = moment_at(this_instant(), time.time_ns())
    # On a machine that was started a minute ago that is before its start, and a negative moment is as good as any.
    passed = {name: getattr(now, name) - seconds for name in ("awake", "boot", "wall", "server")}
    Sightings(folder).note(key, files, replace(now, **passed))
    long_kept(folder.parent, seconds)


def long_kept(state: Path, seconds: float = 0.0) -> None:
    """Let this state folder have been there for an hour, and for so many seconds more: then nothing is said of it."""
    folder, made = state / "sightings", time.time() - 3600 - seconds
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / LOCK).touch(mode=0o600)
    os.utime(folder / LOCK, (made, made))


def _files(repository: Repository) -> list[LockFile]:
    """All that stands there, as SMB shows it."""
    files = []
    for entry in LocalTransport(str(repository.path)).list_directory("locks").entries:
        path = repository.path / "locks" / entry.name
        data = path.read_bytes() if path.is_file() else b""
        sound = hashlib.sha256(data).hexdigest() == entry.name
        shown = replace(entry, written=entry.written // TICK * TICK)
        files.append(LockFile(shown, data, Problem.SEALED if sound else Problem.INCOMPLETE))
    return files
