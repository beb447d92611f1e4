"""In which line of a TOML text each value stands. Pure.

Statement by statement, so that the time grows as the text does: to parse the text anew up to each of its lines takes
minutes for the configuration of 200 repositories.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from lockctl.settings.keys import Path


@lru_cache(maxsize=8)
def find_lines(text: str) -> Mapping[Path, int]:
    """By its path the number of the line in which each value begins; of several lines the first. `text` is TOML."""
    found: dict[Path, int] = {}
    lengths: dict[Path, int] = {}
    table: Path = ()
    statement, begins = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        statement += line + "\n"
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # a value goes on in the next line
        if statement.lstrip().startswith("["):
            table = _open_table(parsed, lengths)
            paths = [table[:length] for length in range(1, len(table) + 1)]
        else:
            paths = list(_paths(parsed, table))
        for path in paths:
            found.setdefault(path, begins)
        statement, begins = "", number + 1
    return found


def _open_table(parsed: Mapping[str, Any], lengths: dict[Path, int]) -> Path:
    """Where what stands below this heading belongs. `lengths` has the lists of tables so far."""
    path: Path = ()
    value: Any = parsed
    while value:
        if isinstance(value, list):
            lengths[path] = lengths.get(path, 0) + 1
            return (*path, lengths[path] - 1)
        if path in lengths:
            path = (*path, lengths[path] - 1)
        ((key, value),) = value.items()
        path = (*path, key)
    return (*path, lengths[path] - 1) if path in lengths else path


def _paths(value: Any, at: Path) -> Iterator[Path]:
    """All that is within a value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*at, key)
        yield from _paths(part, (*at, key))
