"""Repositories by name: what the configuration says of each, and which of them a run is for. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from lockctl.errors import UsageError
from lockctl.settings.address import parse_address, show_address
from lockctl.settings.password import PasswordOptions
from lockctl.settings.policy import Policy, Thresholds


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """One repository as the user named it. What is None, '' or not said is for options and environment to say."""

    address: str
    name: str = ""
    """'' where only its address is known."""
    password: PasswordOptions = field(default_factory=PasswordOptions)
    metadata_only: bool = False
    key_hint: str = ""
    smb_credentials: str | None = None
    kerberos: bool = False
    tags: tuple[str, ...] = ()
    thresholds: Thresholds | None = None
    """None where those of all repositories hold."""

    @property
    def shown(self) -> str:
        """The name, else the address without a password."""
        return self.name or show_address(self.address)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the configuration files say."""

    policy: Policy = field(default_factory=Policy)
    repositories: Mapping[str, RepositorySettings] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Which repositories: addresses and names, or all of the configuration, or those with one of these tags."""

    repositories: tuple[str, ...] = ()
    everything: bool = False
    tags: tuple[str, ...] = ()

    @property
    def is_made(self) -> bool:
        """Whether the user chose any."""
        return bool(self.repositories or self.everything or self.tags)


def is_name(text: str) -> bool:
    """Whether this is the name of a configured repository, and no address."""
    return bool(text) and not re.search(r"[/\\:]", text) and text not in (".", "..")


def choose_repositories(choice: Choice, configuration: Configuration) -> list[RepositorySettings]:
    """Those that were chosen, each once, in the order in which they were named. Raises UsageError."""
    if choice.repositories and (choice.everything or choice.tags):
        raise UsageError("-r names repositories, and --all or --tag chooses others", "Leave one of them out")
    if choice.repositories:
        return list({text: _find(text, configuration) for text in choice.repositories}.values())
    known = configuration.repositories
    if not known:
        raise UsageError("no repository is configured", "Write one with 'lockctl config init'")
    chosen = [one for one in known.values() if not choice.tags or set(choice.tags) & set(one.tags)]
    if not chosen:
        tags = sorted({tag for one in known.values() for tag in one.tags})
        raise UsageError(
            f"no repository has the tag {' or '.join(map(repr, choice.tags))}",
            f"Tags are {', '.join(tags)}" if tags else "None has any: see lockctl config show",
        )
    return chosen


def find_settings(address: str, configuration: Configuration) -> RepositorySettings:
    """Those of the repository that has this address, as a place shows it."""
    for one in configuration.repositories.values():
        if str(parse_address(one.address)) == address:
            return one
    return RepositorySettings(address)


def _find(text: str, configuration: Configuration) -> RepositorySettings:
    if not is_name(text):
        return RepositorySettings(text)
    known = configuration.repositories
    if text in known:
        return known[text]
    path = f"for a directory: ./{text}"
    if not known:
        raise UsageError(
            f"{text!r} is the name of a configured repository, and none is configured",
            f"See 'lockctl config init'; {path}",
        )
    near = get_close_matches(text, known, 1)
    hint = f"Did you mean {near[0]}? Else" if near else f"Known are {', '.join(known)};"
    raise UsageError(f"no repository {text!r} is configured", f"{hint} {path}")
