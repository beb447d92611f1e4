"""From options to a session, for every command that looks at a repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from lockctl.cli.console import Console, wants_colour
from lockctl.cli.options import Common
from lockctl.cli.signals import start_watchdog
from lockctl.clock.boot import process_began
from lockctl.clock.deadline import Deadline
from lockctl.errors import Unanswered
from lockctl.settings.access import Access
from lockctl.settings.folders import configuration_file, state_directory
from lockctl.settings.password import PasswordOptions, find_password
from lockctl.settings.place import SmbPlace, find_place, resolve_place
from lockctl.settings.policy import Policy

if TYPE_CHECKING:
    from lockctl.settings.place import Place
    from lockctl.state.journal import Journal
    from lockctl.survey.session import Session


def make_console(common: Common) -> Console:
    """The console that these options ask for."""
    colour = not common.no_color and wants_colour(os.environ)
    return Console(quiet=common.quiet, verbose=common.verbose, colour=colour)


def start_deadline(common: Common) -> Deadline:
    """The deadline of this run, watched over."""
    deadline = Deadline(common.timeout, process_began())
    start_watchdog(deadline, common.timeout)
    return deadline


def open_session(
    common: Common, console: Console, trust_clock: str | None = None, teller: Console | None = None
) -> Session:
    """Reads options, environment and files, and asks where that is not enough. Connects to nothing yet.

    `teller` is told what the session comes upon, where that is not the console.
    """
    deadline = start_deadline(common)
    access = _find_access(common, console, deadline, trust_clock)
    # Imported only now: what was wrong with the options is told without it, and all else while the key is derived.
    from lockctl.survey.headstart import take_head_start

    head_start = take_head_start(access)
    from lockctl.survey.session import Session

    return Session(access, deadline, teller or console, head_start)


def find_other_place(address: str, common: Common, console: Console) -> Place:
    """The place of an address that the journal holds."""
    return resolve_place(address, common.smb_credentials, os.environ, _asker(console))


def open_journal(common: Common) -> Journal:
    """The journal in this run's state folder."""
    from lockctl.state.journal import Journal

    return Journal(state_directory(common.state_dir, os.environ))


def _asker(console: Console) -> Callable[[str, str], str]:
    """Asks for a password. Raises Unanswered where the input ends instead."""

    def ask(what: str, otherwise: str) -> str:
        try:
            return console.ask_secret(what, otherwise)
        except EOFError as error:
            console.tell("")  # what comes next starts a line of its own
            raise Unanswered(f"no {what} was given: the input ended", otherwise) from error

    return ask


def _find_access(common: Common, console: Console, deadline: Deadline, trust_clock: str | None) -> Access:
    policy = replace(_find_policy(), trust_clock=trust_clock)
    place = find_place(common.repo, common.smb_credentials, os.environ, _asker(console))
    if isinstance(place, SmbPlace) and place.warning:
        console.warn(place.warning)
    password = None
    if not common.metadata_only:
        options = PasswordOptions(common.password_file, common.password_command, common.insecure_no_password)
        password = find_password(options, os.environ, _asker(console), deadline.cap(60.0))
    hint = common.key_hint or os.environ.get("RESTIC_KEY_HINT", "")
    return Access(place, password, hint, state_directory(common.state_dir, os.environ), policy)


def _find_policy() -> Policy:
    path = configuration_file(os.environ)
    if not os.path.lexists(path):
        return Policy()
    # Imported only where it is needed: without it the key is being derived by then.
    from lockctl.settings.file import read_policy

    return read_policy(path)
