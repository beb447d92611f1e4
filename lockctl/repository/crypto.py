"""restic's cryptography on plain bytes, with bounds: all input comes from a place where others can write. Pure.

Source: restic's internal/crypto/crypto.go and kdf.go; the envelope is nonce (16) + AES-256-CTR + Poly1305-AES tag (16).
"""

from __future__ import annotations

from dataclasses import dataclass

import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305
from nacl.bindings import crypto_pwhash_scryptsalsa208sha256_ll, sodium_init
from nacl.exceptions import CryptoError

NONCE_SIZE = 16
TAG_SIZE = 16
MAX_SCRYPT_MEMORY = 2**30
"""Bytes."""
USUAL_SCRYPT_WORK = 32768 * 8 * 5
"""N·r·p of the keys that restic makes on today's machines."""
MAX_SCRYPT_WORK = 20 * USUAL_SCRYPT_WORK
MAX_PLAINTEXT = 2**20
"""Bytes that a zstd frame may yield."""
_MAX_WINDOW = 8 * 2**20
_PIECE = 16
"""Bytes: four blocks of zstd, which yield 512 KiB at most."""


class CryptoFailure(ValueError):
    """These bytes are not sealed with this key, or are no such bytes at all."""


class TooCostly(ValueError):
    """Key derivation or decompression would cost more than any restic ever asks for."""


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """32 bytes for AES-256, then `k` and `r` of Poly1305-AES, 16 bytes each."""

    encrypt: bytes
    mac_k: bytes
    mac_r: bytes

    def __post_init__(self) -> None:
        if (len(self.encrypt), len(self.mac_k), len(self.mac_r)) != (32, 16, 16):
            raise CryptoFailure("a key has parts of the wrong length")


@dataclass(frozen=True, slots=True)
class Scrypt:
    """Parameters of RFC 7914: cost N, block size r, parallelization p."""

    n: int
    r: int
    p: int
    salt: bytes


def derive(password: bytes, scrypt: Scrypt) -> Key:
    """The key that a password opens a key file with. Takes 0.3 to 0.6 s of one core, without the GIL.

    Raises TooCostly beyond MAX_SCRYPT_MEMORY and MAX_SCRYPT_WORK, CryptoFailure for parameters that are not valid.
    """
    n, r, p = scrypt.n, scrypt.r, scrypt.p
    if n < 2 or n & (n - 1) or r < 1 or p < 1:
        raise CryptoFailure("its scrypt parameters are not valid")
    if n * r * p > MAX_SCRYPT_WORK or 128 * r * (n + p + 2) > MAX_SCRYPT_MEMORY:
        raise TooCostly(f"its scrypt parameters N={n}, r={r}, p={p} ask for more work or memory than restic ever does")
    sodium_init()
    try:
        derived = crypto_pwhash_scryptsalsa208sha256_ll(
            password, scrypt.salt, n, r, p, dklen=64, maxmem=MAX_SCRYPT_MEMORY
        )
    except (CryptoError, ValueError, TypeError) as error:
        raise CryptoFailure("its scrypt parameters are not valid") from error
    return Key(derived[:32], derived[32:48], derived[48:64])


def unseal(key: Key, sealed: bytes) -> bytes:
    """The plaintext. The tag is checked before anything is decrypted; raises CryptoFailure where it does not fit."""
    if len(sealed) < NONCE_SIZE + TAG_SIZE:
        raise CryptoFailure("too short to be sealed")
    nonce, ciphertext, tag = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:-TAG_SIZE], sealed[-TAG_SIZE:]
    # Poly1305-AES (Bernstein 2005): the pad is AES of the nonce under k; the library clamps r.
    # One block in ECB mode is that one AES call, not a mode of encryption.
    pad = Cipher(algorithms.AES(key.mac_k), modes.ECB()).encryptor().update(nonce)  # noqa: S305
    try:
        Poly1305.verify_tag(key.mac_r + pad, ciphertext, tag)
    except InvalidSignature as error:
        raise CryptoFailure("the tag does not fit") from error
    decryptor = Cipher(algorithms.AES(key.encrypt), modes.CTR(nonce)).decryptor()
    return decryptor.update(ciphertext) + decryptor.finalize()


def decompress(frame: bytes) -> bytes:
    """The content of one zstd frame, at most MAX_PLAINTEXT bytes. Raises CryptoFailure, and TooCostly beyond that."""
    # Fed in small pieces: neither what the frame claims about its size nor what it grows to is ever held whole.
    decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
    content = bytearray()
    try:
        for start in range(0, len(frame), _PIECE):
            content += decompressor.decompress(frame[start : start + _PIECE])
            if len(content) > MAX_PLAINTEXT:
                raise TooCostly("its zstd frame grows beyond all bounds")
            if decompressor.eof:
                return bytes(content)
    except zstandard.ZstdError as error:
        raise CryptoFailure("its zstd frame is damaged") from error
    raise CryptoFailure("its zstd frame is cut short")
