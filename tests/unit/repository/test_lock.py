"""What a lock's JSON says, and that no JSON, however hostile, yields anything but a lock or UndecodableLock."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockctl.repository.lock import (
    Lock,
    UndecodableLock,
    is_complete,
    is_lock_name,
    is_temporary_name,
    parse_lock,
)

SECOND = 10**9
FIELDS: dict[str, Any] = {
    "time": "2026-11-23T00:16:16.641943135Z",
    "exclusive": False,
    "hostname": "web1",
    "username": "root",
    "pid": 4209,
}


def encode(**changes: Any) -> bytes:
    return json.dumps({**FIELDS, **changes}).encode()


def test_a_lock_as_restic_writes_it() -> None:
    time_ns = 1795392976 * SECOND + 641_943_000
    lock = Lock("2026-11-23T00:16:16.641943135Z", time_ns, False, "web1", "root", 4209, 0, 0)
    assert parse_lock(encode()) == lock
    assert lock.owner == ("web1", 4209, "root", 0, 0, False)


def test_numbers_of_users_and_keys_of_later_versions() -> None:
    lock = parse_lock(encode(uid=1000, gid=100, exclusive=True, later={"x": [1]}))
    assert (lock.uid, lock.gid, lock.exclusive) == (1000, 100, True)


@pytest.mark.parametrize(
    ("time", "microseconds"),
    [
        ("2026-11-23T00:16:16Z", 1795392976_000_000),
        ("2026-11-23T00:16:16.5Z", 1795392976_500_000),
        ("2026-11-23T00:16:16.000000001Z", 1795392976_000_000),
        ("2026-11-23T01:16:16+01:00", 1795392976_000_000),
        ("2026-11-22T18:46:16.999999999-05:30", 1795392976_999_999),
        ("1969-12-31T23:59:58.5Z", -1_500_000),
        ("0001-01-01T00:00:00Z", -62135596800_000_000),
        ("0001-01-01T00:00:00+14:00", (-62135596800 - 14 * 3600) * 10**6),
        ("9999-12-31T23:59:59.999999999Z", 253402300799_999_999),
        ("9999-12-31T23:59:59-14:00", (253402300799 + 14 * 3600) * 10**6),
    ],
)
def test_times_keep_their_text(time: str, microseconds: int) -> None:
    lock = parse_lock(encode(time=time))
    assert lock.time == time
    assert lock.time_ns == microseconds * 1000


@pytest.mark.parametrize(
    "time",
    [
        "",
        "yesterday",
        "2026-11-23T00:16:16",
        "2026-11-23",
        "2026-13-01T00:00:00Z",
        "2026-11-23T00:16:61Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "9999-12-31T24:00:00Z",
        "２０２６-11-23T00:16:16Z",
        "2026-11-23T00:16:16Z\udcff",
        "2026-11-23T00:16:16+99:99",
        "9" * 10_000,
        None,
        1795392976,
        ["2026-11-23T00:16:16Z"],
    ],
)
def test_what_is_no_time(time: Any) -> None:
    with pytest.raises(UndecodableLock):
        parse_lock(encode(time=time))


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"lock"',
        b"\xff\xfe\x00",
        b"{}",
        b"[" * 100_000,
        b'{"time":' * 50_000,
        b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        encode() + b"{}",
        encode()[:-1],
    ],
)
def test_what_is_no_json_of_a_lock(plaintext: bytes) -> None:
    with pytest.raises(UndecodableLock):
        parse_lock(plaintext)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pid", -1),
        ("pid", 2**63),
        ("pid", 4209.0),
        ("pid", "4209"),
        ("pid", True),
        ("pid", None),
        ("uid", -1),
        ("gid", 2**64),
        ("exclusive", 1),
        ("exclusive", "true"),
        ("hostname", 7),
        ("hostname", ["web1"]),
        ("username", {"a": "b"}),
    ],
)
def test_values_of_the_wrong_kind(key: str, value: Any) -> None:
    with pytest.raises(UndecodableLock, match=key):
        parse_lock(encode(**{key: value}))


@pytest.mark.parametrize("number", ["1" + "0" * 5000, "1e999", "-1e999", "NaN", "Infinity"])
def test_numbers_beyond_all_bounds(number: str) -> None:
    with pytest.raises(UndecodableLock):
        parse_lock(encode().replace(b"4209", number.encode()))


def test_only_the_time_is_needed() -> None:
    assert parse_lock(b'{"time": "2026-11-23T00:16:16Z"}').owner == ("", 0, "", 0, 0, False)


def test_hostile_names_are_kept_as_they_are() -> None:
    name = "\x1b[2J\u202e\nweb" + "x" * 10_000 + "\ud800"
    assert parse_lock(encode(hostname=name)).hostname == name


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda inner: st.lists(inner)))
@settings(max_examples=100, deadline=None)
def test_any_value_of_any_key_yields_a_lock_or_the_one_error(value: Any) -> None:
    for key in FIELDS:
        try:
            lock = parse_lock(encode(**{key: value}))
        except UndecodableLock:
            continue
        assert lock.time_ns % 1000 == 0


@pytest.mark.parametrize(
    ("name", "is_lock", "is_temporary"),
    [
        ("a" * 64, True, False),
        ("0123456789abcdef" * 4, True, False),
        ("a" * 63, False, False),
        ("a" * 65, False, False),
        ("A" * 64, False, False),
        ("g" * 64, False, False),
        ("a" * 64 + "\n", False, False),
        ("a" * 64 + "-tmp-1", False, True),
        ("a" * 64 + "-tmp-1234567890", False, True),
        ("a" * 64 + "-tmp-", False, False),
        ("a" * 64 + "-tmp-x", False, False),
        ("a" * 64 + "-tmp-1\n", False, False),
        ("a" * 64 + "-tmp-" + "1" * 21, False, False),
        ("", False, False),
        ("١" * 64, False, False),
    ],
)
def test_names(name: str, is_lock: bool, is_temporary: bool) -> None:
    assert (is_lock_name(name), is_temporary_name(name)) == (is_lock, is_temporary)


@pytest.mark.parametrize("data", [b"", b"sealed"])
def test_a_file_is_complete_when_its_name_is_its_hash(data: bytes) -> None:
    assert is_complete(hashlib.sha256(data).hexdigest(), data)
    assert not is_complete(hashlib.sha256(data).hexdigest(), data + b"\0")
