"""A repository with many locks on a throwaway Samba, and what smbd spends on serving it."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

import psutil

from tests.cli.make import quicken
from tests.cli.seeing import seen_for
from tests.lab.processes import until
from tests.lab.restic import Repository
from tests.lab.samba import Samba
from tests.lab.seal import Owner, aged_lock, format_of, lock_bytes, lock_of, master_of

FRESH, STALE = 0, 7200
"""Seconds since a lock was renewed: `restic unlock` removes the one kind and not the other."""
NS = 10**9
KEY = (32768, 5)
"""N and p of each repository's key (r is 8): what restic 0.14 and newer choose on a machine of today."""
_CREATION = "user.DOSATTRIB"
_HOSTS = 40


class Shared:
    """A repository of real restic's. Locks are put there as restic on the server's own disk would."""

    def __init__(self, samba: Samba, folder: str, state: Path) -> None:
        self.repository = Repository(samba, folder)
        self.repository.init()
        # restic tries how much work this machine can do at the moment: each run would be measured with another key.
        quicken(self.repository, *KEY)
        self.state = state
        self._count = 0
        self._kept = state / f"{folder}.locks"
        self._locks = self.repository.path / "locks"

    def furnish(self, count: int, age: int = FRESH) -> None:
        """As many locks as are wanted, and no others; the youngest was renewed `age` seconds ago."""
        shutil.rmtree(self._kept, ignore_errors=True)
        self._kept.mkdir(parents=True)
        master = master_of(self.repository.path, self.repository.password)
        format_ = format_of(self.repository.path, master)
        now = time.time_ns()
        # Samba keeps creation times in this attribute: one lock gets its own over SMB, and lends it to all.
        pattern = self._locks / aged_lock(self.repository, age)
        attribute, written = os.getxattr(pattern, _CREATION), pattern.stat().st_mtime_ns
        for number in range(count):
            owner = Owner(f"host-{number % _HOSTS}.example.org", "backup", 1000 + number)
            sealed = lock_bytes(master, lock_of(now - age * NS - number, owner), format_)
            path = self._kept / hashlib.sha256(sealed).hexdigest()
            path.write_bytes(sealed)
            os.setxattr(path, _CREATION, attribute)
            os.utime(path, ns=(written, written))
        self._count = count
        self.put_back()

    def assert_locks(self, count: int | None = None) -> None:
        """Raises where not so many locks stand there, without a number: as many as were furnished."""
        found, wanted = len(self.repository.lock_ids()), self._count if count is None else count
        if found != wanted:
            raise RuntimeError(f"what was measured is not what was meant: {found:,} locks stand there, not {wanted:,}")

    def put_back(self) -> None:
        """All locks stand again as they stood, lockctl has seen them for long enough, and its journal is empty."""
        (self.state / "journal.jsonl").unlink(missing_ok=True)
        shutil.rmtree(self._locks)
        shutil.copytree(self._kept, self._locks)
        self.repository.samba.give(self._locks)
        seen_for(self.repository, state=self.state, whatever_its_times=True)

    @property
    def environment(self) -> dict[str, str]:
        """Of commands on this repository."""
        return {**self.repository.env, "LOCKCTL_STATE_DIR": str(self.state)}

    def through(self, port: int) -> dict[str, str]:
        """The same by way of a proxy."""
        return {**self.repository.through(port).env, "LOCKCTL_STATE_DIR": str(self.state)}


class SmbdMeter:
    """CPU that a throwaway smbd spends between two looks, with that of the connections that came and went."""

    def __init__(self, samba: Samba) -> None:
        self._smbd = psutil.Process(samba.pid)
        self._idle = len(self._smbd.children(recursive=True))
        self._before = self._total()

    def read(self) -> float:
        """Seconds since it was made, once no more connections are open than then."""
        until(lambda: len(self._smbd.children(recursive=True)) <= self._idle, "end of the connections")
        return self._total() - self._before

    def _total(self) -> float:
        living = sum(sum(child.cpu_times()[:2]) for child in self._smbd.children(recursive=True))
        return float(sum(self._smbd.cpu_times()[:4])) + float(living)
