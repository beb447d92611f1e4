"""Deriving a key from a password, within bounds: its parameters come from where others can write. Pure, and slow.

Source: restic's internal/crypto/kdf.go. It stands by itself so that it can begin before all else is imported.
"""

from __future__ import annotations

from dataclasses import dataclass

from nacl.bindings import crypto_pwhash_scryptsalsa208sha256_ll, sodium_init
from nacl.exceptions import CryptoError

MAX_SCRYPT_MEMORY = 2**30
"""Bytes."""
USUAL_SCRYPT_WORK = 32768 * 8 * 5
"""N·r·p of the keys that restic makes on today's machines."""
MAX_SCRYPT_WORK = 20 * USUAL_SCRYPT_WORK
DERIVED_SIZE = 64
"""Bytes."""


class CryptoFailure(ValueError):
    """These bytes are not sealed with this key, or are no such bytes at all."""


class TooCostly(ValueError):
    """Key derivation or decompression would cost more than any restic ever asks for."""


@dataclass(frozen=True, slots=True)
class Scrypt:
    """Parameters of RFC 7914: cost N, block size r, parallelization p."""

    n: int
    r: int
    p: int
    salt: bytes

    @property
    def memory(self) -> int:
        """Bytes that the derivation takes."""
        return 128 * self.r * (self.n + self.p + 2)


def derive(password: bytes, scrypt: Scrypt) -> bytes:
    """What opens a key file: DERIVED_SIZE bytes. Takes 0.3 to 0.6 s of one core, without the GIL.

    Raises TooCostly beyond MAX_SCRYPT_MEMORY and MAX_SCRYPT_WORK, CryptoFailure for parameters that are not valid.
    """
    n, r, p = scrypt.n, scrypt.r, scrypt.p
    if n < 2 or n & (n - 1) or r < 1 or p < 1:
        raise CryptoFailure("its scrypt parameters are not valid")
    if n * r * p > MAX_SCRYPT_WORK or scrypt.memory > MAX_SCRYPT_MEMORY:
        raise TooCostly(f"its scrypt parameters N={n}, r={r}, p={p} ask for more work or memory than restic ever does")
    sodium_init()
    try:
        derived: bytes = crypto_pwhash_scryptsalsa208sha256_ll(
            password, scrypt.salt, n, r, p, dklen=DERIVED_SIZE, maxmem=MAX_SCRYPT_MEMORY
        )
    except (CryptoError, ValueError, TypeError) as error:
        raise CryptoFailure("its scrypt parameters are not valid") from error
    return derived
