"""What smbprotocol raises becomes lockctl's errors: once, here, by NTSTATUS or type and never by text.

tests/unit/transport/test_smb_errors.py lists all that it can raise.
"""

from __future__ import annotations

from smbprotocol.exceptions import (
    SMBAuthenticationError,
    SMBConnectionClosed,
    SMBException,
    SMBResponseException,
)
from smbprotocol.header import NtStatus
from spnego.exceptions import FeatureMissingError, SpnegoError

from lockctl.errors import (
    ConnectionLost,
    FileError,
    InUse,
    LockctlError,
    LogonRefused,
    NameTaken,
    NoRepository,
    NotADirectory,
    NotFound,
    PermissionRefused,
    ShareFull,
    ShareRefused,
    Unreachable,
)


class WireError(SMBException):  # type: ignore[misc]
    """What our own connection finds wrong, within smbprotocol's thread or calls. `reason` ends a sentence."""

    reason = ""


class Forged(WireError):
    """An answer that the server we logged on to has not signed, or not encrypted, with our session's key."""

    reason = "it sent an answer that is not signed by the server we logged on to"


class TooFewCredits(WireError):
    """A message costs more than the server has granted, and no answer is awaited that would bring more."""

    reason = "it grants too few credits"


class TooLong(WireError):
    """A message was announced that is longer than any can be: what speaks there is not SMB."""

    reason = "it sent what is no SMB message"


class GuestOnly(WireError):
    """The log-on made us a guest or nobody."""

    reason = "it let us in only as a guest"


STATUS_NO_SUCH_USER = 0xC0000064
STATUS_ACCOUNT_RESTRICTION = 0xC000006E
STATUS_INVALID_LOGON_HOURS = 0xC000006F
STATUS_INVALID_WORKSTATION = 0xC0000070
STATUS_ACCOUNT_DISABLED = 0xC0000072
STATUS_LOGON_TYPE_NOT_GRANTED = 0xC000015B
STATUS_ACCOUNT_EXPIRED = 0xC0000193
STATUS_PASSWORD_MUST_CHANGE = 0xC0000224
STATUS_ACCOUNT_LOCKED_OUT = 0xC0000234
STATUS_MEDIA_WRITE_PROTECTED = 0xC00000A2
STATUS_NETWORK_SESSION_EXPIRED = 0xC000035C
STATUS_CONNECTION_RESET = 0xC000020D
STATUS_CONNECTION_DISCONNECTED = 0xC000020C
STATUS_FILE_LOCK_CONFLICT = 0xC0000054
STATUS_QUOTA_EXCEEDED = 0xC0000044

_LOGON = {
    NtStatus.STATUS_LOGON_FAILURE: "wrong user or password",
    NtStatus.STATUS_WRONG_PASSWORD: "wrong password",
    NtStatus.STATUS_PASSWORD_EXPIRED: "the password has expired",
    NtStatus.STATUS_ACCESS_DENIED: "access denied",
    STATUS_NO_SUCH_USER: "no such user",
    STATUS_ACCOUNT_RESTRICTION: "the account is restricted",
    STATUS_INVALID_LOGON_HOURS: "not at this hour",
    STATUS_INVALID_WORKSTATION: "not from this machine",
    STATUS_ACCOUNT_DISABLED: "the account is disabled",
    STATUS_LOGON_TYPE_NOT_GRANTED: "the account may not log on over the network",
    STATUS_ACCOUNT_EXPIRED: "the account has expired",
    STATUS_PASSWORD_MUST_CHANGE: "the password must be changed first",
    STATUS_ACCOUNT_LOCKED_OUT: "the account is locked out",
}
_FILE: dict[int, type[FileError]] = {
    NtStatus.STATUS_NO_SUCH_FILE: NotFound,
    NtStatus.STATUS_OBJECT_NAME_NOT_FOUND: NotFound,
    NtStatus.STATUS_OBJECT_PATH_NOT_FOUND: NotFound,
    NtStatus.STATUS_OBJECT_PATH_INVALID: NotFound,
    NtStatus.STATUS_NOT_FOUND: NotFound,
    NtStatus.STATUS_OBJECT_NAME_INVALID: NotFound,
    NtStatus.STATUS_OBJECT_PATH_SYNTAX_BAD: NotFound,
    NtStatus.STATUS_NOT_A_DIRECTORY: NotADirectory,
    NtStatus.STATUS_DELETE_PENDING: NotFound,
    NtStatus.STATUS_ACCESS_DENIED: PermissionRefused,
    NtStatus.STATUS_PRIVILEGE_NOT_HELD: PermissionRefused,
    NtStatus.STATUS_CANNOT_DELETE: PermissionRefused,
    STATUS_MEDIA_WRITE_PROTECTED: PermissionRefused,
    NtStatus.STATUS_SHARING_VIOLATION: InUse,
    STATUS_FILE_LOCK_CONFLICT: InUse,
    NtStatus.STATUS_OBJECT_NAME_COLLISION: NameTaken,
}
_SENTENCES: dict[type[FileError], str] = {
    NotFound: "not found on the share",
    NotADirectory: "no directory, or within a file",
    PermissionRefused: "the server does not permit it to this user",
    InUse: "another program has it open and does not share it",
    NameTaken: "a file of that name is there already",
}
_FULL = (NtStatus.STATUS_DISK_FULL, STATUS_QUOTA_EXCEEDED)
_SESSION_ENDED = {
    NtStatus.STATUS_USER_SESSION_DELETED,
    NtStatus.STATUS_NETWORK_NAME_DELETED,
    STATUS_NETWORK_SESSION_EXPIRED,
    STATUS_CONNECTION_RESET,
    STATUS_CONNECTION_DISCONNECTED,
}


def translate_file(status: int, path: str) -> LockctlError:
    """The error for this NTSTATUS in answer to a request about `path`."""
    if status in _SESSION_ENDED:
        return lost("the server ended the session")
    if status in _FULL:
        return ShareFull(path)
    kind = _FILE.get(status)
    if kind is not None:
        return kind(f"{path}: {_SENTENCES[kind]}")
    return FileError(f"{path}: the server answered {status_name(status)}")


def answered(answer: bytes | int, path: str) -> bytes:
    """The bytes of an answer to a request about `path`; raises the error for its NTSTATUS, where it is one."""
    if isinstance(answer, int):
        raise translate_file(answer, path)
    return answer


def translate_connect(error: Exception, host: str, port: int, share: str, user: str) -> LockctlError:
    """The error for whatever connecting, logging on or opening the share raised."""
    who = f"user {user!r}" if user else "a user without a name"
    match error:
        case SMBResponseException():
            return _translate_answer(error.status, host, share, who)
        case GuestOnly():
            return ShareRefused(
                f"{host} let {who} in only as a guest, whose messages cannot be signed", "Give a real account"
            )
        case Forged() | TooFewCredits():
            return Unreachable(
                f"cannot use {host} port {port}: {error.reason}", "Look who answers there, and what is between"
            )
        case SMBAuthenticationError() | SpnegoError() | FeatureMissingError():
            return ShareRefused(f"{host} and lockctl found no common way to log on {who}", "Give a user and a password")
        case SMBConnectionClosed():
            return Unreachable(
                f"{host} port {port} closed the connection at once", "Is an SMB server behind that port?"
            )
        case OSError() | ValueError(__cause__=OSError()):  # what no connection can be made for is a ValueError
            cause = error.__cause__ or error
            reason = getattr(cause, "strerror", None) or "no answer"
            return Unreachable(
                f"cannot connect to {host} port {port}: {reason}", "Check the host, the port and the network"
            )
    return Unreachable(f"{host} port {port} does not speak SMB as lockctl needs it: signed, and SMB 2 or newer")


def _translate_answer(status: int, host: str, share: str, who: str) -> LockctlError:
    if status == NtStatus.STATUS_BAD_NETWORK_NAME:
        return NoRepository(f"there is no share {share!r} on {host}", f"See smbclient -L //{host}")
    if status in _LOGON:
        # Access can be denied to one share alone, and locks no account.
        kind = ShareRefused if status == NtStatus.STATUS_ACCESS_DENIED else LogonRefused
        return kind(
            f"{host} refused {who} for share {share!r}: {_LOGON[status]}",
            "Check the user and LOCKCTL_SMB_PASSWORD, --smb-credentials or rclone's remote",
        )
    return Unreachable(f"{host} answered {status_name(status)} when share {share!r} was opened")


def lost(reason: str) -> ConnectionLost:
    """The connection is gone: what was asked last is neither done nor undone."""
    return ConnectionLost(f"connection to the server lost: {reason}", "Run the command again")


def status_name(status: int) -> str:
    """`STATUS_ACCESS_DENIED`, or the number where smbprotocol has no name for it."""
    names = {value: name for name, value in vars(NtStatus).items() if name.startswith("STATUS_")}
    return str(names.get(status, f"NTSTATUS 0x{status:08x}"))
