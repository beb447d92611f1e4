"""Repositories made by hand, with cheap keys: the lab's own cryptography seals them, and none of lockctl's."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from tests.lab.seal import Master, lock_bytes, seal

PASSWORD = "a password"
MASTER = Master(b"\x11" * 32, b"\x22" * 16, b"\x33" * 16)
CONFIG_FIELDS: Mapping[str, Any] = {"version": 2, "id": "c" * 64, "chunker_polynomial": "2736ca00e98ebb"}
LOCK_FIELDS: Mapping[str, Any] = {
    "time": "2026-11-23T00:16:16.641943135Z",
    "exclusive": False,
    "hostname": "web1",
    "username": "root",
    "pid": 4209,
}


def key_bytes(password: str = PASSWORD, content: Any = None, **changes: Any) -> bytes:
    """A key file that opens with `password` and holds MASTER, or `content`; `changes` replace its fields."""
    salt = os.urandom(64)
    derived = hashlib.scrypt(password.encode(), salt=salt, n=2, r=1, p=1, dklen=64)
    mac = {"k": encode(MASTER.mac_k), "r": encode(MASTER.mac_r)}
    inner = {"mac": mac, "encrypt": encode(MASTER.encrypt)} if content is None else content
    sealed = seal(derived[:32], derived[32:48], derived[48:], json.dumps(inner).encode())
    fields = {"kdf": "scrypt", "N": 2, "r": 1, "p": 1, "salt": encode(salt), "data": encode(sealed)}
    return json.dumps({**fields, **changes}).encode()


def sealed_with_master(plaintext: bytes) -> bytes:
    """Bytes that the master key opens."""
    return seal(MASTER.encrypt, MASTER.mac_k, MASTER.mac_r, plaintext)


def config_bytes(fields: Any = CONFIG_FIELDS) -> bytes:
    """A sealed config."""
    return sealed_with_master(json.dumps(fields).encode())


def sealed_lock(**changes: Any) -> bytes:
    """A sealed lock of format 2."""
    return lock_bytes(MASTER, {**LOCK_FIELDS, **changes})


def named(directory: str, *contents: bytes) -> dict[str, bytes]:
    """Files whose names are the SHA-256 of their bytes."""
    return {f"{directory}/{hashlib.sha256(data).hexdigest()}": data for data in contents}


def encode(data: bytes) -> str:
    """base64."""
    return base64.b64encode(data).decode("ascii")
