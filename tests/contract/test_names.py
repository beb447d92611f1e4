"""No transport does anything with a name that leads elsewhere, or that a server may read otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.errors import NotADirectory, NotFound, UnusableName
from lockctl.transport.base import Entry
from tests.contract.places import Place
from tests.removing import remove_one

DATA = b"a lock's bytes"
LIMIT = 1000
OUTSIDE = "outside"
"""A file beside the folder that is worked in. Some of the names would lead to it."""

BAD_NAMES = {
    "nothing": "",
    "itself": ".",
    "the folder above": "..",
    "a file above": f"../{OUTSIDE}",
    "a file above in SMB's way": f"..\\{OUTSIDE}",
    "a file in a folder": "inner/lock",
    "a file in a folder in SMB's way": "inner\\lock",
    "from the root": f"/{OUTSIDE}",
    "a NUL": "lock\0",
    "a stream": "lock:other",
    "its own data": "lock::$DATA",
    "any": "*",
    "one character": "loc?",
    "SMB's any": "l<",
    "SMB's one": "loc>",
    "SMB's dot": 'lock"',
    "a pipe": "lo|ck",
    "a dot at the end": "lock.",
    "a space at the end": "lock ",
    "a new line": "lock\n",
    "an escape": "\x1block",
    "a control character of eight bits": "lock\x9b",
    "what was no text": "lock\ufffd",
}
BAD_PATHS = [
    *(f"locks/{name}" for name in BAD_NAMES.values() if name != "inner/lock"),
    *(f"{name}/lock" for name in BAD_NAMES.values() if name != "inner/lock"),
    "/locks/lock",
    "locks//lock",
    "locks/../locks/lock",
]


@pytest.fixture
def furnished(place: Place) -> Place:
    """A place with a file, a folder with a file, and a file outside."""
    for path in ("locks/lock", "locks/inner/lock", OUTSIDE):
        place.put(path, DATA)
    return place


def entry_of(place: Place) -> Entry:
    return next(entry for entry in place.transport.list_directory("locks").entries if entry.name == "lock")


def assert_untouched(place: Place) -> None:
    for path in ("locks/lock", "locks/inner/lock", OUTSIDE):
        assert place.data(path) == DATA
    assert set(place.names("locks")) - {"inner"} == {"lock"}


def test_nothing_is_removed_under_such_a_name(furnished: Place) -> None:
    """Whatever a server lists: the bytes and times of the file outside would fit."""
    entry = entry_of(furnished)
    for name in BAD_NAMES.values():
        with pytest.raises(UnusableName, match="a name that cannot be used here"):
            remove_one(furnished.transport, "locks", replace(entry, name=name), DATA)
    for directory in ("..", "locks/..", "/", "locks/", "locks\\inner", "locks:x"):
        with pytest.raises(UnusableName):
            remove_one(furnished.transport, directory, entry, DATA)
    assert_untouched(furnished)


def test_nothing_is_read_under_such_a_name(furnished: Place) -> None:
    """And what is asked for beside it is read all the same, in its place."""
    paths = [path for bad in BAD_PATHS for path in (bad, "locks/lock")]
    read = furnished.transport.read_many(paths, LIMIT)
    assert [type(one) for one in read[::2]] == [UnusableName] * len(BAD_PATHS)
    assert list(read[1::2]) == [DATA] * len(BAD_PATHS)


def test_nothing_is_put_under_such_a_name(furnished: Place) -> None:
    for path in BAD_PATHS:
        with pytest.raises(UnusableName):
            furnished.transport.put_new(path, "locks/new-tmp-1", DATA)
        with pytest.raises(UnusableName):
            furnished.transport.put_new("locks/new", path, DATA)
    assert_untouched(furnished)


def test_no_such_directory_is_listed_or_watched(furnished: Place) -> None:
    for directory in [path for path in BAD_PATHS if path] + ["..", "/", "."]:
        with pytest.raises(UnusableName):
            furnished.transport.list_directory(directory)
        with pytest.raises(UnusableName):
            furnished.transport.watch(directory)


def test_the_error_is_one_line(furnished: Place) -> None:
    (read,) = furnished.transport.read_many(["locks/two\nlines\x1b[31m"], LIMIT)
    assert str(read) == "'locks/two\\nlines\\x1b[31m': a name that cannot be used here"


def test_a_file_is_no_directory(furnished: Place) -> None:
    """It is told apart from what is missing: only that comes back by itself."""
    for act in (furnished.transport.list_directory, furnished.transport.watch):
        with pytest.raises(NotADirectory):
            act("locks/lock")
        with pytest.raises(NotFound) as caught:
            act("locks/missing")
        assert not isinstance(caught.value, NotADirectory)
