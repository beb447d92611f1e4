"""Remotes of type smb from rclone's configuration: its file, and the environment that overrides it.

Sources: rclone's documentation ("Environment Variables", order of precedence), backend/smb/smb.go for names and
defaults, fs/config/obscure for the obscured password. rclone itself is not run.
"""

from __future__ import annotations

import base64
import configparser
import getpass
import os
from collections.abc import Mapping
from pathlib import Path

from lockctl.errors import UsageError
from lockctl.settings.address import SMB_PORT, RcloneAddress, SmbAddress

# This key stands in rclone's source and hides nothing from anyone; it only keeps passwords from being read over a
# shoulder. Obscured text is base64 of a nonce (16 bytes) and AES-256-CTR.
_OBSCURE_KEY = bytes.fromhex("9c935b48730a554d6bfd7c63c886a92bd390198eb8128afbf4de162b8b95f638")
_NONCE_SIZE = 16


def read_remote(address: RcloneAddress, environment: Mapping[str, str]) -> SmbAddress:
    """The share that this remote leads to, with user and password. Raises UsageError where it leads to none."""
    kind = environment.get(f"RCLONE_CONFIG_{address.remote.upper()}_TYPE")
    section = _read_section(address.remote, environment, needed=kind is None)
    kind = kind or section.get("type")

    def option(name: str, default: str = "") -> str:
        specific = environment.get(f"RCLONE_CONFIG_{address.remote.upper()}_{name.upper()}")
        return next(
            (v for v in (specific, environment.get(f"RCLONE_SMB_{name.upper()}"), section.get(name)) if v),
            default,
        )

    if kind is None:
        raise UsageError(
            f"rclone has no remote {address.remote!r} in {_config_path(environment)}",
            "See 'rclone config show', or set RCLONE_CONFIG to the file that has it",
        )
    if kind != "smb":
        raise UsageError(
            f"rclone's remote {address.remote!r} is of type {kind!r}", "Only remotes of type smb can be read"
        )
    host = option("host")
    if not host:
        raise UsageError(f"rclone's remote {address.remote!r} has no host", "See 'rclone config show'")
    port = option("port", str(SMB_PORT))
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise UsageError(f"rclone's remote {address.remote!r} has no valid port")
    return SmbAddress(
        host=host,
        port=int(port),
        share=address.share,
        path=address.path,
        user=option("user") or _own_name(),
        domain=option("domain", "WORKGROUP"),
        password=reveal(option("pass"), address.remote),
    )


def reveal(obscured: str, remote: str) -> str:
    """The password that `rclone obscure` made this of. Raises UsageError where it is not one of those."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if not obscured:
        return ""
    try:
        data = base64.b64decode(obscured + "=" * (-len(obscured) % 4), altchars=b"-_", validate=True)
        decryptor = Cipher(algorithms.AES(_OBSCURE_KEY), modes.CTR(data[:_NONCE_SIZE])).decryptor()
        return (decryptor.update(data[_NONCE_SIZE:]) + decryptor.finalize()).decode("utf-8")
    except ValueError as error:
        raise UsageError(
            f"the password of rclone's remote {remote!r} is not an obscured one",
            "Make it with 'rclone obscure'",
        ) from error


def _read_section(remote: str, environment: Mapping[str, str], needed: bool) -> Mapping[str, str]:
    """The remote's section of the file; empty where there is none. An encrypted file is an error only where needed."""
    path = _config_path(environment)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read rclone's configuration {path}: {getattr(error, 'strerror', error)}") from error
    if text.lstrip().startswith("RCLONE_ENCRYPT_V0:") or "\nRCLONE_ENCRYPT_V0:" in text:
        if not needed:
            return {}
        raise UsageError(
            f"rclone's configuration {path} is encrypted",
            f"Set RCLONE_CONFIG_{remote.upper()}_TYPE, _HOST, _USER and _PASS",
        )
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=(";", "#"))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise UsageError(f"rclone's configuration {path} cannot be understood", "See 'rclone config show'") from error
    return dict(parser[remote]) if parser.has_section(remote) else {}


def _config_path(environment: Mapping[str, str]) -> Path:
    """Where rclone looks (fs/config/config.go): RCLONE_CONFIG, the XDG folder, ~/.config, ~/.rclone.conf."""
    if environment.get("RCLONE_CONFIG"):
        return Path(environment["RCLONE_CONFIG"])
    home = Path(environment.get("HOME") or "/")
    folders = [Path(environment["XDG_CONFIG_HOME"])] if environment.get("XDG_CONFIG_HOME") else []
    candidates = [folder / "rclone/rclone.conf" for folder in [*folders, home / ".config"]] + [home / ".rclone.conf"]
    return next((path for path in candidates if os.path.exists(path)), candidates[0])  # noqa: PTH110 - never raises


def _own_name() -> str:
    """rclone's default: the user that runs it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise UsageError(
            "rclone's remote names no user, and this process has no name either", "Set its 'user'"
        ) from error
