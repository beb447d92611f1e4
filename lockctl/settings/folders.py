"""Where lockctl keeps and looks for its own files, as the XDG specification says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lockctl.errors import UsageError


def state_directory(option: str | None, environment: Mapping[str, str]) -> Path:
    """Where journal and memory are kept: --state-dir, LOCKCTL_STATE_DIR, else the XDG state folder."""
    given = option or environment.get("LOCKCTL_STATE_DIR")
    if given:
        return Path(given)
    base = environment.get("XDG_STATE_HOME", "")
    try:
        # The XDG specification: a path that is not absolute is to be ignored.
        home = Path(environment["HOME"]) if environment.get("HOME") else Path.home()
        return (Path(base) if base.startswith("/") else home / ".local/state") / "lockctl"
    except RuntimeError as error:
        raise UsageError("there is no home folder for the journal", "Set LOCKCTL_STATE_DIR or --state-dir") from error


SYSTEM_CONFIGURATION = Path("/etc/lockctl/config.toml")
"""That of the machine, below each user's own."""


def user_configuration(environment: Mapping[str, str]) -> Path:
    """Where the user's own configuration file is, if there is one: below the XDG configuration folder."""
    base, home = environment.get("XDG_CONFIG_HOME", ""), environment.get("HOME") or "/"
    return (Path(base) if base.startswith("/") else Path(home) / ".config") / "lockctl/config.toml"


def configuration_files(environment: Mapping[str, str]) -> list[Path]:
    """The configuration files that there are, a later one before an earlier one. LOCKCTL_CONFIG names the only one."""
    only = environment.get("LOCKCTL_CONFIG")
    if only:
        return [Path(only)]  # where it is missing, that is an error
    return [path for path in (SYSTEM_CONFIGURATION, user_configuration(environment)) if os.path.lexists(path)]
