"""`lockctl config`: the configuration files checked, shown, begun."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockctl.cli.console import Console, has_terminal
from lockctl.cli.opening import make_console
from lockctl.cli.options import OUTPUT, Common, JsonOption, with_common
from lockctl.errors import LockctlError, UsageError
from lockctl.render.harmless import visible
from lockctl.settings.files import absolute
from lockctl.settings.folders import SYSTEM_CONFIGURATION, configuration_files, user_configuration

if TYPE_CHECKING:
    from lockctl.settings.file import ConfigurationFile

ACTIONS = {
    "check": "find mistakes, each with its line",
    "show": "each value, and where it comes from",
    "init": "begin a file, by the environment and by questions",
}
_ASKED = {
    "address": "Address of the repository, as smb://USER@HOST/SHARE/PATH or rclone:REMOTE:SHARE/PATH:",
    "password_file": "File with the repository's password (empty for a command):",
    "password_command": "Command that prints the repository's password (empty: you are asked each time):",
    "smb_credentials": "File with the share's user and password, username=… and password=… (empty: you are asked):",
}


@with_common(*[name for name in OUTPUT if name != "state_dir"])
def config(
    common: Common,
    action: Annotated[str, typer.Argument(metavar="ACTION", help=f"{', '.join(ACTIONS)}.")],
    system: Annotated[bool, typer.Option("--system", help=f"For init: write {SYSTEM_CONFIGURATION}.")] = False,
    json: JsonOption = False,
) -> int:
    """Check the configuration, show what counts, or begin one."""
    console = make_console(common)
    if action not in ACTIONS:
        raise UsageError(f"there is no 'config {action}'", f"There are {', '.join(ACTIONS)}")
    if (system and action != "init") or (json and action == "init"):
        raise UsageError(f"that option is not for 'config {action}'", "See lockctl config --help")
    match action:
        case "check":
            return _check(console, json)
        case "show":
            return _show(console, json)
        case _:
            return _init(console, system)


def _check(console: Console, json: bool) -> int:
    from lockctl.settings.checking import check_file

    found: list[dict[str, Any]] = []
    paths = configuration_files(os.environ)
    for path in paths:
        for one in check_file(path):
            found.append({"file": str(path), "line": one.line, "mistake": one.is_mistake, "message": one.text})
            if not json:
                kind = "" if one.is_mistake else "warning: "
                console.result(visible(f"{path}:{one.line}: {kind}{one.text}"))
    if json:
        _dump(console, {"schema": "lockctl.config/1", "files": [str(path) for path in paths], "found": found})
    elif not paths:
        console.note(f"there is no configuration: neither {SYSTEM_CONFIGURATION} nor {user_configuration(os.environ)}")
    elif not found:
        console.result("\n".join(f"{path}: no mistakes" for path in paths))
    return 1 if any(one["mistake"] for one in found) else 0


def _show(console: Console, json: bool) -> int:
    from lockctl.render.configuration import settings_object, settings_table
    from lockctl.settings.configuration import read_sound_files
    from lockctl.settings.origins import find_settings_in_use

    files: list[ConfigurationFile] = read_sound_files(configuration_files(os.environ))
    settings = find_settings_in_use(files, os.environ)
    if json:
        _dump(console, settings_object([str(file.path) for file in files], settings))
    else:
        console.result(settings_table(settings, console.colour, console.width()))
    return 0


def _init(console: Console, system: bool) -> int:
    from lockctl.settings.checking import check_text
    from lockctl.settings.draft import Draft

    only = os.environ.get("LOCKCTL_CONFIG")
    path = SYSTEM_CONFIGURATION if system else Path(only) if only else user_configuration(os.environ)
    if os.path.lexists(path):
        raise LockctlError(f"{path} is there already", "Edit it, then: lockctl config check")
    draft = Draft(**_ask(console, _from_environment()))
    text = draft.text()
    for one in check_text(path, text):
        raise UsageError(f"nothing was written: {one.text}")
    _write(path, text)
    console.note(f"wrote {path}; next: lockctl config check, and lockctl list --all")
    return 0


def _from_environment() -> dict[str, str]:
    """What the environment has. Its secrets stay there."""
    from lockctl.settings.place import is_named_by, restics_address

    named = os.environ.get("LOCKCTL_REPOSITORY") or (restics_address(os.environ) if is_named_by(os.environ) else "")
    variables = {
        "password_file": "RESTIC_PASSWORD_FILE",
        "password_command": "RESTIC_PASSWORD_COMMAND",
        "smb_credentials": "LOCKCTL_SMB_CREDENTIALS",
        "key_hint": "RESTIC_KEY_HINT",
    }
    found = {key: os.environ.get(variable, "") for key, variable in variables.items()}
    return {"address": named, **found}


def _ask(console: Console, known: dict[str, str]) -> dict[str, str]:
    """Asks at a terminal for what is missing. What is typed is no secret."""
    from lockctl.settings.draft import settle_address, suggest_name

    known = {key: absolute(value) if key in _PATHS and value else value for key, value in known.items()}
    if not has_terminal():
        if not known["address"]:
            raise UsageError("nobody is there to ask", "Set RESTIC_REPOSITORY and RESTIC_PASSWORD_FILE")
        settle_address(known["address"])
        return known
    known["address"] = known["address"] or console.ask(_ASKED["address"])
    name = suggest_name(settle_address(known["address"]))
    known["name"] = console.ask(f"Name for {known['address']} [{name}]:") or name
    if not known["password_file"] and not known["password_command"]:
        known["password_file"] = console.ask(_ASKED["password_file"])
    if not known["password_file"] and not known["password_command"]:
        known["password_command"] = console.ask(_ASKED["password_command"])
    if not known["smb_credentials"] and known["address"].startswith(("smb:", "//", "\\\\")):
        known["smb_credentials"] = console.ask(_ASKED["smb_credentials"])
    return known


_PATHS = ("password_file", "smb_credentials")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o755 if path == SYSTEM_CONFIGURATION else 0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise LockctlError(f"cannot write {path}: {error.strerror}", "Set LOCKCTL_CONFIG to another path") from error


def _dump(console: Console, fields: dict[str, Any]) -> None:
    from lockctl.render.as_json import dump

    console.result(dump(fields))
