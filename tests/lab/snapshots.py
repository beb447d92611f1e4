"""Snapshots of any time and host, sealed as restic writes them, without a backup."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.lab.restic import Repository
from tests.lab.seal import format_of, lock_bytes, master_of

NEWER = "restic 0.18.0"
"""What writes the start and the end of a backup into its summary."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup: `start` and `end` are seconds since 1970, `offset` is of the host's local time, in seconds."""

    host: str
    start: float
    end: float
    offset: int = 0
    version: str = NEWER
    paths: tuple[str, ...] = ("/home",)

    def fields(self) -> dict[str, Any]:
        """The JSON of its snapshot. restic before 0.17 writes no summary, and before 0.16 no version."""
        fields: dict[str, Any] = {
            "time": moment(self.start, self.offset),
            "parent": "1" * 64,
            "tree": "2" * 64,
            "paths": list(self.paths),
            "hostname": self.host,
            "username": "root",
        }
        if self.version:
            fields["program_version"] = self.version
        if self.version == NEWER:
            ends = moment(self.end, self.offset)
            fields["summary"] = {"backup_start": fields["time"], "backup_end": ends, "files_new": 1}
        return fields


def moment(seconds: float, offset: int = 0) -> str:
    """RFC 3339 with nine fractional digits in a host's local time, as restic writes it."""
    there = datetime.fromtimestamp(seconds, UTC).astimezone(timezone(timedelta(seconds=offset)))
    digits = round(seconds % 1 * 10**9)
    zone = there.strftime("%z")
    return f"{there:%Y-%m-%dT%H:%M:%S}.{digits:09d}{'Z' if not offset else f'{zone[:3]}:{zone[3:]}'}"


def put_snapshots(repository: Repository, backups: Iterable[Backup]) -> list[str]:
    """Put their snapshots on the server's disk, each written when its backup ended; return the ids."""
    master = master_of(repository.path, repository.password)
    version = format_of(repository.path, master)
    names = [_write(repository, lock_bytes(master, one.fields(), version), one.end) for one in backups]
    repository.samba.give(repository.path / "snapshots")
    return names


def put_snapshot(repository: Repository, fields: Mapping[str, Any], written: float) -> str:
    """Put a snapshot with this JSON on the server's disk; its file looks written then."""
    master = master_of(repository.path, repository.password)
    name = _write(repository, lock_bytes(master, fields, format_of(repository.path, master)), written)
    repository.samba.give(repository.path / "snapshots" / name)
    return name


def _write(repository: Repository, sealed: bytes, written: float) -> str:
    path = repository.path / "snapshots" / hashlib.sha256(sealed).hexdigest()
    path.write_bytes(sealed)
    os.utime(path, (written, written))
    return path.name
