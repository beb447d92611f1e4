"""The map of errors is complete: all that smbprotocol and spnego can raise, and each NTSTATUS, becomes one of ours."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import socket
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import smbprotocol
import spnego
from smbprotocol.exceptions import (
    SMBAuthenticationError,
    SMBConnectionClosed,
    SMBException,
    SMBLinkRedirectionError,
    SMBOSError,
    SMBResponseException,
    SMBUnsupportedFeature,
)
from smbprotocol.header import NtStatus, SMB2HeaderResponse
from smbprotocol.structure import InvalidFieldDefinition
from spnego.exceptions import FeatureMissingError, NativeError, NegotiateOptions, SpnegoError

import lockctl.transport.smb.errors as ours
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
from lockctl.transport.smb.errors import translate_connect, translate_file

FOLDER = Path(ours.__file__).parent
MISLEADING = "guest, signature, in the clear, credits, not found"
"""A text that must not decide anything."""

CONNECT: list[tuple[Exception, type[LockctlError]]] = [
    (SMBException(MISLEADING), Unreachable),
    (SMBConnectionClosed(MISLEADING), Unreachable),
    (SMBAuthenticationError(MISLEADING), ShareRefused),
    (SMBOSError(NtStatus.STATUS_OBJECT_NAME_NOT_FOUND, MISLEADING), Unreachable),
    (SMBOSError(NtStatus.STATUS_LOGON_FAILURE, MISLEADING), Unreachable),
    (SMBLinkRedirectionError(MISLEADING, "path", "target"), Unreachable),
    (SMBUnsupportedFeature(0x0202, 0x0311, MISLEADING), Unreachable),
    (InvalidFieldDefinition(MISLEADING), Unreachable),
    (FeatureMissingError(NegotiateOptions.negotiate_kerberos), ShareRefused),
    (NativeError(MISLEADING), Unreachable),
    (ours.WireError(), Unreachable),
    (ours.Forged(), Unreachable),
    (ours.TooFewCredits(), Unreachable),
    (ours.TooLong(), Unreachable),
    (ours.GuestOnly(), ShareRefused),
    # What is raised besides, by them and by Python below them.
    (ValueError(MISLEADING), Unreachable),
    (TypeError(MISLEADING), Unreachable),
    (KeyError(MISLEADING), Unreachable),
    (IndexError(MISLEADING), Unreachable),
    (AttributeError(MISLEADING), Unreachable),
    (NotImplementedError(MISLEADING), Unreachable),
    (ImportError(MISLEADING), Unreachable),
    (struct.error(MISLEADING), Unreachable),
    (UnicodeDecodeError("utf-8", b"x", 0, 1, MISLEADING), Unreachable),
    (MemoryError(), Unreachable),
    (TimeoutError(MISLEADING), Unreachable),
    (ConnectionResetError(104, MISLEADING), Unreachable),
    (socket.gaierror(-2, MISLEADING), Unreachable),
]
RESPONSES = (SMBResponseException, SpnegoError)
"""Families with a class for each status or code: they are made below."""

LOGON = "STATUS_LOGON_FAILURE STATUS_WRONG_PASSWORD STATUS_PASSWORD_EXPIRED STATUS_ACCESS_DENIED".split()
FILE = {
    NotFound: (
        "STATUS_NO_SUCH_FILE STATUS_OBJECT_NAME_NOT_FOUND STATUS_OBJECT_PATH_NOT_FOUND STATUS_OBJECT_NAME_INVALID "
        "STATUS_OBJECT_PATH_INVALID STATUS_OBJECT_PATH_SYNTAX_BAD STATUS_NOT_FOUND STATUS_DELETE_PENDING"
    ),
    NotADirectory: "STATUS_NOT_A_DIRECTORY",
    PermissionRefused: "STATUS_ACCESS_DENIED STATUS_PRIVILEGE_NOT_HELD STATUS_CANNOT_DELETE",
    InUse: "STATUS_SHARING_VIOLATION",
    NameTaken: "STATUS_OBJECT_NAME_COLLISION",
    ShareFull: "STATUS_DISK_FULL",
    ConnectionLost: "STATUS_USER_SESSION_DELETED STATUS_NETWORK_NAME_DELETED",
    # Their names say all that is known of them.
    FileError: (
        "STATUS_UNSUCCESSFUL STATUS_PENDING STATUS_NOTIFY_CLEANUP STATUS_NOTIFY_ENUM_DIR STATUS_BUFFER_OVERFLOW "
        "STATUS_NO_MORE_FILES STATUS_END_OF_FILE STATUS_INVALID_EA_NAME STATUS_EA_LIST_INCONSISTENT "
        "STATUS_STOPPED_ON_SYMLINK STATUS_INVALID_INFO_CLASS STATUS_INFO_LENGTH_MISMATCH STATUS_INVALID_HANDLE "
        "STATUS_INVALID_PARAMETER STATUS_INVALID_DEVICE_REQUEST STATUS_MORE_PROCESSING_REQUIRED "
        "STATUS_BUFFER_TOO_SMALL STATUS_EAS_NOT_SUPPORTED STATUS_EA_TOO_LARGE STATUS_NONEXISTENT_EA_ENTRY "
        "STATUS_NO_EAS_ON_FILE STATUS_EA_CORRUPT_ERROR STATUS_WRONG_PASSWORD STATUS_LOGON_FAILURE "
        "STATUS_PASSWORD_EXPIRED STATUS_NONE_MAPPED STATUS_INSUFFICIENT_RESOURCES "
        "STATUS_PIPE_NOT_AVAILABLE STATUS_PIPE_BUSY STATUS_PIPE_DISCONNECTED STATUS_PIPE_CLOSING STATUS_PIPE_EMPTY "
        "STATUS_PIPE_BROKEN STATUS_IO_TIMEOUT STATUS_FILE_IS_A_DIRECTORY STATUS_NOT_SUPPORTED "
        "STATUS_BAD_NETWORK_NAME STATUS_REQUEST_NOT_ACCEPTED STATUS_INTERNAL_ERROR STATUS_DIRECTORY_NOT_EMPTY "
        "STATUS_CANCELLED STATUS_FILE_CLOSED STATUS_FS_DRIVER_REQUIRED STATUS_INSUFF_SERVER_RESOURCES "
        "STATUS_PATH_NOT_COVERED STATUS_DFS_UNAVAILABLE STATUS_NOT_A_REPARSE_POINT STATUS_SERVER_UNAVAILABLE"
    ),
}
KIND_OF = {name: kind for kind, names in FILE.items() for name in names.split()}
STATUSES = {name: value for name, value in vars(NtStatus).items() if name.startswith("STATUS_")}
OUR_STATUSES = {name: value for name, value in vars(ours).items() if name.startswith("STATUS_")}


def load_all(library: ModuleType) -> None:
    """Import every module of a library, so that every class of its errors exists."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        for module in pkgutil.walk_packages(library.__path__, f"{library.__name__}."):
            importlib.import_module(module.name)


def below(kind: type[Exception]) -> Iterator[type[Exception]]:
    for one in type.__subclasses__(kind):
        yield one
        yield from below(one)


def raised_by(*libraries: ModuleType) -> set[type[Exception]]:
    """Every class of errors that these libraries define."""
    for library in libraries:
        load_all(library)
    roots = {library.__name__ for library in libraries}
    return {kind for kind in below(Exception) if kind.__module__.split(".")[0] in roots}


def answered(status: int) -> SMBResponseException:
    """What smbprotocol raises for an answer with this status."""
    header = SMB2HeaderResponse()
    header["status"] = status
    return SMBResponseException(header)


def connecting(error: Exception) -> LockctlError:
    return translate_connect(error, "nas", 445, "backup", "web1")


def test_every_class_of_error_is_listed_here() -> None:
    listed = {type(error) for error, _ in CONNECT}
    new = {kind for kind in raised_by(smbprotocol, spnego) - listed if not issubclass(kind, RESPONSES)}
    assert new == set(), "new in the library: say in CONNECT, and in lockctl/transport/smb/errors.py, what it becomes"
    assert set(below(ours.WireError)) <= listed


@pytest.mark.parametrize(
    ("error", "kind"), CONNECT, ids=lambda one: type(one).__name__ if isinstance(one, Exception) else ""
)
def test_what_connecting_raises(error: Exception, kind: type[LockctlError]) -> None:
    assert type(connecting(error)) is kind
    assert "nas" in str(connecting(error))


def test_what_logging_on_raises() -> None:
    """Every error of spnego that has a code, and one that is new to it."""
    load_all(spnego)
    for kind in below(SpnegoError):
        assert type(connecting(kind(context_msg=MISLEADING))) is ShareRefused  # type: ignore[call-arg]
    assert type(connecting(SpnegoError(4711))) is ShareRefused


@pytest.mark.parametrize("status", {**STATUSES, **OUR_STATUSES}.items(), ids=lambda one: str(one[0]))
def test_what_a_server_answers_when_a_share_is_opened(status: tuple[str, int]) -> None:
    name, value = status
    expected: type[LockctlError] = Unreachable
    if name == "STATUS_BAD_NETWORK_NAME":
        expected = NoRepository
    elif name in LOGON or (name in OUR_STATUSES and value in ours._LOGON):
        expected = ShareRefused if name == "STATUS_ACCESS_DENIED" else LogonRefused
    assert type(connecting(answered(value))) is expected


def test_every_status_is_listed_here() -> None:
    missing = STATUSES.keys() - KIND_OF.keys() - {"STATUS_SUCCESS"}
    assert missing == set(), "new in the library: say in FILE, and in lockctl/transport/smb/errors.py, what it becomes"
    assert KIND_OF.keys() <= STATUSES.keys()


@pytest.mark.parametrize("name", sorted(KIND_OF))
def test_what_a_server_answers_about_a_file(name: str) -> None:
    error = translate_file(STATUSES[name], "locks/x")
    assert type(error) is KIND_OF[name]
    assert type(error) is ConnectionLost or str(error).startswith("locks/x: ")
    if type(error) is FileError:
        assert name in str(error)


@pytest.mark.parametrize("status", [*OUR_STATUSES.values(), 0xC0FFEE, 0xFFFFFFFF])
def test_a_status_that_smbprotocol_does_not_know(status: int) -> None:
    error = translate_file(status, "locks/x")
    assert isinstance(error, FileError | ConnectionLost)
    assert type(error) is not FileError or f"NTSTATUS 0x{status:08x}" in str(error)


@pytest.mark.parametrize("module", sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.py")))
def test_nothing_is_decided_by_an_errors_text(module: str) -> None:
    """No text is looked for in another."""
    for node in ast.walk(ast.parse((FOLDER / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            assert not (isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)), ast.unparse(node)
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) != "str" or ast.unparse(node.args[0]) != "error"
