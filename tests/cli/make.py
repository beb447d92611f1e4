"""Locks and repositories that the tests of the command line need, beyond what the lab makes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from tests.lab.restic import Repository
from tests.lab.seal import NS, Owner, aged_lock, format_of, lock_bytes, lock_of, master_of, put_lock, seal

HOUR = 3600
WEB1, WEB2, WEB3 = Owner("web1"), Owner("web2", "björn", 77, 1000, 1000), Owner("web3", pid=5)


def sealed_lock(repository: Repository, lock: dict[str, Any], age: float = 2 * HOUR) -> str:
    """Put a lock with this JSON into the repository; its file looks `age` seconds old."""
    master = master_of(repository.path, repository.password)
    sealed = lock_bytes(master, lock, format_of(repository.path, master))
    created = time.time_ns() - int(age * NS)
    return put_lock(repository, sealed, created, created - 3_000_000)


def named_lock(repository: Repository, hostname: str, age: float = 2 * HOUR) -> str:
    """Put a lock of a host of any name into the repository."""
    return sealed_lock(repository, lock_of(time.time_ns() - int(age * NS), Owner(hostname)), age)


def strange_bytes(repository: Repository, age: float = 2 * HOUR) -> str:
    """Put sound bytes that this repository's key does not open; return the name."""
    created = time.time_ns() - int(age * NS)
    return put_lock(repository, os.urandom(150), created, created - 3_000_000)


def put_old(repository: Repository, name: str, data: bytes, age: float = 2 * HOUR) -> Path:
    """Put a file of any name into `locks/`, with times that lie `age` seconds back."""
    created = time.time_ns() - int(age * NS)
    wire = repository.samba.wire(repository.share)
    wire.put(f"{repository.folder}/locks/{name}", data, created, created - 3_000_000)
    return repository.path / "locks" / name


def one_of_each(repository: Repository) -> dict[str, str]:
    """A lock in every state that needs no process of this machine: state → id."""
    made = {
        "stale": aged_lock(repository, 2 * HOUR, WEB1),
        "overdue": aged_lock(repository, 900, WEB2),
        "active": aged_lock(repository, 60, WEB3, exclusive=True),
        "doubtful": aged_lock(repository, 2 * HOUR, Owner("ahead"), created_age=60),
        "superseded": aged_lock(repository, 3 * HOUR, Owner("twice")),
        "damaged": aged_lock(repository, 2 * HOUR, cut_to=60),
        "writing": aged_lock(repository, 20, cut_to=60),
        "undecodable": strange_bytes(repository),
        "foreign": put_old(repository, "notes.txt", b"not a lock").name,
    }
    aged_lock(repository, 30, Owner("twice"))
    return made


def quicken(repository: Repository, n: int = 1024, p: int = 1) -> None:
    """Replace the repository's key by one with the same password, which costs next to nothing to derive, or N·8·p."""
    master = master_of(repository.path, repository.password)
    salt = os.urandom(64)
    derived = hashlib.scrypt(repository.password.encode(), salt=salt, n=n, r=8, p=p, maxmem=2**30, dklen=64)

    def text(data: bytes) -> str:
        return base64.b64encode(data).decode()

    mac = {"k": text(master.mac_k), "r": text(master.mac_r)}
    plaintext = json.dumps({"mac": mac, "encrypt": text(master.encrypt)}).encode()
    sealed = seal(derived[:32], derived[32:48], derived[48:], plaintext)
    fields = {"created": "2026-01-01T00:00:00Z", "username": "root", "hostname": "lab", "kdf": "scrypt"}
    costs = {"N": n, "r": 8, "p": p, "salt": text(salt), "data": text(sealed)}
    data = json.dumps({**fields, **costs}).encode()
    keys = repository.path / "keys"
    for old in keys.iterdir():
        old.unlink()
    (keys / hashlib.sha256(data).hexdigest()).write_bytes(data)
    repository.samba.give(keys)
