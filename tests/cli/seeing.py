"""What earlier runs saw, without waiting for them: their memory is written by lockctl's own code, in the past."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lockctl.deadline import boottime
from lockctl.lock import LockFile, Problem
from lockctl.sightings import Sightings, moment_at
from lockctl.transport.local import LocalTransport
from tests.cli.run import state_of
from tests.lab.restic import Repository

ENOUGH = 1400.0
"""Seconds after which a lock may go unattended."""
TICK = 100
"""Nanoseconds: SMB tells times no finer."""


def seen_for(
    repository: Repository, seconds: float = ENOUGH, *, address: str = "", state: Path | None = None
) -> None:
    """Let a run have seen, so many seconds ago, all that stands there now. Other memories of this place are lost.

    `address` is that of the runs that follow, where it is not the repository's usual one.
    """
    _look(repository, _files(repository), seconds, address, state)


def seen_without(repository: Repository, seconds: float, address: str = "") -> None:
    """Let a run have seen, so many seconds ago, that nothing stood there."""
    _look(repository, (), seconds, address, None)


def _look(
    repository: Repository, files: Sequence[LockFile], seconds: float, address: str, state: Path | None
) -> None:
    config = hashlib.sha256((repository.path / "config").read_bytes()).hexdigest()
    key = f"{config}\n{address or repository.address}"
    folder = (state or state_of(repository)) / "sightings"
    (folder / hashlib.sha256(key.encode()).hexdigest()).unlink(missing_ok=True)
    now = moment_at(boottime(), time.time_ns())
    then = replace(
        now,
        awake=now.awake - seconds,
        boot=now.boot - seconds,
        wall=now.wall - seconds,
        server=now.server - seconds,
    )
    Sightings(folder).note(key, files, then)


def _files(repository: Repository) -> list[LockFile]:
    """All that stands there, as SMB shows it."""
    files = []
    for entry in LocalTransport(str(repository.path)).list_directory("locks").entries:
        path = repository.path / "locks" / entry.name
        data = path.read_bytes() if path.is_file() else b""
        sound = hashlib.sha256(data).hexdigest() == entry.name
        shown = replace(entry, written=entry.written // TICK * TICK)
        files.append(LockFile(shown, data, None, Problem.SEALED if sound else Problem.INCOMPLETE))
    return files
