"""From smbprotocol's session to the lane: its socket, its keys, its place in the sequence of messages."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM
from smbprotocol.connection import Ciphers, Dialects, SigningAlgorithms

from lockctl.transport.smb.connection import SmbConnection
from lockctl.transport.smb.lane.sealing import Encryption, Sealing, Signing, sign_cmac, sign_gmac, sign_hmac
from lockctl.transport.smb.server import Server

LEAST_CREDITS = 64
"""With fewer the lane is no faster than the plain way, and that knows how to do with one."""
_GCM_NONCE, _CCM_NONCE = 12, 11


@dataclass(frozen=True, slots=True)
class Takeover:
    """All that the lane needs of a session that is open."""

    host: str
    port: int
    socket: socket.socket
    server: Server
    sealing: Sealing
    session_id: int
    tree_id: int
    next_id: int
    """The first message id that was not used."""
    credits: int
    multi_credit: bool
    """Whether a message may cost several credits (SMB 2.1)."""


def take_over(plain: SmbConnection) -> Takeover | None:
    """Takes the socket from the plain way, which is not used again; None where the lane would be no gain."""
    connection, session, tree = plain.underneath
    if connection.credits_at_hand < LEAST_CREDITS or tree.is_dfs_share:
        return None
    encrypts = session.encrypt_data or tree.encrypt_data
    sealing = _encryption(connection, session) if encrypts else _signing(connection, session)
    return Takeover(
        connection.server_name,
        connection.port,
        connection.release(),
        plain.server,
        sealing,
        session.session_id,
        tree.tree_connect_id,
        connection.sequence_window["low"],
        connection.credits_at_hand,
        bool(connection.supports_multi_credit),
    )


def _encryption(connection: Any, session: Any) -> Encryption:
    cipher = connection.cipher_id if connection.dialect >= Dialects.SMB_3_1_1 else Ciphers.AES_128_CCM
    made, nonce = (AESGCM, _GCM_NONCE) if cipher in (Ciphers.AES_128_GCM, Ciphers.AES_256_GCM) else (AESCCM, _CCM_NONCE)
    return Encryption(made(session.encryption_key), made(session.decryption_key), nonce, session.session_id)


def _signing(connection: Any, session: Any) -> Signing:
    """As smbprotocol chooses ([MS-SMB2] 3.1.4.1)."""
    chosen = connection.signing_algorithm_id if connection.dialect >= Dialects.SMB_3_1_1 else None
    if connection.dialect < Dialects.SMB_3_0_0:
        sign = sign_hmac
    elif chosen == SigningAlgorithms.AES_GMAC:
        sign = sign_gmac
    else:
        sign = sign_hmac if chosen == SigningAlgorithms.HMAC_SHA256 else sign_cmac
    return Signing(sign(session.signing_key), session.session_id)
