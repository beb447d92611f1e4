"""rclone's configuration: its file, and the environment that overrides it.

Sources: rclone's documentation ("Environment Variables", order of precedence), fs/configmap.go, fs/config/config.go.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from lockctl.errors import UsageError
from lockctl.settings.rclone.remote import Remote

DEFAULTS = "rclone's defaults"
"""Where an option comes from that is set nowhere."""


class Configuration:
    """Options of remotes. The file is read when something in it is needed, and once."""

    def __init__(self, environment: Mapping[str, str], ask: Callable[[str, str], str]) -> None:
        self._environment = environment
        self._ask = ask
        self._parser: configparser.RawConfigParser | None = None

    def kind_of(self, remote: Remote) -> str:
        """The type of this remote. Raises UsageError where there is no such remote."""
        if remote.name.startswith(":"):
            return remote.name[1:]
        kind = dict(remote.options).get("type") or self._environment.get(f"{_variables(remote)}TYPE")
        kind = kind or self._section(remote.name, needed=True).get("type")
        if kind is None:
            raise UsageError(
                f"rclone has no remote {remote.name!r} in {_path(self._environment)}",
                "See 'rclone config show', or set RCLONE_CONFIG to the file that has it",
            )
        return kind

    def option(self, remote: Remote, kind: str, name: str, default: str = "") -> tuple[str, str]:
        """The value of an option, and where it comes from, in words. An empty one in the file is none."""
        own, general = f"{_variables(remote)}{name.upper()}", f"RCLONE_{kind.upper()}_{name.upper()}"
        section = {} if remote.name.startswith(":") else self._section(remote.name, needed=False)
        places = [
            (dict(remote.options).get(name), "the connection string"),
            (self._environment.get(own), own),
            (self._environment.get(general), general),
            (section.get(name) or None, f"rclone's remote {remote.name!r}"),
        ]
        return next(((value, origin) for value, origin in places if value is not None), (default, DEFAULTS))

    def _section(self, name: str, needed: bool) -> Mapping[str, str]:
        """A remote's section of the file; empty where there is none, or where it is locked and not needed."""
        if self._parser is None:
            text = self._text(needed)
            if text is None:
                return {}
            self._parser = _parse(text, _path(self._environment))
        return dict(self._parser[name]) if self._parser.has_section(name) else {}

    def _text(self, needed: bool) -> str | None:
        path = _path(self._environment)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no UTF-8"
            raise UsageError(f"cannot read rclone's configuration {path}: {reason}") from None
        if "RCLONE_ENCRYPT_V" not in text:
            return text
        # Imported only where it is needed.
        from lockctl.settings.rclone.sealed import find_config_password, has_password, open_sealed, sealed_part

        sealed = sealed_part(text)
        if sealed is None:
            return text
        if not needed and not has_password(self._environment):
            return None
        return open_sealed(sealed, find_config_password(self._environment, self._ask))


def _variables(remote: Remote) -> str:
    """What the variables of this remote begin with."""
    return f"RCLONE_CONFIG_{remote.name.upper()}_"


def _parse(text: str, path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=(";", "#"))
    try:
        parser.read_string(text)
    except configparser.Error:
        # Without its cause, which quotes lines: one may be a password.
        raise UsageError(f"rclone's configuration {path} cannot be understood", "See 'rclone config show'") from None
    return parser


def _path(environment: Mapping[str, str]) -> Path:
    """Where rclone looks (fs/config/config.go): RCLONE_CONFIG, the XDG folder, ~/.config, ~/.rclone.conf."""
    if environment.get("RCLONE_CONFIG"):
        return Path(environment["RCLONE_CONFIG"])
    home = Path(environment.get("HOME") or "/")
    folders = [Path(environment["XDG_CONFIG_HOME"])] if environment.get("XDG_CONFIG_HOME") else []
    candidates = [folder / "rclone/rclone.conf" for folder in [*folders, home / ".config"]] + [home / ".rclone.conf"]
    return next((path for path in candidates if os.path.exists(path)), candidates[0])  # noqa: PTH110 - never raises
