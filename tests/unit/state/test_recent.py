"""What was seen and removed last, on real files: plain names alone, and never an error."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lockctl.state.files import name_of
from lockctl.state.journal import Journal
from lockctl.state.recent import KEPT_SECONDS, Recent
from lockctl.state.records import Outcome
from tests.unit.state.test_journal import AT, BY, LATER, LOCK, ORIGIN, REMOVED

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
HOSTILE = [
    "",
    "-f",
    "--force",
    "a b",
    "$(id)",
    "`id`",
    "a;b",
    "a|b",
    "a\nb",
    "a'b",
    'a"b',
    "a\\b",
    "~",
    "*",
    "é",
    "{a,b}",
]


def remove(state: Path, *ids: str, host: str = "web1") -> None:
    """Let these locks have been removed."""
    journal = Journal(state)
    gone = [replace(REMOVED, id=one, lock={**LOCK, "hostname": host}) for one in ids]
    keys = journal.begin(ORIGIN, gone, AT, BY)
    journal.finish([(key, Outcome.REMOVED, "") for key in keys], LATER)


def test_what_was_noted_is_seen_by_the_next_run_and_by_its_owner_alone(tmp_path: Path) -> None:
    Recent(tmp_path).note("smb://nas/a", [(A, "web1"), (B, "")])
    assert Recent(tmp_path).seen() == {A: "web1", B: ""}
    folder = tmp_path / "recent"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_only_the_last_look_at_each_repository_counts_and_the_newest_comes_first(tmp_path: Path) -> None:
    recent = Recent(tmp_path)
    recent.note("smb://nas/a", [(A, "web1")])
    recent.note("smb://nas/a", [(B, "web2")])
    os.utime(tmp_path / "recent" / name_of("smb://nas/a"), (1000, time.time() - 60))
    recent.note("smb://nas/b", [(C, "web3")])
    assert list(Recent(tmp_path).seen().items()) == [(C, "web3"), (B, "web2")]


def test_what_did_not_change_is_not_written_again(tmp_path: Path) -> None:
    recent = Recent(tmp_path)
    recent.note("x", [(A, "web1")])
    path = tmp_path / "recent" / name_of("x")
    before = path.stat().st_ino
    recent.note("x", iter([(A, "web1")]))
    assert path.stat().st_ino == before
    recent.note("x", [])
    assert Recent(tmp_path).seen() == {}


@pytest.mark.parametrize("host", HOSTILE)
def test_a_host_that_a_shell_could_act_on_is_neither_kept_nor_told(tmp_path: Path, host: str) -> None:
    Recent(tmp_path).note("x", [(A, host)])
    assert (tmp_path / "recent" / name_of("x")).read_text() == f"{A} \n"
    (tmp_path / "recent" / name_of("x")).write_text(f"{A} {host}\n{host} web1\n")
    assert Recent(tmp_path).seen() in ({A: ""}, {A: "a"}), "of a name of two lines the first is plain"
    remove(tmp_path, B, host=host)
    assert Recent(tmp_path).removed() == {B: ""}


@pytest.mark.parametrize("name", ["notes.txt", "", f"{A}-tmp-1", A.upper(), f"{A}\n"])
def test_a_name_that_is_no_locks_is_left_out(tmp_path: Path, name: str) -> None:
    Recent(tmp_path).note("x", [(name, "web1")])
    assert Recent(tmp_path).seen() == {}


def test_many_locks_cost_little(tmp_path: Path) -> None:
    Recent(tmp_path).note("x", ((f"{number:064x}", "h" * 253) for number in range(10_000)))
    (path,) = (one for one in (tmp_path / "recent").iterdir() if one.name != "lock")
    assert path.stat().st_size < 64 * 1024
    assert len(Recent(tmp_path).seen()) == 200


def test_what_nobody_looks_at_is_forgotten(tmp_path: Path) -> None:
    Recent(tmp_path).note("old", [(A, "web1")])
    long_ago = time.time() - KEPT_SECONDS - 60
    os.utime(tmp_path / "recent" / name_of("old"), (long_ago, long_ago))
    Recent(tmp_path).note("new", [(B, "web2")])
    assert Recent(tmp_path).seen() == {B: "web2"}
    assert not (tmp_path / "recent" / name_of("old")).exists()


def test_removed_locks_are_told_the_newest_first_until_they_are_put_back(tmp_path: Path) -> None:
    remove(tmp_path, A)
    remove(tmp_path, B, host="web2")
    assert list(Recent(tmp_path).removed().items()) == [(B, "web2"), (A, "web1")]
    journal = Journal(tmp_path)
    journal.note_restored(next(one.key for one in journal.records() if one.removed.id == B), LATER)
    journal.begin(ORIGIN, [replace(REMOVED, id=C)], AT, BY)
    assert Recent(tmp_path).removed() == {A: "web1"}, "what came of the last one is not known"


def test_of_a_long_journal_the_end_is_read(tmp_path: Path) -> None:
    for _ in range(20):
        remove(tmp_path, *(f"{number:064x}" for number in range(200)))
    remove(tmp_path, A)
    assert (tmp_path / "journal.jsonl").stat().st_size > 2 * 2**20
    removed = Recent(tmp_path).removed()
    assert next(iter(removed)) == A
    assert 100 < len(removed) < 1000


def test_what_cannot_be_read_or_written_ends_nothing(tmp_path: Path) -> None:
    nothing = tmp_path / "file"
    nothing.write_text("no folder")
    for recent in (Recent(nothing), Recent(tmp_path / "not-there")):
        assert (recent.seen(), recent.removed()) == ({}, {})
    Recent(nothing).note("x", [(A, "web1")])
    assert nothing.read_text() == "no folder"
    assert not (tmp_path / "not-there").exists()


def test_strange_files_are_passed_over(tmp_path: Path) -> None:
    Recent(tmp_path).note("x", [(A, "web1")])
    folder = tmp_path / "recent"
    (folder / ("1" * 64)).symlink_to(folder / name_of("x"))
    os.mkfifo(folder / ("2" * 64))
    (folder / ("3" * 64)).write_bytes(os.urandom(5000))
    (folder / ("4" * 64)).mkdir()
    (tmp_path / "journal.jsonl").write_bytes(b'{"type": "intent"}\n' + os.urandom(3000) + b"\n[1]\n")
    assert (Recent(tmp_path).seen(), Recent(tmp_path).removed()) == ({A: "web1"}, {})
