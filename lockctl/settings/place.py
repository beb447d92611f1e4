"""Where the repository is and what opens it: options, environment and the files that they name.

Secrets come from the environment, files, commands or a prompt; they are never printed, and no error quotes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lockctl.errors import UsageError
from lockctl.settings.address import LocalAddress, RcloneAddress, SmbAddress, parse_address
from lockctl.settings.credentials import KERBEROS, Login, find_login
from lockctl.settings.files import absolute, read_text
from lockctl.settings.rclone.resolve import RcloneShare, read_remote


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


def resolve_place(
    text: str,
    credentials_file: str | None,
    environment: Mapping[str, str],
    ask: Callable[[str, str], str],
    *,
    kerberos: bool = False,
) -> Place:
    """The place that an address names, where it is on a share with the login for it. Raises UsageError."""
    address = parse_address(text)
    lane = environment.get("LOCKCTL_SMB_LANE") != "off"
    match address:
        case LocalAddress():
            path = absolute(address.path)
            return LocalPlace(path, path)
        case RcloneAddress():
            return _place_on_remote(address, read_remote(address, environment, ask), lane, kerberos)
        case SmbAddress():
            login = find_login(address, credentials_file, environment, ask, kerberos=kerberos)
            warning = ""
            if address.password is not None:
                warning = "the password in the address can be seen by others: use LOCKCTL_SMB_PASSWORD"
            return SmbPlace(str(address), replace(address, password=None), login, warning, lane)


def _place_on_remote(address: RcloneAddress, target: RcloneShare | LocalAddress, lane: bool, kerberos: bool) -> Place:
    if isinstance(target, LocalAddress):
        path = absolute(target.path)
        return LocalPlace(path, path)
    warning = ""
    if address.remote.tells_password:
        warning = "the password in the address can be seen by others: use rclone's configuration or RCLONE_SMB_PASS"
    share = target.address
    if target.kerberos or kerberos:
        # As rclone does: whoever has a ticket, whatever user and domain are.
        login = Login("", "", "", KERBEROS, _service_host(target.spn))
    else:
        login = Login(share.user, share.password or "", share.domain)
    return SmbPlace(str(address), replace(share, password=None), login, warning, lane)


def _service_host(spn: str) -> str:
    """Of `cifs/HOST`; a port behind it is no part of what a KDC knows."""
    service, _, host = spn.partition("/")
    if spn and (service.lower() != "cifs" or not host):
        raise UsageError("rclone's spn is no name of an SMB service", "Write cifs/HOST")
    return host.partition(":")[0]


def is_named_by(environment: Mapping[str, str]) -> bool:
    """Whether the environment names a repository."""
    return any(environment.get(name) for name in ("LOCKCTL_REPOSITORY", "RESTIC_REPOSITORY", "RESTIC_REPOSITORY_FILE"))


def restics_address(environment: Mapping[str, str]) -> str:
    """The address that restic itself takes from the environment. Raises UsageError where there is none."""
    if environment.get("RESTIC_REPOSITORY"):
        return environment["RESTIC_REPOSITORY"]
    if environment.get("RESTIC_REPOSITORY_FILE"):
        return read_text(environment["RESTIC_REPOSITORY_FILE"], "repository file").strip()
    raise UsageError(
        "no repository was given", "Use -r ADDRESS or NAME, or --all, or set LOCKCTL_REPOSITORY or RESTIC_REPOSITORY"
    )
