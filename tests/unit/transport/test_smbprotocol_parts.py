"""What lockctl uses of smbprotocol beyond its documented calls. A version that lacks a part fails here first."""

from __future__ import annotations

import ast
import inspect
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from smbprotocol.connection import Connection, Request, SMB2NegotiateResponse
from smbprotocol.exceptions import LogonFailure
from smbprotocol.header import SMB2HeaderRequest
from smbprotocol.open import SMB2CreateRequest, SMB2ReadRequest
from smbprotocol.session import Session, SessionFlags
from smbprotocol.transport import Tcp
from smbprotocol.tree import TreeConnect

import lockctl.transport.smb.hardening as hardening
from lockctl.clock.deadline import Deadline
from lockctl.transport.smb.hardening import BoundedTcp, DeadlineConnection
from tests.lab.processes import free_port

FOLDER = Path(hardening.__file__).parent
CONNECTION = Connection(uuid.uuid4(), "nas", 445)
SESSION = Session(CONNECTION, "user", "password")
REQUEST = Request(SMB2HeaderRequest(), SMB2ReadRequest, CONNECTION)

PRIVATE_ATTRIBUTES: dict[str, tuple[object, str]] = {
    "_sock": (Tcp("nas", 445, 1), "the socket: a send that the server does not take must end"),
    "_t_worker": (CONNECTION, "the receiving thread: when it has ended no answer comes any more"),
}
"""Of an object before it is connected, and what for."""
PRIVATE_METHODS: dict[str, tuple[Callable[..., Any], list[str], str]] = {
    "_recv": (Tcp._recv, ["self", "length", "timeout"], "before a buffer of the announced length is made"),
    "_calculate_credit_charge": (
        Connection._calculate_credit_charge,
        ["self", "message"],
        "what a message costs, so that credits are waited for",
    ),
    "_send_smb2_negotiate": (
        Connection._send_smb2_negotiate,
        ["self", "dialect", "timeout", "encryption_algorithms", "signing_algorithms"],
        "the server's clock in its answer",
    ),
    "_decrypt": (Connection._decrypt, ["self", "message"], "an answer that was altered on the way"),
}
"""What is called or overridden, its parameters, and what for."""
PUBLIC_ATTRIBUTES: list[tuple[object, list[str]]] = [
    (
        CONNECTION,
        "dialect max_read_size max_transact_size max_write_size sequence_window session_table supports_encryption "
        "transport".split(),
    ),
    (SESSION, ["encrypt_data", "session_id"]),
    (TreeConnect(SESSION, "\\\\nas\\backup"), ["tree_connect_id"]),
    (REQUEST, ["message", "response", "response_event", "response_event_lock"]),
    (LogonFailure(), ["status"]),
    (Tcp("nas", 445, 1), ["server", "port", "timeout", "connected"]),
    (SessionFlags, ["SMB2_SESSION_FLAG_IS_GUEST", "SMB2_SESSION_FLAG_IS_NULL"]),
]
PUBLIC_METHODS: list[tuple[Callable[..., Any], list[str]]] = [
    (Connection.send, ["message", "sid", "tid", "credit_request"]),
    (Connection.send_compound, ["messages", "sid", "tid", "related"]),
    (Connection.receive, ["request", "wait", "timeout", "resolve_symlinks"]),
    (Connection.verify_signature, ["header", "session_id", "force"]),
    (Connection.connect, ["timeout"]),
    (Tcp.send, ["header"]),
    (Tcp.close, []),
]


def private_names() -> set[str]:
    """What begins with one underscore in the sources of the transport and is not defined there."""
    used: set[str] = set()
    own: set[str] = set()
    overridden: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.ClassDef(bases=[ast.Name(id="Connection" | "Tcp")]):
                    overridden |= {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
                case ast.FunctionDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                    own.add(name)
                case ast.Attribute(attr=name, ctx=ast.Store()):
                    own.add(name)
                case ast.Attribute(attr=name):
                    used.add(name)
    theirs = {name for name in overridden if hasattr(Connection, name) or hasattr(Tcp, name)}
    return {name for name in (used - own) | theirs if name.startswith("_") and not name.startswith("__")}


def test_every_private_part_that_is_used_is_named_here() -> None:
    assert private_names() == PRIVATE_ATTRIBUTES.keys() | PRIVATE_METHODS.keys()


@pytest.mark.parametrize("name", PRIVATE_ATTRIBUTES)
def test_private_attributes(name: str) -> None:
    of, purpose = PRIVATE_ATTRIBUTES[name]
    assert hasattr(of, name), f"smbprotocol's {type(of).__name__} has no {name} any more; it was {purpose}"


@pytest.mark.parametrize("name", PRIVATE_METHODS)
def test_private_methods(name: str) -> None:
    method, parameters, purpose = PRIVATE_METHODS[name]
    assert list(inspect.signature(method).parameters) == parameters, f"{name} has changed; it was {purpose}"


@pytest.mark.parametrize(("of", "names"), PUBLIC_ATTRIBUTES, ids=lambda one: type(one).__name__)
def test_attributes(of: object, names: list[str]) -> None:
    missing = [name for name in names if not hasattr(of, name)]
    assert missing == [], f"smbprotocol's {type(of).__name__} has changed"


@pytest.mark.parametrize(("method", "parameters"), PUBLIC_METHODS, ids=lambda one: getattr(one, "__qualname__", ""))
def test_methods(method: Callable[..., Any], parameters: list[str]) -> None:
    missing = set(parameters) - inspect.signature(method).parameters.keys()
    assert missing == set(), f"smbprotocol's {method.__qualname__} has changed"


def test_what_messages_cost() -> None:
    """One credit for each 64 KiB, and none before SMB 2.1, where each message takes one all the same."""
    large = SMB2ReadRequest()
    large["length"] = 65537
    connection = DeadlineConnection("nas", 445, Deadline())
    assert (connection.charge(large, SMB2CreateRequest()), connection.credits_at_hand) == (2, 1)
    connection.supports_multi_credit = True
    assert connection.charge(large, SMB2CreateRequest()) == 3


def test_the_answer_to_negotiate_has_the_servers_clock_in_eight_bytes() -> None:
    assert len(SMB2NegotiateResponse()["system_time"].pack()) == 8


def test_connecting_makes_a_socket_of_our_kind() -> None:
    connection = DeadlineConnection("127.0.0.1", free_port(), Deadline())
    assert connection.transport is None
    with pytest.raises(ValueError, match="Failed to connect") as caught:
        connection.connect(timeout=5)
    assert isinstance(caught.value.__cause__, OSError)
    assert isinstance(connection.transport, BoundedTcp)
