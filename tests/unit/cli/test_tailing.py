"""A log that is followed as `tail -F` does, whatever becomes of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockctl.cli.tailing import Tail
from lockctl.errors import UsageError


def test_only_whole_lines_of_the_end_and_then_what_is_written(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"old line\n" * 20_000)
    tail = Tail(str(log))
    first = tail.read()
    assert first.startswith(b"old line\n")
    assert 60_000 < len(first) <= 64 * 1024
    with log.open("ab") as file:
        file.write(b"new\n")
    assert (tail.read(), tail.read()) == (b"new\n", b"")


def test_rotation_by_name_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"a\n")
    tail = Tail(str(log))
    assert tail.read() == b"a\n"
    with log.open("ab") as still_open:
        log.rename(tmp_path / "log.1")
        log.write_bytes(b"c\n")
        still_open.write(b"b\n")
        still_open.flush()
        assert tail.read() == b"b\n"
    assert (tail.read(), tail.read()) == (b"c\n", b"")


def test_rotation_by_copy_and_truncation(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"a long line\n")
    tail = Tail(str(log))
    tail.read()
    log.write_bytes(b"b\n")
    assert tail.read() == b"b\n"


def test_one_that_comes_later_goes_and_comes_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tail = Tail(str(log))
    assert tail.read() == b""
    log.write_bytes(b"a\n")
    assert tail.read() == b"a\n"
    log.unlink()
    log.mkdir()
    assert (tail.read(), tail.read()) == (b"", b"")
    log.rmdir()
    log.write_bytes(b"b\n")
    assert tail.read() == b"b\n"
    tail.close()


@pytest.mark.parametrize("path", ["/", "/dev/null", "/proc/self/mem/x"])
def test_what_cannot_be_followed(path: str) -> None:
    with pytest.raises(UsageError):
        Tail(path)
