"""The text of a smb.conf that shares nothing with the machine's own Samba."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

GLOBAL_OPTIONS: Mapping[str, str] = {
    "server role": "standalone server",
    "map to guest": "never",
    "interfaces": "127.0.0.1/8",
    "bind interfaces only": "yes",
    "disable netbios": "yes",
    "load printers": "no",
    "printing": "bsd",
    "printcap name": "/dev/null",
    "disable spoolss": "yes",
    "usershare max shares": "0",
    # A file share needs no RPC services, and their helpers would outlive smbd.
    "rpc start on demand helpers": "no",
    "log level": "1",
    "max log size": "0",
}
PRIVATE_FOLDERS: Mapping[str, str] = {
    "private dir": "private",
    "lock directory": "lock",
    "state directory": "state",
    "cache directory": "cache",
    "pid directory": "pid",
    "ncalrpc dir": "ncalrpc",
    "binddns dir": "binddns",
    "winbindd socket directory": "winbindd",
}


@dataclass(frozen=True, slots=True)
class Share:
    """One share.

    `options` are lines of smb.conf, such as {"store dos attributes": "no"} or {"read only": "yes"}. The path
    is relative to the folder where Samba keeps its shares, and else the name: two shares can show one folder.
    """

    name: str
    path: Path | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def share_path(directory: Path, share: Share) -> Path:
    """Where the share's files lie on this machine."""
    return directory / "shares" / (share.path or share.name)


def text(directory: Path, port: int, shares: Iterable[Share], options: Mapping[str, str]) -> str:
    """The configuration of a Samba that lives in `directory`; `options` override all that is set here."""
    # The folders come first: at a wrong line Samba's tools stop reading and go on with what they have, and
    # without these lines that is the machine's own Samba.
    own = {option: str(directory / name) for option, name in PRIVATE_FOLDERS.items()}
    own["passdb backend"] = f"tdbsam:{directory}/private/passdb.tdb"
    own["smb ports"] = str(port)
    lines = _section("global", {**own, **GLOBAL_OPTIONS, **options})
    for share in shares:
        path = str(share_path(directory, share))
        lines += _section(share.name, {"path": path, "read only": "no", **share.options})
    return "\n".join(lines) + "\n"


def _section(name: str, options: Mapping[str, str]) -> list[str]:
    return [f"[{name}]", *(f"    {option} = {value}" for option, value in options.items())]
