"""Which repositories a run is for: options, environment and configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lockctl.cli.options import Common
from lockctl.errors import UsageError
from lockctl.settings.address import show_address
from lockctl.settings.folders import configuration_files
from lockctl.settings.place import restics_address
from lockctl.settings.repositories import Choice, Configuration, RepositorySettings, choose_repositories

if TYPE_CHECKING:
    from lockctl.cli.console import Console


def read_settings(console: Console | None) -> Configuration:
    """What the configuration files say; `console` is told what is odd with them. Raises UsageError."""
    paths = configuration_files(os.environ)
    if not paths:
        return Configuration()
    # Imported only where it is needed: without it the key is being derived by then.
    from lockctl.settings.configuration import read_configuration

    configuration = read_configuration(paths)
    if console is not None:
        for text in configuration.warnings:
            console.warn(text)
    return configuration


def choose(common: Common, configuration: Configuration) -> list[RepositorySettings]:
    """The repositories of this run, one at least. Raises UsageError."""
    choice = Choice(tuple(filter(None, common.repo or ())), common.everything, tuple(common.tag or ()))
    if choice.is_made:
        return choose_repositories(choice, configuration)
    named = os.environ.get("LOCKCTL_REPOSITORY")
    if named:
        return choose_repositories(Choice((named,)), configuration)
    return [RepositorySettings(restics_address(os.environ))]


def is_for_several(common: Common) -> bool:
    """Whether several repositories were asked for, however many there are: the output has another form then."""
    return common.everything or bool(common.tag) or len({*(common.repo or ())} - {""}) > 1


def spell_choice(common: Common) -> list[str]:
    """The options by which these repositories were chosen, without a password that stands in an address."""
    options = ["--all"] if common.everything else []
    options += [word for tag in common.tag or () for word in ("--tag", tag)]
    return options + [word for one in common.repo or () for word in ("-r", _spell(one))]


def _spell(text: str) -> str:
    return text if text.startswith("local:") else show_address(text)


def choose_one(common: Common, configuration: Configuration) -> RepositorySettings:
    """The repository of a command that takes one. Raises UsageError."""
    chosen = choose(common, configuration)
    if len(chosen) > 1:
        raise UsageError(f"{len(chosen)} repositories were named, and this command takes one", "Give -r once")
    return chosen[0]
