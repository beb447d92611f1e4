"""The contract of `lockctl.transport.base`, one suite for memory, a directory and Samba.

It guards what removal rests on: only the instance that was judged goes, and nothing of ours stays behind.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.errors import FileError, NameTaken, NotFound, UnusableName
from lockctl.transport.base import Entry, Removal
from tests.contract.places import LONG_AGO, Place
from tests.removing import remove_one

SECOND = 10**9
LIMIT = 64 * 1024
DATA = b"a lock's bytes"


def entry_of(place: Place, path: str) -> Entry:
    directory, _, name = path.rpartition("/")
    return next(entry for entry in place.transport.list_directory(directory).entries if entry.name == name)


def test_listing_tells_names_sizes_and_times(place: Place) -> None:
    sizes = {"empty": 0, "small": 3, "large": 70_000}
    for name, size in sizes.items():
        place.put(f"locks/{name}", bytes(size))
    listing = place.transport.list_directory("locks")
    now = place.transport.now()
    assert {entry.name: entry.size for entry in listing.entries} == sizes
    assert len({entry.file_id for entry in listing.entries}) == len(sizes)
    for entry in listing.entries:
        assert abs(now - entry.written) < 5 * SECOND
        assert entry.created is None or abs(now - entry.created) < 5 * SECOND
        assert not entry.is_directory
    assert abs(now - listing.changed) < 5 * SECOND


def test_listing_marks_directories(place: Place) -> None:
    place.put("locks/inner/file", DATA)
    assert [(entry.name, entry.is_directory) for entry in place.transport.list_directory("locks").entries] == [
        ("inner", True)
    ]


def test_an_empty_directory_lists_nothing(place: Place) -> None:
    place.make_directory("locks")
    assert place.transport.list_directory("locks").entries == ()


def test_a_missing_directory_is_not_found(place: Place) -> None:
    with pytest.raises(NotFound):
        place.transport.list_directory("locks")


@pytest.mark.parametrize("act", ["put", "delete"])
def test_the_directory_remembers_its_last_change(place: Place, act: str) -> None:
    place.put("locks/old", DATA)
    place.set_directory_back("locks")
    assert place.transport.list_directory("locks").changed == LONG_AGO
    if act == "put":
        place.put("locks/new", DATA)
    else:
        place.delete("locks/old")
    assert abs(place.transport.now() - place.transport.list_directory("locks").changed) < 5 * SECOND


def test_odd_names_do_not_break_a_listing(place: Place) -> None:
    """What they hold can be read where the name is one for every server; Samba shows others under names of its own."""
    plain = ["ünï", "日本", "💾", "a\u202eb", "x" * 200, "plain"]
    odd = ["two\nlines", "\x1b[31mred", "a:b*c?"]
    for name in [*plain, *odd]:
        place.put(f"locks/{name}", DATA)
    names = [entry.name for entry in place.transport.list_directory("locks").entries]
    assert len(names) == len(plain) + len(odd)
    assert set(plain) <= set(names)
    read = place.transport.read_many([f"locks/{name}" for name in names], LIMIT)
    refused = [name for name, data in zip(names, read, strict=True) if data != DATA]
    assert set(refused) == set(odd) & set(names)


def test_read_many_keeps_the_order(place: Place) -> None:
    contents = {"a": b"first", "c": b"", "e": bytes(range(256)) * 300}
    for name, data in contents.items():
        place.put(f"locks/{name}", data)
    read = place.transport.read_many([f"locks/{name}" for name in "eabcd"], 10**6)
    assert [type(one) for one in read] == [bytes, bytes, NotFound, bytes, NotFound]
    assert [read[0], read[1], read[3]] == [contents["e"], contents["a"], contents["c"]]


@pytest.mark.parametrize("limit", [0, 9, LIMIT - 1, LIMIT, LIMIT + 1, 3 * LIMIT])
def test_read_many_stops_one_byte_after_the_limit(place: Place, limit: int) -> None:
    data = bytes(range(251)) * (limit // 251 + 2)
    place.put("locks/below", data[:limit])
    place.put("locks/above", data[: limit + 1])
    place.put("locks/far-above", data)
    read = place.transport.read_many(["locks/below", "locks/above", "locks/far-above"], limit)
    assert read == [data[:limit], data[: limit + 1], data[: limit + 1]]


def test_read_many_of_nothing(place: Place) -> None:
    assert list(place.transport.read_many([], LIMIT)) == []


def test_read_many_reads_many(place: Place) -> None:
    contents = {f"locks/{number}": str(number).encode() * 50 for number in range(500)}
    for path, data in contents.items():
        place.put(path, data)
    assert list(place.transport.read_many(list(contents), LIMIT)) == list(contents.values())


def test_a_directory_is_no_file(place: Place) -> None:
    place.put("locks/inner/file", DATA)
    (read,) = place.transport.read_many(["locks/inner"], LIMIT)
    assert isinstance(read, FileError)


@pytest.mark.parametrize("data", [DATA, b"", bytes(LIMIT)], ids=["usual", "empty", "largest"])
def test_remove_takes_this_file_alone(place: Place, data: bytes) -> None:
    place.put("locks/doomed", data)
    place.put("locks/other", data)
    assert remove_one(place.transport, "locks", entry_of(place, "locks/doomed"), data) is Removal.REMOVED
    assert place.names("locks") == ["other"]


def test_remove_takes_a_file_that_may_not_be_written(place: Place) -> None:
    place.put("locks/doomed", DATA)
    place.make_read_only("locks/doomed")
    assert remove_one(place.transport, "locks", entry_of(place, "locks/doomed"), DATA) is Removal.REMOVED
    assert place.names("locks") == []


@pytest.mark.parametrize("other", [DATA[::-1], DATA[:-1], DATA + b"x", b""])
def test_remove_keeps_other_bytes(place: Place, other: bytes) -> None:
    place.put("locks/kept", DATA)
    assert remove_one(place.transport, "locks", entry_of(place, "locks/kept"), other) is Removal.CHANGED
    assert place.data("locks/kept") == DATA


def test_remove_knows_a_file_that_was_renumbered(place: Place) -> None:
    """Another file id, and the same bytes, name and last write: as a server shows it that was started anew."""
    place.put("locks/doomed", DATA)
    entry = entry_of(place, "locks/doomed")
    place.replace("locks/doomed", DATA)
    assert entry_of(place, "locks/doomed").file_id != entry.file_id
    assert remove_one(place.transport, "locks", entry, DATA) is Removal.REMOVED


@pytest.mark.parametrize("field", ["written", "size"])
def test_remove_keeps_what_differs_from_the_entry(place: Place, field: str) -> None:
    place.put("locks/kept", DATA)
    entry = entry_of(place, "locks/kept")
    other = replace(entry, **{field: getattr(entry, field) + 100})
    assert remove_one(place.transport, "locks", other, DATA) is Removal.CHANGED
    assert place.data("locks/kept") == DATA


@pytest.mark.parametrize("changes", [{"created": None}, {"created": 7}, {"file_id": 7}], ids=str)
def test_remove_minds_neither_file_id_nor_creation(place: Place, changes: dict[str, int | None]) -> None:
    """Some servers give other ones at each look."""
    place.put("locks/doomed", DATA)
    entry = replace(entry_of(place, "locks/doomed"), **changes)  # type: ignore[arg-type]
    assert remove_one(place.transport, "locks", entry, DATA) is Removal.REMOVED


def test_remove_tells_what_is_gone(place: Place) -> None:
    place.put("locks/gone", DATA)
    entry = entry_of(place, "locks/gone")
    place.delete("locks/gone")
    assert remove_one(place.transport, "locks", entry, DATA) is Removal.GONE


def test_remove_many_of_nothing(place: Place) -> None:
    place.put("locks/kept", DATA)
    assert list(place.transport.remove_many("locks", [])) == []
    assert place.names("locks") == ["kept"]


def test_remove_many_removes_many_and_no_others(place: Place) -> None:
    data = {f"{number:03}": str(number).encode() * 20 for number in range(200)}
    for name, content in data.items():
        place.put(f"locks/{name}", content)
    entries = {entry.name: entry for entry in place.transport.list_directory("locks").entries}
    doomed = [name for name in data if name.endswith(("1", "7"))]
    results = place.transport.remove_many("locks", [(entries[name], data[name]) for name in doomed])
    assert list(results) == [Removal.REMOVED] * 40
    assert place.names("locks") == sorted(data.keys() - set(doomed))


def test_of_many_each_is_compared_by_itself(place: Place) -> None:
    """In the middle of those that go: what is gone, has other bytes, was written again or has no name to be used."""
    for name in "abcdef":
        place.put(f"locks/{name}", DATA)
    entries = {entry.name: entry for entry in place.transport.list_directory("locks").entries}
    place.delete("locks/b")
    wanted = [
        (entries["f"], DATA),
        (entries["b"], DATA),
        (entries["a"], DATA),
        (entries["c"], DATA[::-1]),
        (replace(entries["d"], written=7), DATA),
        (replace(entries["d"], name="../locks/d"), DATA),
        (entries["e"], DATA),
    ]
    *compared, refused, last = place.transport.remove_many("locks", wanted)
    changed = Removal.CHANGED
    assert compared == [Removal.REMOVED, Removal.GONE, Removal.REMOVED, changed, changed]
    assert isinstance(refused, UnusableName)
    assert last is Removal.REMOVED
    assert place.names("locks") == ["c", "d"]


def test_of_many_a_folder_in_place_of_one_keeps_no_other(place: Place) -> None:
    for name in "abc":
        place.put(f"locks/{name}", DATA)
    entries = place.transport.list_directory("locks").entries
    place.delete("locks/b")
    place.put("locks/b/inner", DATA)
    results = place.transport.remove_many("locks", [(one, DATA) for one in sorted(entries, key=lambda one: one.name)])
    assert [results[0], results[2]] == [Removal.REMOVED] * 2
    assert results[1] is not Removal.REMOVED
    assert place.names("locks/b") == ["inner"]


@pytest.mark.parametrize("data", [DATA, b"", bytes(range(256)) * 200], ids=["usual", "empty", "large"])
def test_put_new_writes_byte_for_byte(place: Place, data: bytes) -> None:
    place.make_directory("locks")
    place.transport.put_new("locks/new", "locks/new-tmp-1", data)
    assert place.names("locks") == ["new"]
    assert place.data("locks/new") == data
    assert place.transport.read_many(["locks/new"], LIMIT) == [data]


def test_put_new_refuses_a_name_that_stands(place: Place) -> None:
    place.put("locks/stands", DATA)
    with pytest.raises(NameTaken):
        place.transport.put_new("locks/stands", "locks/stands-tmp-1", b"others")
    assert place.names("locks") == ["stands"]
    assert place.data("locks/stands") == DATA


def test_put_new_spares_a_temporary_file_of_others(place: Place) -> None:
    place.put("locks/new-tmp-1", DATA)
    with pytest.raises(FileError):
        place.transport.put_new("locks/new", "locks/new-tmp-1", b"others")
    assert place.names("locks") == ["new-tmp-1"]
    assert place.data("locks/new-tmp-1") == DATA


def test_put_new_needs_its_directory(place: Place) -> None:
    with pytest.raises(NotFound):
        place.transport.put_new("locks/new", "locks/new-tmp-1", DATA)


def test_what_was_put_can_be_removed_again(place: Place) -> None:
    place.make_directory("locks")
    place.transport.put_new("locks/new", "locks/new-tmp-1", DATA)
    assert remove_one(place.transport, "locks", entry_of(place, "locks/new"), DATA) is Removal.REMOVED
    assert place.names("locks") == []


def test_closing_twice_is_harmless(place: Place) -> None:
    place.transport.close()
    place.transport.close()
