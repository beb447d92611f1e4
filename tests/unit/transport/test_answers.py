"""The answers of a server, whatever bytes they are: each parser gives a value or ConnectionLost, and ends."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockctl.errors import ConnectionLost
from lockctl.transport.base import Entry
from lockctl.transport.smb import answers
from lockctl.transport.smb.requests import CREDIT_UNIT

PARSERS: dict[str, Callable[[bytes], object]] = {
    "create": answers.parse_create,
    "maximal access": answers.parse_maximal_access,
    "session flags": answers.parse_session_flags,
    "buffer": answers.parse_buffer,
    "read": lambda data: answers.parse_read(data, CREDIT_UNIT),
    "standard": answers.parse_standard,
    "entries": lambda data: list(answers.parse_entries(data)),
}
FIXED = {"buffer": 8, "read": 16}
"""Bytes of the answer itself, before its payload."""
ENTRY_SIZE = 104
HEADER = 64


def answer(parser: str, offset: int, length: int, payload: bytes) -> bytes:
    """An answer to QUERY_DIRECTORY or QUERY_INFO ([MS-SMB2] 2.2.34), or to READ (2.2.20), with one byte of padding."""
    if parser == "buffer":
        return struct.pack("<HHI", 9, offset, length) + b"p" + payload
    return struct.pack("<HBBIII", 17, offset, 0, length, 0, 0) + b"p" + payload


def entry_bytes(name: bytes, following: int = 0, length: int | None = None, size: int = 150) -> bytes:
    """One FileIdBothDirectoryInformation ([MS-FSCC] 2.4.17)."""
    named = len(name) if length is None else length
    times = (answers._FILETIME_EPOCH + number for number in range(1, 5))
    return struct.pack("<IIqqqqqqIIIBB24sHQ", following, 0, *times, size, 0, 0x20, named, 0, 0, 0, b"", 0, 7) + name


def chain(*names: str) -> bytes:
    """A whole listing, as a server sends it."""
    parts = [name.encode("utf-16-le") for name in names]
    made = [entry_bytes(part, ENTRY_SIZE + len(part) if part is not parts[-1] else 0) for part in parts]
    return b"".join(made)


def names(data: bytes) -> list[str]:
    return [entry.name for entry in answers.parse_entries(data)]


@pytest.mark.parametrize("parser", PARSERS)
@given(data=st.binary(max_size=400))
def test_any_bytes_give_a_value_or_a_lost_connection(parser: str, data: bytes) -> None:
    try:
        value = PARSERS[parser](data)
    except ConnectionLost:
        return
    if isinstance(value, bytes):
        assert len(value) <= len(data)
        assert value in data
    if isinstance(value, list):
        assert len(value) <= len(data) // ENTRY_SIZE
        assert sum(len(entry.name) for entry in value) <= len(data)


@pytest.mark.parametrize("parser", FIXED)
@given(payload=st.binary(max_size=100), offset=st.integers(0, 255), length=st.integers(0, 2**32 - 1))
def test_a_payload_is_what_the_answer_says_or_a_lost_connection(
    parser: str, payload: bytes, offset: int, length: int
) -> None:
    data = answer(parser, offset, length, payload)
    start = offset - HEADER
    whole = FIXED[parser] <= start and start + length <= len(data)
    if whole or not length:
        assert PARSERS[parser](data) == (data[start : start + length] if length else b"")
    else:
        with pytest.raises(ConnectionLost):
            PARSERS[parser](data)


@pytest.mark.parametrize("parser", FIXED)
@pytest.mark.parametrize(
    ("away", "length"),
    [
        pytest.param(-HEADER, 4, id="nowhere"),
        pytest.param(-1, 4, id="in the answer's own fields"),
        pytest.param(0, 12, id="longer than the frame"),
        pytest.param(12, 1, id="behind the frame"),
        pytest.param(0, 2**32 - 1, id="as long as can be said"),
    ],
)
def test_a_payload_that_is_not_there_is_a_lost_connection(parser: str, away: int, length: int) -> None:
    fixed = FIXED[parser]
    offset = max(0, HEADER + fixed + away)
    with pytest.raises(ConnectionLost, match=r"does not hold what it says|more of a file"):
        PARSERS[parser](answer(parser, offset, length, b"0123456789"))


@pytest.mark.parametrize("parser", FIXED)
def test_a_payload_from_the_first_to_the_last_byte(parser: str) -> None:
    offset = HEADER + FIXED[parser]
    assert PARSERS[parser](answer(parser, offset + 1, 10, b"0123456789")) == b"0123456789"
    assert PARSERS[parser](answer(parser, offset, 11, b"0123456789")) == b"p0123456789"
    assert PARSERS[parser](answer(parser, 0, 0, b"")) == b""


def test_a_read_brings_no_more_than_was_asked_for() -> None:
    data = answer("read", HEADER + 17, 10, b"0123456789")
    assert answers.parse_read(data, 10) == b"0123456789"
    with pytest.raises(ConnectionLost, match="more of a file than was asked for"):
        answers.parse_read(data, 9)
    with pytest.raises(ConnectionLost):
        answers.parse_read(answer("read", HEADER + 17, CREDIT_UNIT + 1, bytes(CREDIT_UNIT + 1)), CREDIT_UNIT)


def test_a_listing() -> None:
    assert names(chain(".", "..", "a", "ünï", "💾")) == [".", "..", "a", "ünï", "💾"]
    assert names(b"") == []
    (entry,) = answers.parse_entries(chain("lock"))
    assert entry == Entry("lock", 150, created=100, written=300, changed=400, file_id=7, accessed=200)


def test_names_that_are_no_text_and_names_that_lead_elsewhere_are_listed() -> None:
    odd = ["", "..\\up", "a/b", "a\0b", "C:\\x", "*", "dot."]
    assert names(chain(*odd, "lock")) == [*odd, "lock"]
    for name in (b"\x00\xd8", b"a", b"a\0\x00\xdc"):  # half of a pair, half a character, the other half
        (listed,) = names(entry_bytes(name))
        assert "\ufffd" in listed


@given(
    data=st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=20)), max_size=6)
)
def test_a_chain_of_entries_never_loops(data: list[tuple[int, int, bytes]]) -> None:
    """Whatever the next offset and the name's length say."""
    listing = b"".join(entry_bytes(name, following % 300, length % 30) for following, length, name in data)
    try:
        found = list(answers.parse_entries(listing))
    except ConnectionLost:
        return
    assert len(found) <= len(listing) // ENTRY_SIZE


@pytest.mark.parametrize(
    ("following", "length"),
    [(1, 0), (ENTRY_SIZE - 1, 0), (ENTRY_SIZE + 7, 8), (2**32 - 1, 8), (0, 9), (0, 2**32 - 1), (1000, 8)],
)
def test_entries_that_overlap_or_leave_the_frame_are_a_lost_connection(following: int, length: int) -> None:
    with pytest.raises(ConnectionLost):
        list(answers.parse_entries(entry_bytes(b"lock\0\0\0\0", following, length)))


@pytest.mark.parametrize(("links", "pending"), [(1, 0), (0, 0), (1, 1), (2, 0)])
def test_how_many_names_a_file_has_and_whether_it_goes(links: int, pending: int) -> None:
    assert answers.parse_standard(struct.pack("<qqIBBH", 0, 0, links, pending, 0, 0)) == (links, bool(pending))


@pytest.mark.parametrize("parser", ["create", "session flags", "buffer", "read", "standard"])
def test_an_answer_that_is_cut_short(parser: str) -> None:
    with pytest.raises(ConnectionLost, match="cut short"):
        PARSERS[parser](b"\x09\0\0"[: 3 if parser != "session flags" else 2])
