"""The first configuration file: what was told, with comments that say what else could stand there. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from lockctl.errors import UsageError
from lockctl.settings.address import LocalAddress, RcloneAddress, SmbAddress, parse_address, tells_password

_HEAD = """\
# Repositories that lockctl knows by name: lockctl list -r {name}, or --all for all of them.
# All that can stand here: man lockctl.toml. After a change: lockctl config check
# It holds no secrets: they are in files and commands that it names.

# Further names of this machine, so that its own locks are known as its own.
# this_host = ["old-name"]

"""
_TAIL = """
# A second one; with --tag TAG those of one tag are taken.
# [repositories.office]
# address = "smb://backup@nas/office/restic"
# password_file = "/etc/restic/office-password"
# smb_credentials = "/etc/lockctl/nas.smb"
# tags = ["office"]

# Later than restic itself sees them; they may only be raised.
# [thresholds]
# missed = "10m"
# expired = "1h"

# A command that tells whether the owner of a lock on another host lives: see man lockctl.toml.
# [[probe]]
# hosts = ["web*"]
# command = ["ssh", "-o", "BatchMode=yes", "--", "{host}", "/usr/local/bin/lock-owner", "{pid}"]
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the first repository is. What is '' is left out."""

    address: str
    name: str = ""
    password_file: str = ""
    password_command: str = ""
    smb_credentials: str = ""
    key_hint: str = ""

    def text(self) -> str:
        """The whole file."""
        values = {
            "address": self.address,
            "password_file": self.password_file,
            "password_command": self.password_command,
            "smb_credentials": self.smb_credentials,
            "key_hint": self.key_hint,
        }
        lines = [f"{key} = {_quote(value)}" for key, value in values.items() if value]
        if not self.password_file and not self.password_command:
            lines.append('# password_file = "/etc/restic/password"')
        name = self.name or suggest_name(self.address)
        return f"{_HEAD.format(name=name)}[repositories.{_key(name)}]\n" + "\n".join(lines) + "\n" + _TAIL


def suggest_name(text: str) -> str:
    """A name for the repository at this address: its server's, else that of its folder. Raises UsageError."""
    match parse_address(text):
        case SmbAddress(host=host, path=path) if re.fullmatch(r"[0-9.]+|.*:.*", host):
            found = path.rstrip("/").rpartition("/")[2]  # an IP address says nothing
        case SmbAddress(host=host):
            found = host.partition(".")[0]
        case RcloneAddress(remote=remote):
            found = remote.name
        case LocalAddress(path=path):
            found = path.rstrip("/").rpartition("/")[2]
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", found).strip("-")
    return plain or "backup"


def settle_address(text: str) -> str:
    """As it can stand in the file: with no password. Raises UsageError where it has one."""
    if tells_password(parse_address(text)):
        raise UsageError(
            "the address has a password",
            "Put it into a file: username=… and password=… on two lines; or into rclone's configuration",
        )
    return text


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quote(name)
