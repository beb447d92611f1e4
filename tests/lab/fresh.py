"""Locks of clients whose clock is behind, brought onto the server by real rclone.

Go programs ignore libfaketime: what that clock decides, the lock's `time` and the last-write time that rclone sets
after the upload, is given to rclone as the times of the files that it copies.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from pathlib import Path

from tests.lab.processes import binary
from tests.lab.restic import Repository
from tests.lab.seal import NS, Owner, format_of, lock_bytes, lock_of, master_of


def fresh_locks(repository: Repository, folder: Path, count: int, behind: float) -> set[str]:
    """Make a folder with locks of so many clients whose clock is `behind` seconds behind; return their ids."""
    master = master_of(repository.path, repository.password)
    version = format_of(repository.path, master)
    folder.mkdir()
    names = set()
    for number in range(count):
        then = time.time_ns() - int(behind * NS)
        sealed = lock_bytes(master, lock_of(then, Owner(f"behind{number}", pid=100 + number)), version)
        path = folder / hashlib.sha256(sealed).hexdigest()
        path.write_bytes(sealed)
        os.utime(path, ns=(then, then))
        names.add(path.name)
    return names


def rclone_copy(repository: Repository, folder: Path, target: str) -> None:
    """Copy these files with real rclone to a path of this machine, or to one of the remote `lab`."""
    command = [binary("rclone", "rclone"), "copy", str(folder), target]
    subprocess.run(command, env=repository.env, check=True, capture_output=True, timeout=120)


def show_own_creation(repository: Repository) -> None:
    """Let the repository's key look as one that came over SMB: its creation cannot be made up from its other times."""
    (key,) = (repository.path / "keys").iterdir()
    second = time.time_ns() // NS * NS
    path = f"{repository.folder}/keys/{key.name}"
    repository.samba.set_times(repository.share, path, second + NS * 9 // 10, second + NS // 10)
