"""A key file and a password yield the repository's master key. Pure, and slow: see `scrypt.derive`.

Source: restic's internal/repository/key.go. A tag that does not fit means "not this password", nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockctl.errors import DamagedKey
from lockctl.repository.scrypt import CryptoFailure, Scrypt, TooCostly, derive

if TYPE_CHECKING:
    from lockctl.repository.crypto import Key

MAX_KEY_SIZE = 2**20
"""Bytes."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What keys/<id> says in the open. `altered`: its name is not the SHA-256 of its bytes."""

    id: str
    scrypt: Scrypt
    sealed: bytes
    altered: bool


def parse_key_file(name: str, data: bytes) -> KeyFile:
    """The key file in these bytes. Raises DamagedKey where they hold none."""
    try:
        fields = json.loads(data)
        if fields["kdf"] != "scrypt":
            raise DamagedKey(f"key {name[:8]} is made with {str(fields['kdf'])[:16]!r}", "Only scrypt is known")
        numbers = [fields[name] for name in ("N", "r", "p")]
        if not all(type(number) is int for number in numbers):
            raise ValueError("scrypt parameters are not numbers")
        scrypt = Scrypt(numbers[0], numbers[1], numbers[2], _decode(fields["salt"]))
        sealed = _decode(fields["data"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedKey(
            f"key {name[:8]} is damaged: its file holds no key", "Restore keys/ from a copy of the repository"
        ) from error
    return KeyFile(name, scrypt, sealed, altered=hashlib.sha256(data).hexdigest() != name)


def open_key_file(key_file: KeyFile, password: str) -> Key | None:
    """The master key, or None where the password does not open this key.

    Raises DamagedKey where the file asks for too much, or opens and holds no master key.
    """
    try:
        derived = derive(password.encode("utf-8", "surrogateescape"), key_file.scrypt)
        # Imported only now: whoever began early derives meanwhile.
        from lockctl.repository.crypto import Key, unseal

        plaintext = unseal(Key(derived[:32], derived[32:48], derived[48:]), key_file.sealed)
    except TooCostly as error:
        raise DamagedKey(f"key {key_file.id[:8]} is refused: {error}", "Somebody may have planted it") from error
    except CryptoFailure as error:
        if key_file.altered:
            raise DamagedKey(
                f"key {key_file.id[:8]} is damaged: its name is not the SHA-256 of its bytes",
                "Restore keys/ from a copy of the repository",
            ) from error
        return None
    try:
        fields = json.loads(plaintext)
        return Key(_decode(fields["encrypt"]), _decode(fields["mac"]["k"]), _decode(fields["mac"]["r"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedKey(f"key {key_file.id[:8]} opens but holds no master key", "Use another key") from error


def _decode(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError("not text")
    return base64.b64decode(text, validate=True)
