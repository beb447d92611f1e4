"""Which files of locks/ are read, in what order, and that a look which comes too late is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import FileError
from lockctl.repository import selection
from lockctl.repository.lock import MAX_LOCK_SIZE, Problem
from lockctl.repository.locks import open_metadata
from lockctl.repository.selection import TOO_MUCH, USUAL_SIZE, Begun, is_worth_reading
from lockctl.transport.base import Choose, Contents
from tests.memory import SECOND, START, MemoryTransport
from tests.unit.envelope import config_bytes

SIZES = {"1": 100, "2": MAX_LOCK_SIZE, "3": 50, "4": USUAL_SIZE + 1, "5": USUAL_SIZE, "6": MAX_LOCK_SIZE + 1}


class Paged(MemoryTransport):
    """Lists two names at a time, and keeps which files are read, in turn."""

    def __init__(self, sizes: dict[str, int]) -> None:
        super().__init__({"config": config_bytes(), **{f"locks/{name * 64}": bytes(n) for name, n in sizes.items()}})
        self.read: list[str] = []
        self.clock += 3600 * SECOND  # nobody is writing them any more

    def begin_folder(self, directory: str, choose: Choose, limit: int) -> Callable[[], Contents]:
        def finish() -> Contents:
            listing = self.list_directory(directory)
            pages = [listing.entries[start : start + 2] for start in range(0, len(listing.entries), 2)]
            chosen = [entry.name for page in pages for entry in choose(page)]
            data = self.read_many([f"{directory}/{name}" for name in chosen], limit)
            return Contents(listing, dict(zip(chosen, data, strict=True)))

        return finish

    def read_many(self, paths: Sequence[str], limit: int) -> list[bytes | FileError]:
        self.read += [path[len("locks/")] for path in paths if path.startswith("locks/")]
        return super().read_many(paths, limit)


def names(contents: Contents) -> set[str]:
    return {name[0] for name in contents.data}


def test_what_is_as_large_as_locks_are_is_read_with_its_page_and_the_rest_afterwards() -> None:
    share = Paged(SIZES)
    contents = Begun(share, is_worth_reading).finish()
    assert share.read == ["1", "3", "5", "4", "2"]
    assert names(contents) == set("12345")
    assert all(len(data) == SIZES[name[0]] for name, data in contents.data.items() if isinstance(data, bytes))


def test_what_is_known_is_not_read_again() -> None:
    share = Paged(SIZES)
    assert names(Begun(share, lambda entry: entry.size == 50).finish()) == {"3"}
    assert share.read == ["3"]


def test_a_look_that_is_called_off_reads_nothing() -> None:
    share = Paged(SIZES)
    Begun(share, is_worth_reading).call_off()
    assert share.read == []
    Begun(MemoryTransport(), is_worth_reading).call_off()  # without a folder locks/


@pytest.mark.parametrize(("bound", "size", "read"), [(3, 2**20, "135"), (100, 800, "135"), (100, 149, "1"), (0, 9, "")])
def test_bounds(monkeypatch: pytest.MonkeyPatch, bound: int, size: int, read: str) -> None:
    """What is beyond is told, and stays."""
    monkeypatch.setattr(selection, "MAX_LOCKS", bound)
    monkeypatch.setattr(selection, "MAX_LOCKS_SIZE", size)
    share = Paged(SIZES)
    files = open_metadata(share, Deadline()).find_locks().files
    assert "".join(share.read) == read
    left = {file.id[0]: file for file in files if file.id[0] not in read and file.problem is not Problem.FOREIGN}
    assert left.keys() == set("12345") - set(read)
    assert {(file.problem, file.detail) for file in left.values()} == {(Problem.UNREADABLE, TOO_MUCH)}


def test_empty_files_count_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is opened and read all the same."""
    monkeypatch.setattr(selection, "MAX_LOCKS", 2)
    share = Paged({"1": 0, "2": 0, "3": 0})
    Begun(share, is_worth_reading).finish()
    assert share.read == ["1", "2"]


def test_a_server_that_is_asked_anew_costs_the_budget_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "MAX_LOCKS_SIZE", 150)
    share = Paged({"1": 100, "2": 50})
    begun = Begun(share, is_worth_reading)
    assert names(begun.finish()) == names(begun.finish()) == {"1", "2"}


def test_a_look_that_was_asked_for_too_long_ago_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its locks would count as seen now."""
    share = Paged({"1": 100})
    clock = [0.0]
    monkeypatch.setattr(selection, "boottime", lambda: clock[0])
    repository = open_metadata(share, Deadline())
    share.put(f"locks/{'2' * 64}", b"later", START, START)
    clock[0] = 3.0
    listed = share.calls.count("list_directory")
    assert len(repository.find_locks().files) == 2
    assert share.calls.count("list_directory") == listed + 2, "what was begun is ended first"
    share.delete(f"locks/{'2' * 64}")
    assert len(repository.find_locks().files) == 1


def test_what_was_begun_is_not_what_is_watched() -> None:
    share = Paged({"1": 100})
    repository = open_metadata(share, Deadline())
    repository.watch_locks()
    assert share.read == []
    share.put(f"locks/{'2' * 64}", b"later", START, START)
    assert len(repository.find_locks().files) == 2
