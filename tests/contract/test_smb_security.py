"""What the SMB transport promises about the wire: all is encrypted or signed, and nobody can answer for the server."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from smbprotocol.connection import Commands, SMB2HeaderResponse
from smbprotocol.exceptions import SMBException
from smbprotocol.header import NtStatus, Smb2Flags

from lockctl.clock.deadline import Deadline
from lockctl.errors import ConnectionLost, NoRepository, ShareRefused, Unreachable
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import Login
from lockctl.transport.base import Removal
from lockctl.transport.smb.connection import SmbConnection
from lockctl.transport.smb.hardening import DeadlineConnection
from lockctl.transport.smb.transport import SmbTransport
from tests.contract.places import DiskPlace, connect
from tests.contract.wires import Alter, tampering
from tests.lab.samba import Samba, Share
from tests.removing import remove_one

SIGNED = 0x8
SESSION_SETUP, CREATE = 1, 5
COMMAND, FLAGS, MESSAGE_ID, SESSION_ID, SIGNATURE = 12, 16, 24, 40, 48
"""Offsets in the SMB2 header (MS-SMB2 2.2.1.2)."""
WAYS = pytest.mark.parametrize("lane", [False, True], ids=["plain", "lane"])


@pytest.fixture(scope="module")
def old_samba() -> Iterator[Samba]:
    """A server that can sign and not encrypt."""
    with Samba(options={"server max protocol": "SMB2_10"}) as running:
        running.put("backup", "locks/lock", b"genuine")
        yield running


def unsigned(message: bytes) -> bytes:
    return message[:FLAGS] + bytes([message[FLAGS] & ~SIGNED]) + message[FLAGS + 1 :]


def without_signature(message: bytes) -> bytes:
    return unsigned(message)[:SIGNATURE] + bytes(16) + message[SIGNATURE + 16 :]


def with_other_content(message: bytes) -> bytes:
    return message[:-1] + bytes([message[-1] ^ 1])


def as_session_setup(message: bytes) -> bytes:
    """What is not verified by itself: an answer that claims to belong to a log-on."""
    forged = bytearray(without_signature(message))
    struct.pack_into("<H", forged, COMMAND, SESSION_SETUP)
    return bytes(forged)


def as_signed_session_setup(message: bytes) -> bytes:
    forged = bytearray(message)
    struct.pack_into("<H", forged, COMMAND, SESSION_SETUP)
    return bytes(forged)


def as_session_setup_of_no_session(message: bytes) -> bytes:
    forged = bytearray(as_session_setup(message))
    struct.pack_into("<Q", forged, SESSION_ID, 0)
    return bytes(forged)


def is_answer_to_work(message: bytes) -> bool:
    return bool(struct.unpack_from("<H", message, COMMAND)[0] == CREATE)


@pytest.mark.parametrize(
    "forge",
    [
        without_signature,
        unsigned,
        with_other_content,
        as_session_setup,
        as_signed_session_setup,
        as_session_setup_of_no_session,
    ],
)
@WAYS
def test_a_forged_answer_is_refused(old_samba: Samba, forge: Alter, lane: bool) -> None:
    with tampering(old_samba, lambda message: forge(message) if is_answer_to_work(message) else message) as port:
        transport = connect(old_samba, "", port=port, lane=lane)
        with pytest.raises(ConnectionLost, match="not signed by the server we logged on to"):
            transport.list_directory("locks")
        transport.close()


@WAYS
def test_an_honest_relay_is_no_hindrance(old_samba: Samba, lane: bool) -> None:
    with tampering(old_samba, lambda message: message) as port:
        transport = connect(old_samba, "", port=port, lane=lane)
        assert transport.read_many(["locks/lock"], 100) == [b"genuine"]
        transport.close()


@WAYS
def test_a_connection_that_was_tampered_with_is_not_used_again(old_samba: Samba, lane: bool) -> None:
    work: list[bytes] = []

    def once(message: bytes) -> bytes:
        if is_answer_to_work(message):
            work.append(message)
        return without_signature(message) if len(work) == 1 else message

    with tampering(old_samba, once) as port:
        transport = connect(old_samba, "", port=port, lane=lane)
        for _ in range(2):
            with pytest.raises(Unreachable):
                transport.list_directory("locks")
        transport.close()


@WAYS
def test_smb2_is_signed_and_everything_works(old_samba: Samba, lane: bool) -> None:
    transport = connect(old_samba, "", lane=lane)
    assert not transport.encrypted
    transport.put_new("locks/new", "locks/new-tmp-1", b"bytes")
    entry = next(e for e in transport.list_directory("locks").entries if e.name == "new")
    assert transport.read_many(["locks/new"], 100) == [b"bytes"]
    assert remove_one(transport, "locks", entry, b"bytes") is Removal.REMOVED
    assert old_samba.names("backup", "locks") == ["lock"]
    transport.close()


def test_every_request_after_the_log_on_is_encrypted_where_the_server_can(samba: Samba, shared: DiskPlace) -> None:
    seen: list[bytes] = []

    def watch(message: bytes) -> bytes:
        seen.append(message)
        return message

    shared.put("locks/lock", b"a secret of the share")
    with tampering(samba, watch) as port:
        transport = connect(samba, shared.root.name, port=port, lane=shared.kind == "lane")
        assert transport.encrypted
        before = len(seen)
        assert transport.read_many(["locks/lock"], 100) == [b"a secret of the share"]
        transport.close()
    assert len(seen) > before
    assert all(message.startswith(b"\xfdSMB") for message in seen[before:])


def plain_connection(samba: Samba) -> DeadlineConnection:
    """smbprotocol's own, as it stays in the plain way."""
    address = SmbAddress(samba.host, "backup", "", samba.port)
    return SmbConnection(address, Login(samba.user, samba.password), Deadline(20)).underneath[0]


def header(command: int, status: int, flags: int) -> SMB2HeaderResponse:
    made = SMB2HeaderResponse()
    made["command"] = command
    made["status"] = status
    made["flags"] = flags
    return made


@pytest.mark.parametrize("command", [Commands.SMB2_CREATE, Commands.SMB2_READ, Commands.SMB2_SESSION_SETUP])
@pytest.mark.parametrize("flags", [0, Smb2Flags.SMB2_FLAGS_SIGNED])
def test_an_answer_in_the_clear_is_refused_within_an_encrypted_session(samba: Samba, command: int, flags: int) -> None:
    connection = plain_connection(samba)
    (session_id,) = connection.session_table
    with pytest.raises(SMBException):
        connection.verify_signature(header(command, NtStatus.STATUS_SUCCESS, flags), session_id)


@pytest.mark.parametrize("session_id", [0, 4711])
def test_an_answer_that_names_no_session_of_ours_is_refused(samba: Samba, session_id: int) -> None:
    """An answer to a log-on brings its own session id: once logged on, nothing may pass on such a claim."""
    connection = plain_connection(samba)
    forged = header(Commands.SMB2_SESSION_SETUP, NtStatus.STATUS_SUCCESS, 0)
    with pytest.raises(SMBException):
        connection.verify_signature(forged, session_id)


@pytest.mark.parametrize("user", ["", "nobody-here"])
def test_a_wrong_login_is_refused_and_the_password_not_told(samba: Samba, user: str) -> None:
    address = SmbAddress(samba.host, "backup", "", samba.port)
    with pytest.raises(ShareRefused) as caught:
        SmbTransport(address, Login(user or samba.user, "not-the-one"), Deadline(20))
    assert "not-the-one" not in str(caught.value)


def test_a_missing_share_is_no_refusal(samba: Samba) -> None:
    with pytest.raises(NoRepository, match="there is no share 'no-such-share'"):
        connect(samba, "", share="no-such-share")


def test_a_guest_is_refused() -> None:
    """By what the answer to the log-on says of the session: a guest's messages are not signed."""
    shares = [Share("backup", options={"guest ok": "yes"})]
    with Samba(shares, options={"map to guest": "bad user"}) as running:
        with pytest.raises(ShareRefused, match="let user 'nobody-here' in only as a guest"):
            connect(running, "", user="nobody-here")
        connect(running, "").close()


def altered_behind(offset: int) -> Alter:
    """Turns a bit of each encrypted message ([MS-SMB2] 2.2.41) over."""

    def alter(message: bytes) -> bytes:
        if not message.startswith(b"\xfdSMB"):
            return message
        return message[:offset] + bytes([message[offset] ^ 1]) + message[offset + 1 :]

    return alter


@pytest.mark.parametrize("offset", [4, 44, -1], ids=["signature", "session", "content"])
def test_an_encrypted_answer_that_was_altered_is_refused(samba: Samba, offset: int) -> None:
    refused = pytest.raises(Unreachable, match="not signed by the server we logged on to")
    with tampering(samba, altered_behind(offset)) as port, refused:
        connect(samba, "", port=port)
