"""A journal that was damaged or altered: what is sound stays of use, what is not is told and does nothing."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from lockctl.errors import JournalError
from lockctl.state.journal import Journal
from lockctl.state.records import Outcome
from tests.unit.state.test_journal import AT, BY, LATER, LOCK, ORIGIN, REMOVED, write_four

DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"not JSON",
        b"{}",
        b"[]",
        b"null",
        b'"intent"',
        b'{"type": "held", "key": "x", "at": "yesterday"}',
        b'{"type": "held", "key": "x", "at": "9999-12-31T24:00:00Z"}',
        b'{"type": "held", "key": 7, "at": "2026-11-23T00:16:16Z"}',
        b'{"type": "intent", "key": "x"}',
        b"\xff\xfe",
        pytest.param(DEEP, id="deep"),
    ],
)
def test_a_damaged_line_is_named_and_passed_over(tmp_path: Path, damage: bytes) -> None:
    journal = Journal(tmp_path)
    keys = write_four(journal)
    lines = journal.path.read_bytes().split(b"\n")
    lines.insert(2, damage)
    journal.path.write_bytes(b"\n".join(lines))
    first, second = journal.records()
    assert journal.damaged == (f"line 3 of {journal.path} is damaged and was passed over",)
    assert [first.key, second.key] == keys
    assert (first.outcome, second.returned_as) == (Outcome.REMOVED, "b" * 64)
    journal.begin(ORIGIN, [REMOVED], AT, BY)
    assert len(journal.records()) == 3
    assert journal.path.read_bytes().split(b"\n")[2] == damage, "it stays where it is"


FOLLOWING = [
    {"type": "outcome", "outcome": "removed", "text": ""},
    {"type": "held"},
    {"type": "released"},
    {"type": "restored"},
    {"type": "returned", "new_id": "b" * 64},
]


def test_what_follows_a_damaged_intent_is_not_damaged_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    lines: list[dict[str, Any]] = [{"type": "intent", "key": "x", "at": AT}]
    lines += [{**line, "key": "x", "at": LATER} for line in FOLLOWING]
    journal.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert journal.records() == []
    assert journal.damaged == (f"line 1 of {journal.path} is damaged and was passed over",)


@pytest.mark.parametrize(
    "line",
    [
        {"type": "outcome", "outcome": "vanished", "text": ""},
        {"type": "outcome", "outcome": "removed"},
        {"type": "outcome", "outcome": ["removed"], "text": ""},
        {"type": "returned"},
        {"type": "returned", "new_id": "\x1b[31m"},
    ],
)
def test_a_damaged_line_changes_nothing_of_its_intent(tmp_path: Path, line: dict[str, Any]) -> None:
    journal = Journal(tmp_path)
    (key,) = journal.begin(ORIGIN, [REMOVED], AT, BY)
    (before,) = journal.records()
    with journal.path.open("a") as file:
        file.write(json.dumps({**line, "key": key, "at": LATER}) + "\n")
    assert journal.records() == [before]
    assert len(journal.damaged) == 1


def test_of_many_damaged_lines_the_first_are_named(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.path.write_text("no json\n" * 1000)
    assert not journal.damaged, "nothing was read yet"
    assert journal.records() == []
    assert len(journal.damaged) == 6
    assert journal.damaged[-1] == f"995 more lines of {journal.path} are damaged and were passed over"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("data", "!"),
        ("data", 7),
        ("data", base64.b64encode(b"other bytes").decode()),
        ("sha256", "0" * 64),
        ("sha256", None),
        ("repository", {}),
        ("repository", None),
        ("at", "yesterday"),
        ("lock", {"hostname": "web1"}),
        ("lock", 7),
        ("lock", list(LOCK)),
        ("lock", {**LOCK, "pid": "\x1b[31m"}),
        ("lock", {**LOCK, "pid": 1e999}),
        ("lock", {**LOCK, "hostname": None}),
        ("lock", {**LOCK, "more": [1e999]}),
        ("age_seconds", "2 h"),
        ("age_seconds", 1e999),
        ("age_seconds", 10**400),
        ("server_time", None),
        ("by", "root"),
        ("by", {"user": ["root"]}),
        ("id", None),
        ("id", ""),
        ("id", "../../config"),
        ("id", "../" + "a" * 64),
        ("id", "a" * 63),
        ("id", "a" * 65),
        ("id", "A" * 64),
        ("id", "a" * 64 + "\n"),
        ("id", "a" * 64 + "-tmp-"),
        ("id", "a" * 64 + "-tmp-" + "1" * 21),
        ("id", "a" * 64 + "-tmp-1/../../config"),
        ("id", "a" * 64 + "-tmp-\u0661"),
    ],
)
def test_an_intent_with_a_damaged_field_is_none(tmp_path: Path, field: str, value: Any) -> None:
    journal = Journal(tmp_path)
    journal.begin(ORIGIN, [REMOVED], AT, BY)
    line = json.loads(journal.path.read_text())
    journal.path.write_text(json.dumps({**line, field: value}) + "\n")
    assert journal.records() == []
    assert [text.split(" of ")[0] for text in journal.damaged] == ["line 1"]


@pytest.mark.parametrize("name", ["a" * 64, "0" * 64 + "-tmp-0", "a" * 64 + "-tmp-" + "1" * 20])
def test_the_names_that_can_be_put_back(tmp_path: Path, name: str) -> None:
    journal = Journal(tmp_path)
    journal.begin(ORIGIN, [REMOVED], AT, BY)
    journal.path.write_text(journal.path.read_text().replace("a" * 64, name))
    assert [record.removed.id for record in journal.records()] == [name]


def test_a_line_of_an_earlier_version_has_no_hash(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.begin(ORIGIN, [REMOVED], AT, BY)
    line = json.loads(journal.path.read_text())
    del line["sha256"]
    journal.path.write_text(json.dumps(line) + "\n")
    assert [record.removed for record in journal.records()] == [REMOVED]


def test_an_intent_cannot_hide_another(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.begin(ORIGIN, [REMOVED], AT, BY)
    text = journal.path.read_text()
    journal.path.write_text(text + text.replace("not renewed for 2 h", "never mind"))
    assert [record.removed.reason for record in journal.records()] == ["not renewed for 2 h"]
    assert len(journal.damaged) == 1


def plant_link(path: Path) -> None:
    path.with_name("elsewhere").write_text("of somebody else")
    path.symlink_to("elsewhere")


def plant_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


@pytest.mark.parametrize("plant", [plant_link, plant_dangling_link, os.mkfifo, Path.mkdir])
def test_what_was_planted_in_its_place_is_refused(tmp_path: Path, plant: Any) -> None:
    """A link would lead to another file, and a FIFO hold the run up for ever."""
    journal = Journal(tmp_path)
    plant(journal.path)
    before = sorted(tmp_path.iterdir())
    for act in (journal.records, lambda: journal.begin(ORIGIN, [REMOVED], AT, BY)):
        with pytest.raises(JournalError, match=re.escape(str(journal.path))) as told:
            act()
        assert "\n" not in str(told.value)
    assert sorted(tmp_path.iterdir()) == before
    assert not (tmp_path / "elsewhere").exists() or (tmp_path / "elsewhere").read_text() == "of somebody else"


@pytest.mark.parametrize("plant", [plant_link, os.mkfifo, Path.mkdir])
def test_what_was_planted_in_place_of_the_lock_of_a_run_is_refused(tmp_path: Path, plant: Any) -> None:
    journal = Journal(tmp_path)
    with journal.exclusive("x"):
        pass
    (lock,) = (tmp_path / "running").iterdir()
    lock.unlink()
    plant(lock)
    with pytest.raises(JournalError, match="running"), journal.exclusive("x"):
        pass
    with journal.exclusive("y") as held:
        assert held


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_journal_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    journal = Journal(tmp_path)
    journal.begin(ORIGIN, [REMOVED], AT, BY)
    journal.path.chmod(mode)
    for act in (journal.records, lambda: journal.begin(ORIGIN, [REMOVED], AT, BY)):
        with pytest.raises(JournalError, match="can be written by others"):
            act()
    journal.path.chmod(0o644)
    assert len(journal.records()) == 1


@pytest.mark.parametrize(("mode", "warned"), [(0o700, 0), (0o755, 0), (0o770, 1), (0o777, 1), (0o1777, 0)])
def test_a_folder_that_others_can_write_is_warned_about(tmp_path: Path, mode: int, warned: int) -> None:
    journal = Journal(tmp_path / "state")
    assert not journal.warnings
    journal.begin(ORIGIN, [REMOVED], AT, BY)
    (tmp_path / "state").chmod(mode)
    assert len(journal.warnings) == warned
    assert all(text.startswith(f"{tmp_path}/state can be written by others") for text in journal.warnings)
    assert len(journal.records()) == 1


@pytest.mark.parametrize("whose", [["."], ["journal.jsonl"], [".", "journal.jsonl"]])
def test_what_belongs_to_another_user_is_warned_about_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: list[str]
) -> None:
    journal = Journal(tmp_path)
    journal.begin(ORIGIN, [REMOVED], AT, BY)
    if os.geteuid() == 0:
        for name in whose:
            os.chown(tmp_path / name, 12345, -1)
    else:  # nobody else can give files away
        uid = os.geteuid()
        monkeypatch.setattr("os.geteuid", lambda: uid + 1)
    assert len(journal.warnings) == 1
    assert "belongs to another user (uid " in journal.warnings[0]
    assert len(journal.records()) == 1
