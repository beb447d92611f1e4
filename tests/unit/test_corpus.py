"""The corpus of real logs: its manifest and its files agree."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from tests.corpus import FOLDER, FORMS, MANIFEST, Log, Truth, logs

AT_END = {"sound", "cut", "empty", "altered", "gone"}
LARGEST_BYTES = 40_000
FORGED = "0" * 8
"""The id that a hostile host's name tells."""
EVERY_LOG = pytest.mark.parametrize("log", logs(), ids=lambda log: log.file.removesuffix(".log"))


def test_each_file_is_listed_once() -> None:
    """Neither a log that nobody knows, nor an entry without its log."""
    listed = [log.file for log in logs()]
    assert sorted(listed) == sorted(path.name for path in FOLDER.iterdir() if path.name != MANIFEST)
    assert len(set(listed)) == len(listed)


def test_each_truth_is_played() -> None:
    """No word of the vocabulary is without an example."""
    assert {log.truth for log in logs()} == set(Truth)


def test_three_versions_play_most_scenes() -> None:
    """A scene that one version does not play is one that it does not know."""
    versions = Counter(log.scene for log in logs())
    assert sum(count == 3 for count in versions.values()) >= 20


@EVERY_LOG
def test_the_entry_fits_its_file(log: Log) -> None:
    """A time for each line, in order, and a truth for each run."""
    assert len(log.data) <= LARGEST_BYTES
    assert len(log.arrived) == len(log.lines)
    assert log.arrived == sorted(log.arrived)
    assert datetime.fromisoformat(log.begun).utcoffset() is not None
    assert log.todo
    assert log.runs
    assert {Truth(run["truth"]) for run in log.runs} <= {log.truth, Truth.SUCCESS}
    assert all(run["command"].startswith("restic ") for run in log.runs)


@EVERY_LOG
def test_its_locks_are_locks(log: Log) -> None:
    """Ids are whole, and what became of each is one of few words."""
    for lock in log.locks:
        assert re.fullmatch("[0-9a-f]{64}", lock["id"])
        assert lock["at_end"] in AT_END
        assert lock["named"] == (lock["id"][:8] in log.data.decode())


@EVERY_LOG
def test_who_is_told_is_known(log: Log) -> None:
    """A lock whose short id the log tells is in the manifest, but for those that never came to the share."""
    text = log.data.decode().replace("\\u003c", "<").replace("\\u003e", ">")
    told = re.findall("(?:<lock/|storage ID )([0-9a-f]{8})", text)
    unsaved = re.findall(r"Save\(<lock/([0-9a-f]{8})", text)
    known = {lock["id"][:8] for lock in log.locks}
    assert set(told) <= {*known, *unsaved, FORGED}


@EVERY_LOG
def test_no_machine_shows(log: Log) -> None:
    """Nothing of where it was played."""
    assert not re.search(rb"/tmp|/var/tmp|/home|lab-samba|/root", log.data)


@pytest.mark.parametrize("form", FORMS)
def test_a_stamp_is_all_that_is_added(form: str) -> None:
    """The same lines, each behind a time."""
    for log in logs():
        stamped = log.stamped(form).split(b"\n")
        assert [line.endswith(plain.rstrip(b"\n")) for line, plain in zip(stamped, log.lines, strict=False)] == [
            True
        ] * len(log.lines)


def _named(log: Log) -> list[dict[str, Any]]:
    return [lock for lock in log.locks if lock["named"] and not lock["own"]]


def _own(log: Log) -> list[dict[str, Any]]:
    return [lock for lock in log.locks if lock["own"]]


def _told(log: Log) -> bool:
    """What a truth means for the locks of its log."""
    match log.truth:
        case Truth.LOCKED_BY_LIVE | Truth.BREAKER_OPEN:
            return any(lock["owner_lives"] for lock in _named(log))
        case Truth.LOCKED_BY_STALE:
            return any(not lock["owner_lives"] and lock["at_end"] == "sound" for lock in _named(log))
        case Truth.KILLED:
            return any(not lock["owner_lives"] and lock["at_end"] == "sound" for lock in _own(log))
        case Truth.LOCK_CUT:
            return all(lock["at_end"] == "cut" for lock in _named(log))
        case Truth.LOCK_ALTERED:
            return all(lock["at_end"] == "altered" for lock in _named(log))
        case Truth.SUCCESS:
            return all(run["exit"] == 0 for run in log.runs)
        case _:
            return True


@EVERY_LOG
def test_its_truth_fits_its_locks(log: Log) -> None:
    """Who is said to live does, what is said to be cut is, and success is an exit status of 0."""
    assert _told(log)
