"""The configuration: that of the machine, and above it the user's own. Read and checked whole before anything is done.

Where there is no file, everything is as if it were empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lockctl.clock.duration import parse_duration
from lockctl.errors import UsageError
from lockctl.settings.file import ConfigurationFile, read_file
from lockctl.settings.files import find_exposure, is_open_to_all
from lockctl.settings.password import PasswordOptions
from lockctl.settings.policy import Policy, Probe, Thresholds
from lockctl.settings.repositories import Configuration, RepositorySettings

PROBE_SECONDS = 10.0
"""For an answer, where the probe does not say."""


def read_files(paths: Sequence[Path]) -> list[ConfigurationFile]:
    """Raises UsageError for a file that cannot be read, or that anybody can write."""
    files = [read_file(path) for path in paths]
    for file in files:
        if is_open_to_all(file.path):
            raise UsageError(
                f"anybody can write {file.path}, and it can name commands that lockctl runs",
                f"Look through it, then: chmod go-w {file.path}",
            )
    return files


def read_sound_files(paths: Sequence[Path]) -> list[ConfigurationFile]:
    """The same where they have no mistakes. Raises UsageError with file, line and key of the first."""
    files = read_files(paths)
    for file in files:
        for problem in file.problems():
            raise file.error(problem)
    return files


def read_configuration(paths: Sequence[Path]) -> Configuration:
    """What these files say, a later one before an earlier one. Raises UsageError with file, line and key."""
    files = read_sound_files(paths)
    warnings = [find_exposure(file.path, "configuration", is_secret=False) for file in files]
    return build_configuration(merge([file.table for file in files]), tuple(filter(None, warnings)))


def merge(tables: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One table: of thresholds each by itself, of repositories each as a whole, of all else the last."""
    merged: dict[str, Any] = {}
    for table in tables:
        for key, value in table.items():
            merged[key] = {**merged.get(key, {}), **value} if isinstance(value, dict) else value
    return merged


def build_configuration(table: Mapping[str, Any], warnings: tuple[str, ...] = ()) -> Configuration:
    """Values of a table without mistakes."""
    thresholds = _thresholds(table, Thresholds())
    policy = Policy(
        thresholds,
        this_host=tuple(table.get("this_host", ())),
        probes=tuple(_probe(probe) for probe in table.get("probe", ())),
    )
    repositories = {name: _repository(name, one, thresholds) for name, one in table.get("repositories", {}).items()}
    return Configuration(policy, repositories, warnings)


def _thresholds(table: Mapping[str, Any], usual: Thresholds) -> Thresholds:
    return replace(usual, **{name: parse_duration(value) for name, value in table.get("thresholds", {}).items()})


def _probe(table: Mapping[str, Any]) -> Probe:
    seconds = parse_duration(table["timeout"]) if "timeout" in table else PROBE_SECONDS
    return Probe(tuple(table["hosts"]), tuple(table["command"]), seconds)


def _repository(name: str, table: Mapping[str, Any], usual: Thresholds) -> RepositorySettings:
    return RepositorySettings(
        _expand(table["address"]),
        name,
        PasswordOptions(
            _expand(table["password_file"]) if "password_file" in table else None,
            table.get("password_command"),
            table.get("insecure_no_password", False),
        ),
        table.get("metadata_only", False),
        table.get("key_hint", ""),
        _expand(table["smb_credentials"]) if "smb_credentials" in table else None,
        table.get("kerberos", False),
        tuple(table.get("tags", ())),
        _thresholds(table, usual),
    )


def _expand(path: str) -> str:
    return str(Path(path).expanduser()) if path.startswith("~/") else path
