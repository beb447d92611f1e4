"""Which locks stood on the share while a scene was played, whose they were, and what became of them."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import psutil
import zstandard
from cryptography.exceptions import InvalidSignature

from tests.lab.seal import Master, unseal

PAUSE_SECONDS = 0.02
ID = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a lock: told by its bytes, or by who made it."""

    host: str
    pid: int
    user: str
    exclusive: bool
    time: str
    lives: bool | None = None
    """Whether the owner lives; None: this machine's processes tell."""
    size: int = 0
    """Of the whole file, in bytes."""


TOLD = [one.name for one in fields(Known)]


class LockWatch:
    """Looks at `locks/` again and again, so that no lock comes and goes unseen."""

    def __init__(self, folder: Path, master: Master) -> None:
        """Begins."""
        self._folder, self._master = folder, master
        self._seen: dict[str, Known | None] = {}
        self._told: dict[str, Known] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def tell(self, name: str, known: Known) -> None:
        """Whose a lock is whose bytes may not say it."""
        self._told[name] = known

    def stop(self) -> None:
        """Ends."""
        self._ended.set()
        self._thread.join()

    def describe(self, text: str, own_pids: set[int]) -> list[dict[str, Any]]:
        """Each lock as it is now, beside a log of this text that processes of these ids wrote."""
        self._look()
        names = {**self._seen, **self._told}
        return [self._entry(name, text, own_pids) for name in names if ID.fullmatch(name)]

    def _entry(self, name: str, text: str, own_pids: set[int]) -> dict[str, Any]:
        known = self._told.get(name) or self._seen.get(name)
        told = dict.fromkeys(TOLD) if known is None else asdict(known)
        size, lives = told.pop("size") or 0, told.pop("lives")
        if known is not None and lives is None:
            lives = _runs(known.pid)
        # One that was never whole tells nothing: then the log has to.
        is_own = known.pid in own_pids if known else f"Save(<lock/{name[:10]}>)" in text
        at_end = self._state(name, size)
        return {"id": name, **told, "own": is_own, "named": name[:8] in text, "at_end": at_end, "owner_lives": lives}

    def _state(self, name: str, size: int) -> str:
        try:
            data = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return "gone"
        if hashlib.sha256(data).hexdigest() == name:
            return "sound"
        return "empty" if not data else "altered" if len(data) == size else "cut"

    def _run(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            self._look()

    def _look(self) -> None:
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return
        for name in names:
            if self._seen.get(name) is None:
                self._seen[name] = self._read(name)

    def _read(self, name: str) -> Known | None:
        try:
            data = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        if hashlib.sha256(data).hexdigest() != name:
            return None
        try:
            plain = unseal(self._master.encrypt, self._master.mac_k, self._master.mac_r, data)
        except InvalidSignature:  # another repository's
            return None
        if plain[:1] == b"\x02":
            plain = zstandard.ZstdDecompressor().decompressobj().decompress(plain[1:])
        lock = json.loads(plain)
        return Known(lock["hostname"], lock["pid"], lock["username"], lock["exclusive"], lock["time"], None, len(data))


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
