"""What may stand in a configuration file: each key, what its value is, and every mistake in a table. Pure.

`KEYS` is what there is; the manual's lockctl.toml(5) lists the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from lockctl.clock.duration import parse_duration
from lockctl.errors import UsageError

Path = tuple[str | int, ...]
"""Where a value stands: keys, and numbers in lists of tables, as in ("repositories", "nas", "address")."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a file: where it stands, what it is, and what to write instead."""

    path: Path
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value can be: `fits` says whether it is that, and `form` how it is written."""

    name: str
    form: str
    fits: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


TEXT = Kind("text in quotes", '"…"', _is_text)
TEXTS = Kind("list of texts", '["…"]', _are_texts)
FLAG = Kind("true or false", "true", lambda value: isinstance(value, bool))
DURATION = Kind("duration in quotes", '"45m" or "10s"', lambda value: isinstance(value, str))

THRESHOLDS = {"missed": DURATION, "gives_up": DURATION, "expired": DURATION, "temporary": DURATION}
PROBE = {"hosts": TEXTS, "command": TEXTS, "timeout": DURATION}
REPOSITORY: dict[str, Any] = {
    "address": TEXT,
    "password_file": TEXT,
    "password_command": TEXT,
    "insecure_no_password": FLAG,
    "metadata_only": FLAG,
    "key_hint": TEXT,
    "smb_credentials": TEXT,
    "kerberos": FLAG,
    "tags": TEXTS,
    "thresholds": THRESHOLDS,
}
ANY_NAME = "*"
KEYS: dict[str, Any] = {
    "this_host": TEXTS,
    "thresholds": THRESHOLDS,
    "probe": [PROBE],
    "repositories": {ANY_NAME: REPOSITORY},
}
"""A kind for a value, a mapping for a table, a list of one mapping for a list of tables."""


def find_problems(table: Mapping[str, Any], known: Mapping[str, Any] = KEYS, at: Path = ()) -> Iterator[Problem]:
    """Every key that is not known, and every value that is not what it should be."""
    for key, value in table.items():
        path, wanted = (*at, key), known.get(key, known.get(ANY_NAME))
        match wanted:
            case None:
                yield _unknown(key, known, path)
            case Kind():
                yield from _mistakes(value, wanted, path)
            case [one]:
                yield from _in_list(value, one, path)
            case _ if isinstance(value, dict):
                yield from find_problems(value, wanted, path)
            case _:
                yield Problem(path, f"{spell(path)} is no table", f"Write [{spell(path)}]")


def spell(path: Path) -> str:
    """The path as TOML writes it, without the numbers."""
    return ".".join(key for key in path if isinstance(key, str))


def _mistakes(value: object, wanted: Kind, path: Path) -> Iterator[Problem]:
    name = spell(path)
    if not wanted.fits(value):
        yield Problem(path, f"{name} is no {wanted.name}", f"Write {path[-1]} = {wanted.form}")
    elif wanted is DURATION and isinstance(value, str):
        try:
            parse_duration(value)
        except UsageError as error:
            yield Problem(path, f"{name}: {error}")


def _in_list(value: object, known: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(path, f"{spell(path)} is no list of tables", f"Write [[{spell(path)}]]")
        return
    for number, table in enumerate(value):
        if isinstance(table, dict):
            yield from find_problems(table, known, (*path, number))
        else:
            yield Problem((*path, number), f"{spell(path)} is no table", f"Write [[{spell(path)}]]")


def _unknown(key: str, known: Mapping[str, Any], path: Path) -> Problem:
    near = get_close_matches(key, known, 1)
    hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(sorted(known))}"
    return Problem(path, f"unknown key {spell(path)}", hint)
