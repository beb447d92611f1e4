"""Names in locks come from anyone who can write to the share: nothing raw of them reaches a terminal."""

from __future__ import annotations

import re
import unicodedata

import pytest

from tests.cli.make import named_lock, put_old
from tests.cli.run import list_locks, lockctl
from tests.cli.seeing import seen_for
from tests.lab.restic import Repository

HOSTILE = {
    "escape": "\x1b[2J\x1b]0;owned\x07host",
    "newline": "host\nfake  lock\r\nline",
    "right-to-left": "host\u202egnp.exe\u2066",
    "c1": "host\x9b31mred",
    "tab and null": "a\tb\x00c",
    "surrogate": "host\ud800\udfff\udc80",
    "separators": "a\u2028b\u2029c",
    "long": "x" * 10_000,
    "wide": "名" * 5_000,
}
PAINT = re.compile(r"\x1b\[(?:1|0|38;5;(?:28|130|160))m")


def assert_harmless(text: str) -> None:
    """No control or format character but newlines and lockctl's own colours."""
    left = PAINT.sub("", text)
    bad = {c for c in left if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert not bad, bad


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_raw_reaches_the_terminal(repository: Repository, kind: str) -> None:
    lock_id = named_lock(repository, HOSTILE[kind])
    for words in (["list"], ["show", lock_id[:8]], ["prune", "--dry-run"], ["list", "--format", "csv"]):
        done = lockctl(repository, *words, tty=True)
        assert done.status == 0, done.text
        assert lock_id[:8] in done.stdout
        assert_harmless(done.stdout)
    table = lockctl(repository, "list")
    assert table.status == 0
    assert_harmless(table.text)
    assert max(map(len, table.stdout.splitlines())) < 500, "no host has a name of more than 255 characters"
    assert table.stdout.count("\n") == 7, "one line a lock, whatever its name"
    (lock,) = list_locks(repository)
    # What is no character cannot be in JSON that strict parsers take.
    whole = HOSTILE[kind].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert lock["hostname"] == whole


@pytest.mark.parametrize("kind", ["escape", "surrogate", "long"])
def test_removal_and_history_of_a_hostile_name(repository: Repository, kind: str) -> None:
    lock_id = named_lock(repository, HOSTILE[kind])
    removed = lockctl(repository, "prune", tty=True, stdin="y\n")
    assert removed.status == 0, removed.text
    assert repository.lock_ids() == []
    assert_harmless(removed.stdout)
    for words in (["history"], ["history", "--json"], ["restore", lock_id]):
        done = lockctl(repository, *words, tty=True)
        assert done.status == 0, done.text
        assert_harmless(done.stdout)
    assert repository.sound_lock_ids() == {lock_id}


def test_foreign_file_names(repository: Repository) -> None:
    put_old(repository, "evil\u202ename", b"x")
    (repository.path / "locks" / "esc\x1b[31m\nname").write_bytes(b"x")
    (repository.path / "locks" / b"not-utf8-\xff".decode(errors="surrogateescape")).write_bytes(b"x")
    for address in (repository.address, str(repository.path)):
        done = lockctl(repository, "list", "--format", "wide", "-r", address, tty=True)
        assert done.status == 0, done.text
        assert "foreign" in done.stdout
        assert_harmless(done.stdout)
        seen_for(repository, whatever_its_times=True, address=address)
        pruned = lockctl(repository, "prune", "--yes", "-r", address)
        assert pruned.status == 0, pruned.text
        assert_harmless(pruned.text)
    assert len(list((repository.path / "locks").iterdir())) == 3


def test_an_ascii_terminal(repository: Repository) -> None:
    named_lock(repository, "web-名-ü")
    variables = {**repository.env, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = lockctl(variables, "list")
    assert done.status == 0, done.text
    assert done.stdout.isascii()
    assert "web-" in done.stdout


def test_a_formula_is_no_formula_in_csv(repository: Repository) -> None:
    named_lock(repository, "=cmd|' /C calc'!A0")
    done = lockctl(repository, "list", "--format", "csv")
    assert done.status == 0
    assert ",=cmd" not in done.stdout
    assert "'=cmd" in done.stdout


def test_a_huge_name_costs_no_time(repository: Repository) -> None:
    """Compressed, a name of nearly a mebibyte fits into a lock; whoever planted it must not stop the others."""
    lock_id = named_lock(repository, "x" * 1_000_000)
    done = lockctl(repository, "list", seconds=20)
    assert done.status == 0, done.text
    assert lock_id[:8] in done.stdout
    assert done.seconds < 5
