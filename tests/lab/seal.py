"""restic's envelope from the other side: what the lab needs to make locks of any age, without lockctl.

The format is in restic's doc/design.rst ("Repository Format") and internal/crypto/crypto.go.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

from tests.lab.restic import Repository

NONCE_BYTES = 16
TAG_BYTES = 16
NS = 1_000_000_000
# What rclone sets as the last write is the client's time at the begin of the upload: some milliseconds before
# the file came to be, where the clocks of both agree.
UPLOAD_NS = 3_000_000
SCRYPT_MEMORY = 1 << 30


@dataclass(frozen=True, slots=True)
class Master:
    """The three keys that seal all files of a repository but its key files."""

    encrypt: bytes
    mac_k: bytes
    mac_r: bytes


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a made lock says holds it. restic leaves a uid and gid of zero out of the JSON."""

    hostname: str = "elsewhere"
    username: str = "root"
    pid: int = 4209
    uid: int = 0
    gid: int = 0


ELSEWHERE = Owner()


def _tag(mac_k: bytes, mac_r: bytes, nonce: bytes, ciphertext: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(mac_k), modes.ECB()).encryptor()  # Poly1305-AES is defined by this block
    pad = encryptor.update(nonce) + encryptor.finalize()
    return Poly1305.generate_tag(mac_r + pad, ciphertext)


def _counter(encrypt: bytes, nonce: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(encrypt), modes.CTR(nonce)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def seal(encrypt: bytes, mac_k: bytes, mac_r: bytes, plaintext: bytes) -> bytes:
    """Nonce, ciphertext and tag, with a new random nonce."""
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = _counter(encrypt, nonce, plaintext)
    return nonce + ciphertext + _tag(mac_k, mac_r, nonce, ciphertext)


def unseal(encrypt: bytes, mac_k: bytes, mac_r: bytes, sealed: bytes) -> bytes:
    """The plaintext; `InvalidSignature` where the tag does not fit."""
    nonce, ciphertext, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]
    if _tag(mac_k, mac_r, nonce, ciphertext) != tag:
        raise InvalidSignature
    return _counter(encrypt, nonce, ciphertext)


def lock_bytes(master: Master, lock: Mapping[str, Any], format: int = 2) -> bytes:  # noqa: A002 - restic's word
    """A sealed lock, as restic writes it into a repository of this format."""
    plaintext = json.dumps(lock).encode()
    if format == 2:
        plaintext = b"\x02" + zstandard.compress(plaintext)
    return seal(master.encrypt, master.mac_k, master.mac_r, plaintext)


def master_of(repository: Path, password: str) -> Master:
    """Open the first key file of a repository on this machine that fits the password."""
    for path in sorted((repository / "keys").iterdir()):
        master = _open_key(path.read_text(encoding="utf-8"), password)
        if master is not None:
            return master
    raise InvalidSignature


def format_of(repository: Path, master: Master) -> int:
    """The repository's format, from its configuration file."""
    sealed = (repository / "config").read_bytes()
    version: int = json.loads(unseal(master.encrypt, master.mac_k, master.mac_r, sealed))["version"]
    return version


def rfc3339(ns: int) -> str:
    """Nanoseconds since 1970 → a time with nine fractional digits in UTC, as restic writes it into a lock."""
    return f"{datetime.fromtimestamp(ns // NS, UTC):%Y-%m-%dT%H:%M:%S}.{ns % NS:09d}Z"


def lock_of(time_ns: int, owner: Owner, exclusive: bool = False) -> dict[str, Any]:
    """The JSON of a lock that was last renewed at `time_ns` by its owner's clock."""
    ids = {name: value for name, value in (("uid", owner.uid), ("gid", owner.gid)) if value}
    lock = {"time": rfc3339(time_ns), "exclusive": exclusive, "hostname": owner.hostname}
    return {**lock, "username": owner.username, "pid": owner.pid, **ids}


def aged_lock(
    repository: Repository,
    age: float,
    owner: Owner = ELSEWHERE,
    *,
    exclusive: bool = False,
    created_age: float | None = None,
    written_age: float | None = None,
    cut_to: int | None = None,
) -> str:
    """Put a lock into the repository over SMB that looks `age` seconds old; return its id.

    `age` is what the owner's clock says (negative: a clock that is ahead). The file's creation is
    `created_age` ago (else `age`) and its last write `written_age` (else the creation less `UPLOAD_NS`), both
    set by SMB SET_INFO. With `cut_to` only so many bytes of a sound lock are put, as an upload that was cut
    leaves them.
    """
    now = time.time_ns()
    created = now - int((age if created_age is None else created_age) * NS)
    written = created - UPLOAD_NS if written_age is None else now - int(written_age * NS)
    master = master_of(repository.path, repository.password)
    lock = lock_of(now - int(age * NS), owner, exclusive)
    sealed = lock_bytes(master, lock, format_of(repository.path, master))
    return put_lock(repository, sealed, created, written, cut_to)


def put_lock(repository: Repository, sealed: bytes, created_ns: int, written_ns: int, cut_to: int | None = None) -> str:
    """Put bytes as `locks/<their SHA-256>` over SMB and set the file's times; return the id."""
    name = hashlib.sha256(sealed).hexdigest()
    wire = repository.samba.wire(repository.share)
    wire.put(f"{repository.folder}/locks/{name}", sealed[:cut_to], created_ns, written_ns)
    return name


@functools.cache
def _open_key(text: str, password: str) -> Master | None:
    """Done once for each key file, since it is costly; None where the password does not fit."""
    key = json.loads(text)
    derived = hashlib.scrypt(
        password.encode(),
        salt=base64.b64decode(key["salt"]),
        n=key["N"],
        r=key["r"],
        p=key["p"],
        maxmem=SCRYPT_MEMORY,
        dklen=64,
    )
    try:
        opened = unseal(derived[:32], derived[32:48], derived[48:], base64.b64decode(key["data"]))
    except InvalidSignature:
        return None
    keys = json.loads(opened)
    mac = keys["mac"]
    return Master(*(base64.b64decode(text) for text in (keys["encrypt"], mac["k"], mac["r"])))
