"""Where the repository is and what opens it: options, environment and the files that they name.

Secrets come from the environment, files, commands or a prompt; they are never printed, and no error quotes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lockctl.errors import UsageError
from lockctl.settings.address import LocalAddress, RcloneAddress, SmbAddress, parse_address
from lockctl.settings.credentials import Login, find_login
from lockctl.settings.files import read_text
from lockctl.settings.rclone import read_remote


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """A repository in a directory. `shown` is what tells it from others."""

    shown: str
    path: str


@dataclass(frozen=True, slots=True)
class SmbPlace:
    """A repository on a share. `shown` is the address as the user gave it; the password is in `login` alone."""

    shown: str
    address: SmbAddress
    login: Login
    warning: str = ""
    lane: bool = True
    """Whether the fast way may be taken: LOCKCTL_SMB_LANE=off forbids it."""


Place = LocalPlace | SmbPlace


def find_place(
    option: str | None,
    credentials_file: str | None,
    environment: Mapping[str, str],
    ask: Callable[[str, str], str],
) -> Place:
    """The repository to work on and the login for its share. `ask` prompts for a password, or raises UsageError."""
    text = option or _address_from(environment)
    return resolve_place(text, credentials_file, environment, ask)


def resolve_place(
    text: str, credentials_file: str | None, environment: Mapping[str, str], ask: Callable[[str, str], str]
) -> Place:
    """The place that an address names. Raises UsageError."""
    address = parse_address(text)
    lane = environment.get("LOCKCTL_SMB_LANE") != "off"
    match address:
        case LocalAddress():
            path = str(Path(address.path).absolute())
            return LocalPlace(path, path)
        case RcloneAddress():
            target = read_remote(address, environment)
            login = Login(target.user, target.password or "", target.domain)
            return SmbPlace(str(address), replace(target, password=None), login, lane=lane)
        case SmbAddress():
            login = find_login(address, credentials_file, environment, ask)
            warning = ""
            if address.password is not None:
                warning = "the password in the address can be seen by others: use LOCKCTL_SMB_PASSWORD"
            return SmbPlace(str(address), replace(address, password=None), login, warning, lane)


def _address_from(environment: Mapping[str, str]) -> str:
    for name in ("LOCKCTL_REPOSITORY", "RESTIC_REPOSITORY"):
        if environment.get(name):
            return environment[name]
    if environment.get("RESTIC_REPOSITORY_FILE"):
        return read_text(environment["RESTIC_REPOSITORY_FILE"], "repository file").strip()
    raise UsageError("no repository was given", "Use -r ADDRESS, or set LOCKCTL_REPOSITORY or RESTIC_REPOSITORY")
