"""What protects a frame: encryption or signatures, with the session's own keys ([MS-SMB2] 3.1.4.1, 3.1.4.3)."""

from __future__ import annotations

import hmac
import os
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from lockctl.transport.smb.errors import Forged
from lockctl.transport.smb.lane.frames import Answer

_TRANSFORM = struct.Struct("<4s16s16sIHHQ")
_MAGIC = b"\xfdSMB"
_AUTHENTICATED = struct.Struct("<16sIHHQ")
_TAG = 16
_SIGNATURE_AT = 48
_ENCRYPTED = 1
_TO_CLIENT = 1

Sign = Callable[[bytes, int, int], bytes]
"""The signature of a message whose own signature is zero; its id; 1 where the server has sent it."""


class Sealing(Protocol):
    """Protects what is sent, and refuses what is not protected so."""

    @property
    def signed(self) -> bool:
        """Whether the messages say that they are signed."""

    def seal(self, messages: Sequence[bytes], ids: Sequence[int], /) -> bytes:
        """The frame of these messages."""

    def unseal(self, frame: bytes) -> bytes:
        """The messages in a frame. Raises Forged."""

    def check(self, messages: bytes, answer: Answer) -> None:
        """Raises Forged where this answer is not from the server that we logged on to."""


@dataclass(frozen=True, slots=True)
class Encryption:
    """All is encrypted (SMB 3). The objects are made once: that costs more than a frame does."""

    outgoing: AESGCM | AESCCM
    incoming: AESGCM | AESCCM
    nonce_size: int
    session_id: int
    signed: bool = False

    def seal(self, messages: Sequence[bytes], _: Sequence[int], /) -> bytes:
        """Behind a transform header ([MS-SMB2] 2.2.41)."""
        data = b"".join(messages)
        nonce = os.urandom(self.nonce_size)
        authenticated = _AUTHENTICATED.pack(nonce, len(data), 0, _ENCRYPTED, self.session_id)
        sealed = self.outgoing.encrypt(nonce, data, authenticated)
        return b"".join((_MAGIC, sealed[-_TAG:], authenticated, sealed[:-_TAG]))

    def unseal(self, frame: bytes) -> bytes:
        """What comes in the clear is not taken."""
        if len(frame) < _TRANSFORM.size:
            raise Forged
        magic, tag, nonce, size, _, flags, session_id = _TRANSFORM.unpack_from(frame)
        sealed = frame[_TRANSFORM.size :]
        if (magic, flags, session_id, size) != (_MAGIC, _ENCRYPTED, self.session_id, len(sealed)):
            raise Forged
        try:
            return self.incoming.decrypt(nonce[: self.nonce_size], sealed + tag, frame[4 + _TAG : _TRANSFORM.size])
        except InvalidTag as error:
            raise Forged from error

    def check(self, messages: bytes, answer: Answer) -> None:
        """Who could encrypt it is the server."""


@dataclass(frozen=True, slots=True)
class Signing:
    """All is signed (SMB 2, or a server that does not encrypt)."""

    sign: Sign
    session_id: int
    signed: bool = True

    def seal(self, messages: Sequence[bytes], ids: Sequence[int], /) -> bytes:
        """Each message bears its signature."""
        behind = _SIGNATURE_AT + _TAG
        return b"".join(
            b"".join((message[:_SIGNATURE_AT], self.sign(message, id_, 0), message[behind:]))
            for message, id_ in zip(messages, ids, strict=True)
        )

    def unseal(self, frame: bytes) -> bytes:
        """It is in the clear."""
        return frame

    def check(self, messages: bytes, answer: Answer) -> None:
        """An interim answer is not signed, and only makes us wait ([MS-SMB2] 3.2.5.1.3)."""
        if answer.interim:
            return
        if not answer.signed or answer.session_id != self.session_id:
            raise Forged
        at = answer.start + _SIGNATURE_AT
        message = b"".join((messages[answer.start : at], bytes(_TAG), messages[at + _TAG : answer.end]))
        if not hmac.compare_digest(self.sign(message, answer.message_id, _TO_CLIENT), messages[at : at + _TAG]):
            raise Forged


def sign_hmac(key: bytes) -> Sign:
    """HMAC-SHA256, of SMB 2."""
    return lambda message, _, __: hmac.digest(key, message, "sha256")[:_TAG]


def sign_cmac(key: bytes) -> Sign:
    """AES-128-CMAC, of SMB 3."""
    fresh = CMAC(AES(key))

    def sign(message: bytes, _: int, __: int) -> bytes:
        one = fresh.copy()
        one.update(message)
        return one.finalize()

    return sign


def sign_gmac(key: bytes) -> Sign:
    """AES-128-GMAC, of SMB 3.1.1: the tag of a message that is authenticated alone ([MS-SMB2] 3.1.4.1)."""
    cipher = AESGCM(key)
    return lambda message, id_, sender: cipher.encrypt(
        id_.to_bytes(8, "little") + struct.pack("<I", sender), b"", message
    )
