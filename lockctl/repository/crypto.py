"""restic's cryptography on plain bytes, with bounds: all input comes from a place where others can write. Pure.

Source: restic's internal/crypto/crypto.go; the envelope is nonce (16) + AES-256-CTR + Poly1305-AES tag (16).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

from lockctl.repository.scrypt import CryptoFailure, TooCostly

__all__ = ["CryptoFailure", "Key", "TooCostly", "decompress", "open_sealed", "unseal"]

NONCE_SIZE = 16
TAG_SIZE = 16
MAX_PLAINTEXT = 2**20
"""Bytes that a zstd frame may yield."""
_MAX_WINDOW = 8 * 2**20
_MAX_YIELD = 2**19
"""Bytes that one piece of a zstd frame may yield."""
_MAX_BLOCK, _LEAST_BLOCK = 2**17, 4
"""Bytes that a block of zstd yields at most, and that it takes at least (RFC 8878, 3.1.1.2)."""

T = TypeVar("T")


class _Spare(Generic[T]):
    """What is costly to make and can be used again. Whoever takes one has it alone, in whatever thread."""

    def __init__(self) -> None:
        self._spare: list[T] = []

    def take(self, make: Callable[[], T]) -> T:
        """One that was given back, else a new one."""
        try:
            return self._spare.pop()
        except IndexError:
            return make()

    def give(self, one: T) -> None:
        """It can be taken again. What failed is not given back."""
        self._spare.append(one)


@dataclass(frozen=True, slots=True)
class _Ciphers:
    """AES under `k`, block by block, and AES-256-CTR, which starts anew at each nonce."""

    block: CipherContext
    counter: CipherContext


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """32 bytes for AES-256, then `k` and `r` of Poly1305-AES, 16 bytes each: as `scrypt.derive` gives them."""

    encrypt: bytes
    mac_k: bytes
    mac_r: bytes
    ciphers: _Spare[_Ciphers] = field(default_factory=_Spare, init=False, compare=False)
    """Made ready with this key: that costs more than opening a lock with them."""

    def __post_init__(self) -> None:
        if (len(self.encrypt), len(self.mac_k), len(self.mac_r)) != (32, 16, 16):
            raise CryptoFailure("a key has parts of the wrong length")


def unseal(key: Key, sealed: bytes) -> bytes:
    """The plaintext. The tag is checked before anything is decrypted; raises CryptoFailure where it does not fit."""
    if len(sealed) < NONCE_SIZE + TAG_SIZE:
        raise CryptoFailure("too short to be sealed")
    nonce, ciphertext, tag = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:-TAG_SIZE], sealed[-TAG_SIZE:]
    ciphers = key.ciphers.take(lambda: _make_ciphers(key))
    # Poly1305-AES (Bernstein 2005): the pad is AES of the nonce under k; the library clamps r.
    try:
        Poly1305.verify_tag(key.mac_r + ciphers.block.update(nonce), ciphertext, tag)
    except InvalidSignature as error:
        raise CryptoFailure("the tag does not fit") from error
    ciphers.counter.reset_nonce(nonce)
    plaintext = ciphers.counter.update(ciphertext)
    key.ciphers.give(ciphers)
    return plaintext


def open_sealed(key: Key, sealed: bytes) -> bytes:
    """The JSON of a lock or a snapshot, in either format of repositories. Raises CryptoFailure, TooCostly.

    Format 2: the byte 2, then a zstd frame; whatever starts like JSON is JSON (restic's repository.go).
    """
    plaintext = unseal(key, sealed)
    if plaintext[:1] in (b"{", b"["):
        return plaintext
    if plaintext[:1] != b"\x02":
        raise CryptoFailure("its plaintext is of an unknown format")
    return decompress(plaintext[1:])


def _make_ciphers(key: Key) -> _Ciphers:
    # One block in ECB mode is one call of AES, not a mode of encryption.
    block = Cipher(algorithms.AES(key.mac_k), modes.ECB()).encryptor()  # noqa: S305
    return _Ciphers(block, Cipher(algorithms.AES(key.encrypt), modes.CTR(bytes(NONCE_SIZE))).decryptor())


_DECOMPRESSORS: _Spare[zstandard.ZstdDecompressor] = _Spare()


def decompress(frame: bytes) -> bytes:
    """The content of one zstd frame, at most MAX_PLAINTEXT bytes. Raises CryptoFailure, and TooCostly beyond that."""
    # Fed in small pieces: neither what the frame claims about its size nor what it grows to is ever held whole.
    decompressor = _DECOMPRESSORS.take(lambda: zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW))
    content, piece = bytearray(), _piece_size(frame)
    try:
        reading = decompressor.decompressobj()
        for start in range(0, len(frame), piece):
            content += reading.decompress(frame[start : start + piece])
            if len(content) > MAX_PLAINTEXT:
                raise TooCostly("its zstd frame grows beyond all bounds")
            if reading.eof:
                _DECOMPRESSORS.give(decompressor)
                return bytes(content)
    except zstandard.ZstdError as error:
        raise CryptoFailure("its zstd frame is damaged") from error
    raise CryptoFailure("its zstd frame is cut short")


def _piece_size(frame: bytes) -> int:
    """Bytes of this frame that yield _MAX_YIELD at most: of one with a small window, as a lock's, that is all of it.

    No block yields more than the window (RFC 8878, 3.1.1.2.4), and libzstd refuses one that does.
    """
    try:
        window = zstandard.get_frame_parameters(frame).window_size
    except zstandard.ZstdError:
        window = _MAX_BLOCK
    return _LEAST_BLOCK * (_MAX_YIELD // min(max(window, 1), _MAX_BLOCK))
