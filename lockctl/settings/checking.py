"""All that is wrong with a configuration file: its mistakes, and the files that it names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lockctl.errors import LockctlError, UsageError
from lockctl.settings import keys
from lockctl.settings.file import ConfigurationFile, read_file
from lockctl.settings.files import find_exposure, is_open_to_all

_NAMED = {"password_file": "password file", "smb_credentials": "credentials file"}
"""Keys of a repository that name a file with a secret."""
_LINE = re.compile(r"\(at line (\d+),")
"""What is no TOML says so within its message."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong, in this line. `is_mistake`: lockctl does not work with it."""

    line: int
    text: str
    is_mistake: bool = True


def check_file(path: Path) -> list[Found]:
    """What is wrong with this file."""
    try:
        file = read_file(path)
    except UsageError as error:
        where = _LINE.search(str(error))
        return [Found(int(where[1]) if where else 1, str(error))]
    return [*_check_writers(path), *_check(file), *_check_named(file)]


def check_text(path: Path, text: str) -> list[Found]:
    """What is wrong with what is to stand in this file."""
    try:
        return _check(ConfigurationFile(path, text, tomllib.loads(text)))
    except tomllib.TOMLDecodeError:
        return [Found(1, "a name, an address or a path has control characters")]


def _check_writers(path: Path) -> list[Found]:
    if is_open_to_all(path):
        return [Found(1, "anybody can write it, and it can name commands that lockctl runs")]
    exposure = find_exposure(path, "configuration", is_secret=False)
    return [Found(1, exposure, is_mistake=False)] if exposure else []


def _check(file: ConfigurationFile) -> list[Found]:
    return [Found(file.line(one.path), str(LockctlError(one.message, one.hint))) for one in file.problems()]


def _check_named(file: ConfigurationFile) -> Iterator[Found]:
    repositories = file.table.get("repositories", {})
    for name, table in repositories.items() if isinstance(repositories, dict) else ():
        for key, what in _NAMED.items():
            value = table.get(key) if isinstance(table, dict) else None
            if not isinstance(value, str) or not value.startswith(("/", "~/")):
                continue  # that is a mistake, and told
            path: keys.Path = ("repositories", name, key)
            named = Path(value).expanduser()
            if not named.exists():
                yield Found(file.line(path), f"{keys.spell(path)}: there is no {what} {named}")
            elif exposure := find_exposure(named, what, is_secret=True):
                yield Found(file.line(path), exposure, is_mistake=False)
