"""What a CREATE's answer tells of a user's access, and that nothing else is taken for that."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockctl.errors import ConnectionLost
from lockctl.transport.smb import requests
from lockctl.transport.smb.answers import parse_maximal_access
from lockctl.transport.smb.server import Server

FIXED, HEADER = 88, 64
FULL = 0x1F01FF


def context(name: bytes, data: bytes, following: int = 0) -> bytes:
    """One SMB2_CREATE_CONTEXT ([MS-SMB2] 2.2.13.2), filled up to eight bytes."""
    start = 16 + len(name) + (-len(name) % 8)
    made = struct.pack("<IHHHHI", following, 16, len(name), 0, start, len(data)) + name.ljust(start - 16, b"\0") + data
    return made + bytes(-len(made) % 8)


def created(contexts: bytes, offset: int = HEADER + FIXED, length: int | None = None) -> bytes:
    """The answer to a CREATE, with these contexts."""
    said = len(contexts) if length is None else length
    return bytes(80) + struct.pack("<II", offset if said else 0, said) + contexts


def access(status: int = 0, mask: int = FULL) -> bytes:
    return struct.pack("<II", status, mask)


DURABLE = context(b"DHnQ", bytes(8))
LEASE = context(b"RqLs", bytes(32))


@pytest.mark.parametrize(
    ("contexts", "told"),
    [
        pytest.param(b"", None, id="no context"),
        pytest.param(context(b"MxAc", access()), FULL, id="the only one"),
        pytest.param(context(b"MxAc", access(0xC0000022)), None, id="the server could not find out"),
        pytest.param(context(b"MxAc", b""), None, id="without a word"),
        pytest.param(DURABLE, None, id="another"),
        pytest.param(context(b"DHnQ", bytes(8), 32) + context(b"MxAc", access(mask=7)), 7, id="behind another"),
        pytest.param(context(b"MxAc", access(), 32) + LEASE, FULL, id="before another"),
    ],
)
def test_what_is_told(contexts: bytes, told: int | None) -> None:
    assert parse_maximal_access(created(contexts)) == told


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bytes(87), id="cut short"),
        pytest.param(created(context(b"MxAc", access()), offset=HEADER), id="in the answer's own fields"),
        pytest.param(created(context(b"MxAc", access()), length=1000), id="longer than the frame"),
        pytest.param(created(context(b"MxAc", access())[:20]), id="a context that is cut short"),
        pytest.param(created(context(b"MxAc", access()[:4])[:28]), id="half an answer"),
    ],
)
def test_what_is_not_whole_is_a_lost_connection(data: bytes) -> None:
    with pytest.raises(ConnectionLost):
        parse_maximal_access(data)


@given(st.integers(0, 2**32 - 1), st.binary(max_size=200))
def test_a_chain_of_contexts_ends(following: int, data: bytes) -> None:
    try:
        parse_maximal_access(created(context(b"DHnQ", data, following)))
    except ConnectionLost:
        return


@pytest.mark.parametrize(
    ("access", "may"),
    [
        pytest.param(0x1F01FF, True, id="full control"),
        pytest.param(0x1301BF, True, id="Windows: modify"),
        pytest.param(0x1200A9, False, id="Windows: read and execute"),
        pytest.param(0x1201BF, False, id="Windows: write, and no deletion"),
        pytest.param(0x1F00A9, False, id="Samba: a share that is read only"),
        pytest.param(0x1700A9, False, id="Samba: the owner of a directory without w"),
        pytest.param(0x1300A9, False, id="Samba: another user, where the parent can be written"),
        pytest.param(0x80, False, id="Samba: another user, without any permission"),
        pytest.param(0, False, id="nothing"),
    ],
)
def test_what_permits_deletion(access: int, may: bool) -> None:
    """Samba's as 4.17 told them."""
    assert requests.permits_deletion(access) is may


@pytest.mark.parametrize("path", ["", "a", "ab", "abc", "repo/locks"])
def test_the_question_lies_where_the_request_says(path: str) -> None:
    """On a boundary of eight bytes, as [MS-SMB2] 2.2.13 wants it; and without a question there is none."""
    body = requests.create_asking_access(path, requests.LOOK, requests.SHARE_ALL, requests.OPEN_DIRECTORY).body
    offset, length = struct.unpack_from("<II", body, 48)
    assert offset % 8 == 0
    assert body[offset - HEADER + 16 : offset - HEADER + 20] == b"MxAc"
    assert offset - HEADER + length == len(body)
    name_at, name_length = struct.unpack_from("<HH", body, 44)
    assert body[name_at - HEADER :][:name_length].decode("utf-16-le") == path.replace("/", "\\")
    plain = requests.create(path, requests.LOOK, requests.SHARE_ALL, requests.OPEN_DIRECTORY).body
    assert struct.unpack_from("<II", plain, 48) == (0, 0)


@pytest.mark.parametrize(
    ("dialect", "name"),
    [(0x202, "SMB 2.0.2"), (0x210, "SMB 2.1"), (0x300, "SMB 3.0"), (0x302, "SMB 3.0.2"), (0x311, "SMB 3.1.1")],
)
def test_names_of_dialects(dialect: int, name: str) -> None:
    assert Server(0, 0.0, 0, 0, 0, encrypts=True, dialect=dialect).dialect_name == name
