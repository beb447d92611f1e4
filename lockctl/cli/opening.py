"""From options to a session, for every command that looks at a repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from lockctl.cli.choosing import choose_one, read_settings
from lockctl.cli.console import Console, wants_colour
from lockctl.cli.options import Common
from lockctl.cli.signals import start_watchdog
from lockctl.clock.deadline import RUN, Deadline
from lockctl.errors import Unanswered, UsageError
from lockctl.settings.access import Access
from lockctl.settings.files import find_exposure
from lockctl.settings.folders import state_directory
from lockctl.settings.password import PasswordOptions, find_password
from lockctl.settings.place import SmbPlace, resolve_place
from lockctl.settings.policy import Policy
from lockctl.settings.repositories import find_settings

if TYPE_CHECKING:
    from lockctl.settings.place import Place
    from lockctl.settings.repositories import Configuration, RepositorySettings
    from lockctl.state.journal import Journal
    from lockctl.survey.session import Session


def make_console(common: Common) -> Console:
    """The console that these options ask for."""
    colour = not common.no_color and wants_colour(os.environ)
    return Console(quiet=common.quiet, verbose=common.verbose, colour=colour)


def start_deadline(common: Common) -> Deadline:
    """The deadline of this run, watched over."""
    deadline = Deadline(common.timeout, RUN.begun)
    start_watchdog(deadline, common.timeout)
    return deadline


def open_session(
    common: Common, console: Console, trust_clock: str | None = None, teller: Console | None = None
) -> Session:
    """Reads options, environment and files, and asks where that is not enough. Connects to nothing yet.

    `teller` is told what the session comes upon, where that is not the console.
    """
    deadline = start_deadline(common)
    configuration = read_settings(console)
    settings = choose_one(common, configuration)
    access = find_access(settings, replace(configuration.policy, trust_clock=trust_clock), common, console, deadline)
    # Imported only now: what was wrong with the options is told without it, and all else while the key is derived.
    from lockctl.survey.headstart import take_head_start

    head_start = take_head_start(access)
    from lockctl.survey.session import Session

    return Session(access, deadline, teller or console, head_start)


def find_other_place(address: str, common: Common, console: Console, configuration: Configuration) -> Place:
    """The place that the options name, else that of an address which the journal holds."""
    chosen = choose_one(common, configuration) if common.repo else find_settings(address, configuration)
    credentials = common.smb_credentials or chosen.smb_credentials
    kerberos = common.kerberos or chosen.kerberos
    return resolve_place(chosen.address, credentials, os.environ, _asker(console), kerberos=kerberos)


def open_journal(common: Common) -> Journal:
    """The journal in this run's state folder."""
    from lockctl.state.journal import Journal

    return Journal(state_directory(common.state_dir, os.environ))


def find_access(
    settings: RepositorySettings, policy: Policy, common: Common, console: Console, deadline: Deadline
) -> Access:
    """All that opens this repository: options go before its settings, and these before the environment.

    Raises UsageError, also for options that exclude each other.
    """
    if common.kerberos and common.smb_credentials:
        raise UsageError("--kerberos needs no password, and --smb-credentials has one", "Leave one of them out")
    credentials = common.smb_credentials or settings.smb_credentials
    kerberos = common.kerberos or settings.kerberos
    place = resolve_place(settings.address, credentials, os.environ, _asker(console), kerberos=kerberos)
    if isinstance(place, SmbPlace):
        _warn(console, place.warning)
        _warn_of_readers(console, credentials or os.environ.get("LOCKCTL_SMB_CREDENTIALS"), "credentials file")
    password = None
    if not (common.metadata_only or settings.metadata_only):
        given = PasswordOptions(common.password_file, common.password_command, common.insecure_no_password)
        options = given if given != PasswordOptions() else settings.password
        password = find_password(options, os.environ, _asker(console), deadline.cap(60.0))
        if not options.command and not options.none:
            _warn_of_readers(console, options.file or os.environ.get("RESTIC_PASSWORD_FILE"), "password file")
    return Access(
        place,
        password,
        common.key_hint or settings.key_hint or os.environ.get("RESTIC_KEY_HINT", ""),
        state_directory(common.state_dir, os.environ),
        replace(policy, thresholds=settings.thresholds or policy.thresholds),
        settings.name,
    )


def _warn(console: Console, text: str) -> None:
    if text:
        console.warn(text)


def _warn_of_readers(console: Console, path: str | None, what: str) -> None:
    if path:
        _warn(console, find_exposure(path, what, is_secret=True))


def _asker(console: Console) -> Callable[[str, str], str]:
    """Asks for a password. Raises Unanswered where the input ends instead."""

    def ask(what: str, otherwise: str) -> str:
        try:
            return console.ask_secret(what, otherwise)
        except EOFError as error:
            console.tell("")  # what comes next starts a line of its own
            raise Unanswered(f"no {what} was given: the input ended", otherwise) from error

    return ask
