"""Where a remote of rclone leads: through aliases to a share, or to a directory of this machine.

Sources: rclone's backend/alias/alias.go, and backend/smb/smb.go for names and defaults.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lockctl.errors import UsageError
from lockctl.settings.address import SMB_PORT, LocalAddress, RcloneAddress, SmbAddress, split_share
from lockctl.settings.rclone.configuration import DEFAULTS, Configuration
from lockctl.settings.rclone.obscure import reveal
from lockctl.settings.rclone.remote import Remote, parse_remote

_UNREADABLE = {
    "crypt": "it encrypts what it stores, by default the names too, so that no lock can be seen through it",
    "union": "it joins several remotes, and locks may lie on each of them",
    "combine": "it joins several remotes",
    "chunker": "it cuts files into pieces",
    "compress": "it compresses what it stores",
}
_TRUE, _FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("", "0", "f", "F", "false", "FALSE", "False")


@dataclass(frozen=True, slots=True)
class RcloneShare:
    """A share with user and password; whether rclone logs on by Kerberos, and the service's name that it asks for."""

    address: SmbAddress
    kerberos: bool = False
    spn: str = ""


def read_remote(
    address: RcloneAddress, environment: Mapping[str, str], ask: Callable[[str, str], str]
) -> RcloneShare | LocalAddress:
    """Where this address leads. Raises UsageError where that cannot be read. `ask` prompts for a password or raises."""
    configuration = Configuration(environment, ask)
    remote, passed = address.remote, [address.remote]
    while (kind := configuration.kind_of(remote)) == "alias":
        target = _target(remote, configuration)
        if isinstance(target, LocalAddress):
            return target
        if any((target.name, target.options) == (one.name, one.options) for one in passed):
            names = " → ".join(repr(one.name) for one in [*passed, target])
            raise UsageError(f"rclone's alias {remote.name!r} leads back to where it came from: {names}")
        remote = target
        passed.append(remote)
    if kind != "smb":
        raise _unreadable(remote, kind)
    return _share(remote, configuration)


def _target(alias: Remote, configuration: Configuration) -> Remote | LocalAddress:
    text, _ = configuration.option(alias, "alias", "remote")
    if not text:
        raise UsageError(f"rclone's alias {alias.name!r} has no 'remote'", "See 'rclone config show'")
    target = parse_remote(text)
    if target is None:
        return LocalAddress(f"{text}/{alias.path}" if alias.path else text)
    return replace(target, path=f"{target.path}/{alias.path}")


def _unreadable(remote: Remote, kind: str) -> UsageError:
    why = f": {_UNREADABLE[kind]}" if kind in _UNREADABLE else ""
    below = "" if not why else ", not what rclone puts on top of them"
    return UsageError(
        f"rclone's remote {remote.name!r} is of type {kind!r}{why}",
        f"lockctl reads remotes of type smb and aliases of them{below}",
    )


def _share(remote: Remote, configuration: Configuration) -> RcloneShare:
    def option(name: str, default: str = "") -> str:
        return configuration.option(remote, "smb", name, default)[0]

    user, origin = configuration.option(remote, "smb", "user")
    if not user and origin != DEFAULTS:
        raise UsageError(f"the user in {origin} is empty", "Name one, or leave the setting out")
    host, port, kerberos = option("host"), option("port", str(SMB_PORT)), option("use_kerberos")
    if not host:
        raise UsageError(f"rclone's remote {remote.name!r} has no host", "See 'rclone config show'")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"rclone's remote {remote.name!r} has no valid port")
    if kerberos not in (*_TRUE, *_FALSE):
        raise UsageError(f"rclone's remote {remote.name!r} has no valid use_kerberos", "Write true or false")
    share, path = split_share(remote.path)
    password = "" if kerberos in _TRUE else reveal(*configuration.option(remote, "smb", "pass"))
    address = SmbAddress(
        host=host,
        port=int(port),
        share=share,
        path=path,
        user=user or _own_name(),
        domain=option("domain", "WORKGROUP"),
        password=password,
    )
    return RcloneShare(address, kerberos in _TRUE, option("spn"))


def _own_name() -> str:
    """rclone's default: the user that runs it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise UsageError(
            "rclone's remote names no user, and this process has no name either", "Set its 'user'"
        ) from error
