"""restic's cryptography: what was altered anywhere is refused, and nothing planted costs more than it may."""

from __future__ import annotations

import io
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from lockctl.repository.crypto import (
    MAX_PLAINTEXT,
    CryptoFailure,
    Key,
    TooCostly,
    _piece_size,
    decompress,
    unseal,
)
from lockctl.repository.scrypt import MAX_SCRYPT_WORK, Scrypt, derive
from tests.lab.seal import seal

KEY = Key(bytes(range(32)), bytes(range(16)), bytes(range(16, 32)))
OTHER = Key(bytes(range(32)), bytes(range(16)), bytes(range(17, 33)))
PLAINTEXT = b'{"time": "2026-11-23T00:16:16Z"}'
RFC_7914 = bytes.fromhex(
    "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
    "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
)
"""RFC 7914, section 12: an empty password and salt, N=16, r=1, p=1."""


def sealed(plaintext: bytes = PLAINTEXT) -> bytes:
    return seal(KEY.encrypt, KEY.mac_k, KEY.mac_r, plaintext)


@given(st.binary(max_size=500))
@settings(max_examples=50, deadline=None)
def test_unseal_opens_what_was_sealed(plaintext: bytes) -> None:
    assert unseal(KEY, sealed(plaintext)) == plaintext


@pytest.mark.parametrize("position", range(0, len(PLAINTEXT) + 32, 3))
@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_a_changed_byte_is_refused_wherever_it_is(position: int, bit: int) -> None:
    altered = bytearray(sealed())
    altered[position] ^= bit
    with pytest.raises(CryptoFailure):
        unseal(KEY, bytes(altered))


@pytest.mark.parametrize("length", [0, 1, 16, 31, 32, len(PLAINTEXT) + 31])
def test_what_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(CryptoFailure):
        unseal(KEY, sealed()[:length])


@pytest.mark.parametrize("data", [sealed() + b"\0", b"\0" * 64])
def test_what_is_not_sealed_with_this_key_is_refused(data: bytes) -> None:
    with pytest.raises(CryptoFailure):
        unseal(KEY, data)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(CryptoFailure):
        unseal(OTHER, sealed())


@given(st.lists(st.tuples(st.binary(max_size=300), st.sampled_from(["sound", "altered", "short"])), max_size=8))
@settings(max_examples=50, deadline=None)
def test_a_key_opens_many_and_each_as_if_it_were_the_first(contents: list[tuple[bytes, str]]) -> None:
    """Whatever was refused in between."""
    key = Key(KEY.encrypt, KEY.mac_k, KEY.mac_r)
    for plaintext, kind in contents:
        data = sealed(plaintext)
        if kind == "sound":
            assert unseal(key, data) == plaintext
            continue
        with pytest.raises(CryptoFailure):
            unseal(key, data[:-1] + bytes([data[-1] ^ 1]) if kind == "altered" else data[:20])


def test_one_key_in_many_threads() -> None:
    plaintexts = [bytes([number]) * 3000 for number in range(200)]
    data = [sealed(plaintext) for plaintext in plaintexts] * 5
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda one: unseal(KEY, one), data)) == plaintexts * 5


def test_keys_are_the_same_whatever_they_opened() -> None:
    used = Key(KEY.encrypt, KEY.mac_k, KEY.mac_r)
    unseal(used, sealed())
    assert used == Key(KEY.encrypt, KEY.mac_k, KEY.mac_r)


@pytest.mark.parametrize("sizes", [(31, 16, 16), (32, 15, 16), (32, 16, 17), (0, 0, 0)])
def test_a_key_of_the_wrong_size_is_none(sizes: tuple[int, int, int]) -> None:
    with pytest.raises(CryptoFailure):
        Key(*(bytes(size) for size in sizes))


def test_a_key_shows_nothing_of_itself() -> None:
    assert repr(KEY.encrypt)[2:-1] not in repr(KEY)
    assert "encrypt" not in repr(KEY)


def test_derive_gives_the_rfcs_own_vector() -> None:
    assert derive(b"", Scrypt(16, 1, 1, b"")) == RFC_7914


@pytest.mark.parametrize(
    ("n", "r", "p"),
    [
        (2**40, 8, 1),
        (2**20, 16, 1),
        (2**20, 8, 1),
        (2, 2**30, 1),
        (2, 1, 2**30),
        (2, 1, MAX_SCRYPT_WORK),
        (2**15, 8, 101),
        (2**4000, 1, 1),
    ],
)
def test_what_costs_too_much_is_refused_at_once(n: int, r: int, p: int) -> None:
    with pytest.raises(TooCostly):
        derive(b"", Scrypt(n, r, p, b"salt"))


@pytest.mark.parametrize(
    ("n", "r", "p"),
    [
        (0, 1, 1),
        (1, 1, 1),
        (3, 1, 1),
        (32767, 8, 5),
        (-2, 1, 1),
        (2, 0, 1),
        (2, 1, 0),
        (2, -1, 1),
        (2, 1, -1),
        (2**16, 1, 1),
    ],
)
def test_parameters_that_are_none(n: int, r: int, p: int) -> None:
    with pytest.raises(CryptoFailure):
        derive(b"", Scrypt(n, r, p, b"salt"))


@pytest.mark.parametrize("with_size", [True, False])
@pytest.mark.parametrize("size", [0, 1, MAX_PLAINTEXT])
def test_decompress_gives_the_whole_content(with_size: bool, size: int) -> None:
    assert decompress(frame(size, with_size)) == bytes(size)


@pytest.mark.parametrize("with_size", [True, False])
@pytest.mark.parametrize("size", [MAX_PLAINTEXT + 1, 2**28])
def test_a_bomb_is_refused_before_it_takes_memory(with_size: bool, size: int) -> None:
    bomb = frame(size, with_size)
    tracemalloc.start()
    with pytest.raises(TooCostly):
        decompress(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * MAX_PLAINTEXT


def test_a_frame_that_lies_about_its_size_takes_no_memory() -> None:
    """The size of the content stands in the header of the frame, and nothing checks it there (RFC 8878, 3.1.1.1)."""
    honest = zstandard.ZstdCompressor().compress(bytes(300))
    assert honest[4] >> 6 == 1, "a size of two bytes"
    lying = honest[:4] + bytes([honest[4] | 0xC0]) + (2**60).to_bytes(8, "little") + honest[7:]
    assert zstandard.frame_content_size(lying) == 2**60
    with pytest.raises((CryptoFailure, TooCostly)):
        decompress(lying)


@pytest.mark.parametrize("data", [b"", b"\x28\xb5\x2f\xfd", b"no frame at all", zstandard.compress(PLAINTEXT)[4:]])
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(CryptoFailure):
        decompress(data)


def test_a_frame_that_is_cut_short_is_refused() -> None:
    whole = zstandard.compress(bytes(range(256)))
    with pytest.raises(CryptoFailure):
        decompress(whole[:-20])


@pytest.mark.parametrize(
    ("window", "size", "number", "error"),
    [
        (2**10, 2**10, 2**10, None),
        (2**10, 2**10, 2**14, TooCostly),
        (2**10, 2**10 + 1, 3, CryptoFailure),
        (2**10, 2**21 - 1, 2**14, CryptoFailure),
        (2**17, 2**17, 8, None),
        (2**17, 2**17, 2**14, TooCostly),
        (2**23, 2**17, 2**14, TooCostly),
        (2**24, 2**10, 3, CryptoFailure),
    ],
)
def test_blocks_yield_no_more_than_the_window_lets_them(
    window: int, size: int, number: int, error: type[Exception] | None
) -> None:
    """By that a small frame is fed whole. Each block is one byte, `size` times: libzstd refuses what is beyond."""
    bomb = run_lengths(window, size, number)
    for _ in range(3):  # what was made ready for one frame serves the next
        tracemalloc.start()
        with pytest.raises(error) if error is not None else nullcontext():
            assert decompress(bomb) == bytes(size * number)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 4 * MAX_PLAINTEXT
        assert decompress(zstandard.compress(PLAINTEXT)) == PLAINTEXT


@pytest.mark.parametrize(("window", "size"), [(2**10, 2**11), (2**14, 2**7), (2**17, 16), (2**20, 16), (2**30, 16)])
def test_pieces_are_as_large_as_is_safe(window: int, size: int) -> None:
    """A lock of restic's has a window of 1 KiB, and is fed whole."""
    assert _piece_size(run_lengths(window, 1, 1)) == size


@pytest.mark.parametrize("data", [b"", b"\x28\xb5\x2f\xfd", b"no frame at all"])
def test_what_tells_no_window_is_fed_in_the_smallest_pieces(data: bytes) -> None:
    assert _piece_size(data) == 16


def run_lengths(window: int, size: int, number: int) -> bytes:
    """A frame of `number` blocks, each of one byte that is repeated `size` times (RFC 8878, 3.1.1)."""
    exponent = window.bit_length() - 11
    headers = [(size << 3) | 2 | (index == number - 1) for index in range(number)]
    blocks = b"".join(header.to_bytes(3, "little") + b"\0" for header in headers)
    return b"\x28\xb5\x2f\xfd\0" + bytes([exponent << 3]) + blocks


def frame(size: int, with_size: bool) -> bytes:
    """`size` zeros; without their number in the frame's header, as a stream writes it."""
    if with_size:
        return zstandard.ZstdCompressor().compress(bytes(size))
    out = io.BytesIO()
    with zstandard.ZstdCompressor(write_content_size=False).stream_writer(out, closefd=False) as writer:
        for start in range(0, size, 2**20):
            writer.write(bytes(min(2**20, size - start)))
    return out.getvalue()
