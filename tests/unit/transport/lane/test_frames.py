"""Frames: what is packed can be read again, and nothing that a server says of lengths leads out of one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockctl.transport.smb import requests
from lockctl.transport.smb.lane.frames import HEADER, Part, body_of, cost, pack, split
from lockctl.transport.smb.lane.unexpected import Unexpected
from tests.unit.transport.lane.server import message

CLOSE = requests.close(requests.RELATED)


def test_requests_lie_one_behind_the_other_each_where_the_one_before_says() -> None:
    path = requests.create("locks/a", 1, 7, 1)
    parts = [Part(path, 4, 1, 1, False), Part(CLOSE, 5, 1, 1, True), Part(path, 6, 1, 1, False)]
    messages = pack(parts, 7, 8, signed=True)
    frame = b"".join(messages)
    start = 0
    for part, one in zip(parts, messages, strict=True):
        fields = HEADER.unpack_from(frame, start)
        assert fields[:2] == (b"\xfeSMB", 64)
        assert (fields[4], fields[8], fields[10], fields[11]) == (part.request.COMMAND, part.message_id, 8, 7)
        assert fields[6] == 0x8 | (0x4 if part.related else 0)
        assert frame[start + 64 :].startswith(part.request.body)
        assert fields[7] == (len(one) if part is not parts[-1] else 0)
        start += fields[7]
    assert all(len(one) % 8 == 0 for one in messages[:-1])


@pytest.mark.parametrize(("payload", "charge"), [(0, 1), (1, 1), (65536, 1), (65537, 2), (2**20, 16)])
def test_what_a_request_costs(payload: int, charge: int) -> None:
    request = requests.Request(8, b"", payload=payload)
    assert (cost(request, multi_credit=True), cost(request, multi_credit=False)) == (charge, 1)


def test_answers_of_one_frame() -> None:
    frame = message(1, 5, b"a" * 8, following=72) + message(2, 8, b"rest")
    answers = list(split(frame))
    assert [(one.message_id, one.command, body_of(frame, one)) for one in answers] == [
        (1, 5, b"a" * 8),
        (2, 8, b"rest"),
    ]


@pytest.mark.parametrize("following", [1, 8, 56, 63, 65, 80, 2**31, 2**32 - 8, 2**32 - 72])
def test_an_answer_that_says_the_next_one_lies_elsewhere(following: int) -> None:
    """Into itself, behind the end, or so far on that it would come round to before the beginning."""
    frame = message(1, 5, b"a" * 8, following=following) + message(2, 5, b"b" * 8)
    with pytest.raises(Unexpected):
        list(split(frame))


@pytest.mark.parametrize("cut", [0, 1, 63])
def test_a_header_that_is_cut_short(cut: int) -> None:
    with pytest.raises(Unexpected):
        list(split(message(1, 5)[:cut]))


def test_a_request_is_no_answer() -> None:
    asked = bytearray(message(1, 5))
    struct.pack_into("<I", asked, 16, 0)
    with pytest.raises(Unexpected):
        list(split(bytes(asked)))


@given(data=st.binary(max_size=400), begins=st.booleans())
def test_any_bytes_are_answers_within_them_or_unexpected(data: bytes, begins: bool) -> None:
    frame = message(1, 5, data) if begins else data
    try:
        answers = list(split(frame))
    except Unexpected:
        return
    assert all(0 <= one.start < one.end <= len(frame) for one in answers)
    assert [one.end for one in answers[:-1]] == [one.start for one in answers[1:]]
