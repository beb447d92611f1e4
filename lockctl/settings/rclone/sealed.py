"""An encrypted rclone.conf, opened as rclone opens it. Source: rclone's fs/config/crypt.go.

The file is base64 of a nonce and a NaCl secretbox, whose key is the SHA-256 of the password in brackets. A library
does that: so rclone need not be here, and no other remote's secrets go through a pipe.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import unicodedata
from collections.abc import Callable, Mapping

from lockctl.errors import UsageError
from lockctl.settings.password import COMMAND_SECONDS, run_password_command

_MARK = "RCLONE_ENCRYPT_V"
_KNOWN = f"{_MARK}0:"


def sealed_part(text: str) -> str | None:
    """What stands behind the mark of encryption; None for a file that is not encrypted.

    Raises UsageError for an encryption that is newer than this.
    """
    lines = text.splitlines()
    for number, line in enumerate(map(str.strip, lines)):
        if line.startswith(_MARK) and line != _KNOWN:
            raise UsageError("rclone's configuration is encrypted in a way that lockctl does not know")
        if line == _KNOWN:
            return "".join(lines[number + 1 :])
        if line and not line.startswith((";", "#")):
            return None
    return None


def open_sealed(sealed: str, password: str) -> str:
    """The plain text of the configuration. Raises UsageError where the password is not its own."""
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    normal = unicodedata.normalize("NFKC", password)
    try:
        box = base64.b64decode("".join(sealed.split()), validate=True)
        key = hashlib.sha256(f"[{normal}][rclone-config]".encode()).digest()
        return str(SecretBox(key).decrypt(box), "utf-8")
    except (CryptoError, ValueError):
        raise UsageError(
            "rclone's configuration does not open with this password, or is damaged",
            "See 'rclone config show', and RCLONE_PASSWORD_COMMAND or RCLONE_CONFIG_PASS",
        ) from None


def has_password(environment: Mapping[str, str]) -> bool:
    """Whether the environment has what opens the configuration."""
    return bool(environment.get("RCLONE_PASSWORD_COMMAND") or environment.get("RCLONE_CONFIG_PASS"))


def find_config_password(
    environment: Mapping[str, str], ask: Callable[[str, str], str], seconds: float = COMMAND_SECONDS
) -> str:
    """The password of the configuration: by command, from the environment, or asked for. Raises UsageError."""
    command = environment.get("RCLONE_PASSWORD_COMMAND")
    if command:
        password = run_password_command(_split(command), seconds, "rclone's password command").strip("\r\n")
    else:
        password = environment.get("RCLONE_CONFIG_PASS") or ask(
            "password of rclone's encrypted configuration", "Set RCLONE_PASSWORD_COMMAND or RCLONE_CONFIG_PASS"
        )
    if not password.strip():
        raise UsageError("the password of rclone's configuration is empty", "See RCLONE_PASSWORD_COMMAND")
    return password


def _split(command: str) -> list[str]:
    """As rclone splits: by spaces, with double quotes as in CSV (fs/parsing of space separated lists)."""
    try:
        return next(csv.reader([command], delimiter=" ", strict=True))
    except (csv.Error, StopIteration):
        raise UsageError("rclone's password command has an open quote", "See RCLONE_PASSWORD_COMMAND") from None
