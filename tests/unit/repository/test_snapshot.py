"""What is read out of a snapshot's JSON, as restic 0.14, 0.18 and others wrote it, and as nobody would."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lockctl.repository.snapshot import (
    MAX_NAME,
    MAX_PATHS,
    MAX_PATHS_SIZE,
    Snapshot,
    UndecodableSnapshot,
    parse_snapshot,
)

OLD = {  # restic 0.14.0 wrote it, in Berlin's winter
    "time": "2026-11-25T16:00:04.130978971+01:00",
    "tree": "e8e41a27dd10bf258796edcdcc66514652a7eb5c1779b983e834b0a4f4bc928b",
    "paths": ["/etc/hostname"],
    "hostname": "vm",
    "username": "root",
    "tags": ["a"],
}
NEW = {  # restic 0.18.0
    **OLD,
    "time": "2026-11-25T16:00:08.096809137+01:00",
    "program_version": "restic 0.18.0",
    "summary": {
        "backup_start": "2026-11-25T16:00:08.096809137+01:00",
        "backup_end": "2026-11-25T16:00:18.799196596+01:00",
        "files_new": 1,
        "data_added": 733,
    },
}
THEN = 1_795_618_804
ORIGINAL, PARENT = {"original": "b" * 64}, {"parent": "c" * 64}


def parsed(fields: Any) -> Snapshot:
    return parse_snapshot(json.dumps(fields).encode())


def test_of_old_restic_only_the_start_is_known() -> None:
    assert parsed(OLD) == Snapshot("vm", THEN, 3600, None, ("/etc/hostname",), None, False, False)


def test_of_new_restic_start_and_end_are() -> None:
    assert parsed(NEW) == Snapshot("vm", THEN + 4, 3600, THEN + 14, ("/etc/hostname",), (0, 18), False, False)


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        pytest.param({"time": "2020-01-01T00:00:00Z"}, THEN + 4, THEN + 14, id="--time is not when it ran"),
        pytest.param({"summary": None}, THEN + 4, None, id="no summary"),
        pytest.param({"summary": {}}, THEN + 4, None, id="an empty summary"),
        pytest.param({"summary": {"backup_start": "0001-01-01T00:00:00Z"}}, THEN + 4, None, id="Go's zero time"),
        pytest.param({"summary": {"backup_end": NEW["time"]}}, THEN + 4, None, id="an end alone"),
        pytest.param(
            {"summary": {"backup_start": NEW["time"], "backup_end": OLD["time"]}}, THEN + 4, None, id="an end before"
        ),
        pytest.param({"a later version's": [1]}, THEN + 4, THEN + 14, id="an unknown key"),
    ],
)
def test_times(fields: dict[str, Any], start: int, end: int | None) -> None:
    one = parsed({**NEW, **fields})
    assert (one.start, one.end) == (start, end)


@pytest.mark.parametrize(
    ("fields", "altered", "copied"),
    [({}, False, False), (PARENT, False, False), ({**ORIGINAL, **PARENT}, True, False), (ORIGINAL, True, True)],
    ids=["the first", "a later one", "tagged", "copied"],
)
def test_what_was_written_anew(fields: dict[str, str], altered: bool, copied: bool) -> None:
    one = parsed({**OLD, **fields})
    assert (one.is_altered, one.is_copied) == (altered, copied)


@pytest.mark.parametrize(
    ("text", "version"),
    [("restic 0.16.4", (0, 16)), ("restic 1.0.0-dev (compiled manually)", (1, 0)), ("rustic 0.7", None), (7, None)],
)
def test_versions(text: object, version: tuple[int, int] | None) -> None:
    assert parsed({**OLD, "program_version": text}).version == version


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        (["/etc", "/home"], ("/etc", "/home")),
        (None, ()),
        ("/etc", ()),
        (["/etc", 5], ()),
        (["/a"] * (MAX_PATHS + 1), ()),
        (["/" * (MAX_PATHS_SIZE + 1)], ()),
    ],
)
def test_paths_are_kept_where_they_are_few(paths: object, kept: tuple[str, ...]) -> None:
    assert parsed({**OLD, "paths": paths}).paths == kept


def test_names_are_cut() -> None:
    assert parsed({**OLD, "hostname": "x" * 10_000}).hostname == "x" * MAX_NAME


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        b"no JSON",
        b"[]",
        b"null",
        b"[" * 100_000,
        json.dumps({**OLD, "time": None}).encode(),
        json.dumps({**OLD, "time": "yesterday"}).encode(),
        json.dumps({**OLD, "time": "2026-11-25T16:00:04"}).encode(),
        json.dumps({**OLD, "time": "0001-01-01T00:00:00Z"}).encode(),
        json.dumps({**OLD, "time": 5}).encode(),
        json.dumps({**OLD, "hostname": ["vm"]}).encode(),
        json.dumps({**OLD, "summary": "none"}).encode(),
        json.dumps({**OLD, "summary": {"backup_start": 7}}).encode(),
        b'{"hostname": "\xff"}',
    ],
)
def test_what_is_no_snapshot(plaintext: bytes) -> None:
    with pytest.raises(UndecodableSnapshot):
        parse_snapshot(plaintext)
