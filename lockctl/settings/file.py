"""A configuration file: TOML, read whole and checked whole; every mistake has its line. It holds no secrets."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lockctl.clock.duration import describe_duration, parse_duration
from lockctl.errors import UsageError
from lockctl.settings import keys
from lockctl.settings.address import LocalAddress, RcloneAddress, SmbAddress, parse_address
from lockctl.settings.keys import Problem
from lockctl.settings.lines import find_lines
from lockctl.settings.policy import Thresholds
from lockctl.settings.repositories import is_name

MAX_PROBE_SECONDS = 120.0
_PASSWORDS = ("password_file", "password_command", "insecure_no_password")
_LARGEST = 2**20
"""Bytes: who writes more does not write a configuration."""


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """One file that is TOML. Whether it says what it may is for `problems` to tell."""

    path: Path
    text: str = field(repr=False)
    table: Mapping[str, Any]

    def problems(self) -> list[Problem]:
        """Every mistake in it, in the order in which they stand there."""
        found = list(keys.find_problems(self.table))
        wrong = {problem.path for problem in found}
        rest = _find_contradictions(_without(self.table, wrong))
        # What lacks something may lack what was left out.
        found += [one for one in rest if not any(path[: len(one.path)] == one.path for path in wrong)]
        return sorted(found, key=lambda problem: self.line(problem.path))

    def holds(self, path: keys.Path) -> bool:
        """Whether something stands at this path."""
        return _holds(self.table, path)

    def line(self, path: keys.Path) -> int:
        """The number of the line in which this stands; of several lines the first. The last where it does not stand."""
        return find_lines(self.text).get(path) or max(1, len(self.text.splitlines()))

    def error(self, problem: Problem) -> UsageError:
        """The same as an error that ends a run."""
        return UsageError(f"{self.path}:{self.line(problem.path)}: {problem.message}", problem.hint)


def read_file(path: Path) -> ConfigurationFile:
    """Raises UsageError where it cannot be read or is no TOML, with the line."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is no text'}") from error
    if len(data) > _LARGEST:
        raise UsageError(f"{path} is larger than a configuration can be", "Is it the right file?")
    try:
        return ConfigurationFile(path, text, tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML: {error}", "See the manual, lockctl.toml(5)") from error


def _holds(table: Any, path: keys.Path) -> bool:
    for key in path:
        if isinstance(key, int):
            if not isinstance(table, list) or key >= len(table):
                return False
        elif not isinstance(table, dict) or key not in table:
            return False
        table = table[key]
    return True


def _without(value: Any, wrong: Collection[keys.Path], at: keys.Path = ()) -> Any:
    """The same without what is not what it should be, so that the rest can be looked at."""
    if isinstance(value, dict):
        kept = {key: (one, (*at, key)) for key, one in value.items() if (*at, key) not in wrong}
        return {key: _without(one, wrong, path) for key, (one, path) in kept.items()}
    if isinstance(value, list):
        return [{} if (*at, i) in wrong else _without(one, wrong, (*at, i)) for i, one in enumerate(value)]
    return value


def _find_contradictions(table: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong where each value by itself is what it should be."""
    yield from _lowered(table.get("thresholds", {}), ("thresholds",))
    for number, probe in enumerate(table.get("probe", [])):
        yield from _wrong_probe(probe, ("probe", number))
    for name, repository in table.get("repositories", {}).items():
        yield from _wrong_repository(name, repository, ("repositories", name))


def _lowered(table: Mapping[str, str], at: keys.Path) -> Iterator[Problem]:
    for name, value in table.items():
        least = getattr(Thresholds(), name)
        if parse_duration(value) < least:
            text = f"{keys.spell((*at, name))} may only be raised, above {describe_duration(least)}"
            yield Problem((*at, name), text)


def _wrong_probe(table: Mapping[str, Any], at: keys.Path) -> Iterator[Problem]:
    if not table.get("hosts") or not table.get("command"):
        hint = 'Write hosts = ["web*"] and command = ["…", "{host}"]'
        yield Problem(at, "a probe needs hosts and a command", hint)
    if parse_duration(table.get("timeout", "0s")) > MAX_PROBE_SECONDS:
        text = f"probe.timeout is longer than {describe_duration(MAX_PROBE_SECONDS)}"
        yield Problem((*at, "timeout"), text)


def _wrong_repository(name: str, table: Mapping[str, Any], at: keys.Path) -> Iterator[Problem]:
    if not is_name(name) or name.startswith("-") or not name.isprintable():
        text = f"{name!r} cannot be the name of a repository"
        yield Problem(at, text, "Leave out / \\ : and a dash at the beginning")
    given = [key for key in _PASSWORDS if table.get(key)]
    if len(given) > 1:
        text = f"{keys.spell(at)} has {' and '.join(given)}"
        yield Problem((*at, given[1]), text, "Leave one of them out")
    if table.get("kerberos") and "smb_credentials" in table:
        text = f"{keys.spell(at)} has kerberos and smb_credentials"
        yield Problem((*at, "smb_credentials"), text, "Leave one of them out")
    for key in ("password_file", "smb_credentials"):
        if not table.get(key, "/").startswith(("/", "~/")):
            text = f"{keys.spell((*at, key))} is a path that depends on the working directory"
            yield Problem((*at, key), text, "Begin it with / or ~/")
    yield from _wrong_address(table.get("address"), at)
    yield from _lowered(table.get("thresholds", {}), (*at, "thresholds"))


def _wrong_address(text: str | None, at: keys.Path) -> Iterator[Problem]:
    path = (*at, "address")
    if text is None:
        yield Problem(at, f"{keys.spell(at)} has no address", 'Write address = "smb://USER@HOST/SHARE/PATH"')
        return
    try:
        address = parse_address(text)
    except UsageError as error:
        yield Problem(path, f"{keys.spell(path)}: {error}")
        return
    match address:
        case SmbAddress(password=str()):
            yield Problem(path, f"{keys.spell(path)} has a password", "Put it into a file that smb_credentials names")
        case RcloneAddress(remote=remote) if remote.tells_password:
            yield Problem(path, f"{keys.spell(path)} has a password", "Put it into rclone's configuration")
        case LocalAddress(path=local) if not local.startswith(("/", "~/")):
            text = f"{keys.spell(path)} is a path that depends on the working directory"
            yield Problem(path, text, "Begin it with / or ~/")
