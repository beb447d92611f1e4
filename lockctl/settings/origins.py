"""Each setting with its value and where it comes from: a file and its line, a variable, or that it is the default.

No secret is in it: of a password only that there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from lockctl.clock.duration import describe_duration, parse_duration
from lockctl.settings import keys
from lockctl.settings.address import show_address
from lockctl.settings.file import ConfigurationFile
from lockctl.settings.policy import Thresholds
from lockctl.settings.setting import Origin, Setting

_UNSHOWN = "(set, and not shown)"
_VARIABLES = {
    "LOCKCTL_CONFIG": "configuration",
    "LOCKCTL_REPOSITORY": "repository",
    "RESTIC_REPOSITORY": "repository",
    "RESTIC_REPOSITORY_FILE": "repository",
    "RESTIC_PASSWORD": "password",
    "RESTIC_PASSWORD_FILE": "password_file",
    "RESTIC_PASSWORD_COMMAND": "password_command",
    "RESTIC_KEY_HINT": "key_hint",
    "LOCKCTL_SMB_CREDENTIALS": "smb_credentials",
    "LOCKCTL_SMB_PASSWORD": "smb_password",
    "LOCKCTL_SMB_LANE": "smb_lane",
    "LOCKCTL_STATE_DIR": "state_dir",
}
"""What the environment can say, in the order of their rank where several say the same."""


def find_settings_in_use(files: Sequence[ConfigurationFile], environment: Mapping[str, str]) -> list[Setting]:
    """All that count, of files without mistakes; a later file goes before an earlier one."""
    return [*_thresholds(files), *_general(files), *_repositories(files), *_variables(environment)]


def _thresholds(files: Sequence[ConfigurationFile]) -> Iterator[Setting]:
    usual = Thresholds()
    for name in (one.name for one in fields(usual)):
        path = ("thresholds", name)
        file = _last_with(files, path)
        seconds = getattr(usual, name) if file is None else parse_duration(_at(file.table, path))
        yield Setting(keys.spell(path), describe_duration(seconds), _origin(file, path))


def _general(files: Sequence[ConfigurationFile]) -> Iterator[Setting]:
    file = _last_with(files, ("this_host",))
    if file is not None:
        yield Setting("this_host", ", ".join(file.table["this_host"]), _origin(file, ("this_host",)))
    file = _last_with(files, ("probe",))
    for number, probe in enumerate(file.table["probe"] if file is not None else ()):
        text = f"{_command(probe['command'])} for {', '.join(probe['hosts'])}"
        yield Setting("probe", text, _origin(file, ("probe", number)))


def _repositories(files: Sequence[ConfigurationFile]) -> Iterator[Setting]:
    names = {name: None for file in files for name in file.table.get("repositories", {})}
    for name in names:
        at = ("repositories", name)
        file = _last_with(files, at)
        for key, value in (_at(file.table, at) if file is not None else {}).items():
            for path, text in _spelled((*at, key), key, value):
                yield Setting(keys.spell(path), text, _origin(file, path))


def _spelled(path: keys.Path, key: str, value: Any) -> Iterator[tuple[keys.Path, str]]:
    if isinstance(value, dict):
        for name, duration in value.items():
            yield (*path, name), describe_duration(parse_duration(duration))
    elif isinstance(value, list):
        yield path, ", ".join(value)
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    else:
        yield path, _command(value.split()) if key == "password_command" else value


def _variables(environment: Mapping[str, str]) -> Iterator[Setting]:
    for variable, key in _VARIABLES.items():
        if value := environment.get(variable):
            yield Setting(key, _harmless(variable, value), Origin(variable=variable))


def _harmless(variable: str, value: str) -> str:
    if variable.endswith("_PASSWORD"):
        return _UNSHOWN
    if variable.endswith("_COMMAND"):
        return _command(value.split())
    if variable.endswith("_REPOSITORY"):
        return show_address(value)
    return value


def _command(words: Sequence[str]) -> str:
    """Its arguments may be secret."""
    return f"{words[0]} …" if len(words) > 1 else "".join(words)


def _last_with(files: Sequence[ConfigurationFile], path: keys.Path) -> ConfigurationFile | None:
    return next((file for file in reversed(files) if file.holds(path)), None)


def _at(table: Any, path: keys.Path) -> Any:
    for key in path:
        table = table[key]
    return table


def _origin(file: ConfigurationFile | None, path: keys.Path) -> Origin:
    return Origin() if file is None else Origin(str(file.path), file.line(path))
