"""From options to an open repository, for every command that looks at one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lockctl.cli.console import Console, wants_colour
from lockctl.cli.options import Common
from lockctl.cli.signals import start_watchdog
from lockctl.clock.deadline import Deadline
from lockctl.errors import JournalError, NoRepository, UsageError
from lockctl.settings.address import LocalAddress
from lockctl.settings.folders import configuration_file, state_directory
from lockctl.settings.password import PasswordOptions, find_password
from lockctl.settings.place import Place, find_place, resolve_place

if TYPE_CHECKING:
    from lockctl.liveness.probe import Answers
    from lockctl.repository.opening import Repository
    from lockctl.settings.file import Configuration
    from lockctl.state.journal import Journal
    from lockctl.state.sightings import Sightings
    from lockctl.survey.values import Survey
    from lockctl.transport.base import Remover


@dataclass(frozen=True, slots=True)
class Access:
    """What opens a repository: its place, its password and the key to try first. Found once a run.

    Without a password nothing is decrypted.
    """

    place: Place
    password: str | None = field(repr=False)
    key_hint: str
    state_folder: Path
    configuration: Configuration | None


@dataclass(frozen=True, slots=True)
class Opened:
    """An open repository and what is needed to work on it."""

    access: Access
    transport: Remover
    repository: Repository

    def look(self, trust_clock: str | None = None, answers: Answers | None = None) -> Survey:
        """A survey of it, with all that this user's files and this machine's memory add."""
        from lockctl.survey.observe import take_survey

        return take_survey(
            self.repository,
            self.access.place.shown,
            trust_clock=trust_clock,
            sightings=_sightings(self.access.state_folder),
            configuration=self.access.configuration,
            answers=answers,
        )


@cache
def _sightings(state_folder: Path) -> Sightings:
    """What this machine has seen before; one for all of a run, for it knows what this run itself began."""
    from lockctl.state.sightings import Sightings

    return Sightings(state_folder / "sightings")


def make_console(common: Common) -> Console:
    """The console that these options ask for."""
    colour = not common.no_color and wants_colour(os.environ)
    return Console(quiet=common.quiet, verbose=common.verbose, colour=colour)


def start_deadline(common: Common) -> Deadline:
    """The deadline of this run, watched over."""
    deadline = Deadline(common.timeout)
    start_watchdog(deadline, common.timeout)
    return deadline


def find_access(common: Common, console: Console, deadline: Deadline) -> Access:
    """Reads options, environment and files, and asks where that is not enough."""
    configuration = None
    path = configuration_file(os.environ)
    if os.path.lexists(path):
        # Imported only where it is needed: without it the key is being derived by then.
        from lockctl.settings.file import read_configuration

        configuration = read_configuration(path)
    place = find_place(common.repo, common.smb_credentials, os.environ, console.ask_secret)
    if place.warning:
        console.warn(place.warning)
    password = None
    if not common.metadata_only:
        options = PasswordOptions(common.password_file, common.password_command, common.insecure_no_password)
        password = find_password(options, os.environ, console.ask_secret, deadline.cap(60.0))
    hint = common.key_hint or os.environ.get("RESTIC_KEY_HINT", "")
    state = state_directory(common.state_dir, os.environ)
    return Access(place, password, hint, state, configuration)


@contextmanager
def open_repository(access: Access, console: Console, deadline: Deadline) -> Iterator[Opened]:
    """Connects, and starts to open the repository; closes the connection at the end."""
    from lockctl.repository.headstart import HeadStart
    from lockctl.state.keycache import KeyCache

    if access.password is None:
        with connect(access.place, console, deadline) as transport:
            from lockctl.repository.opening import open_metadata

            yield Opened(access, transport, open_metadata(transport, deadline))
        return
    head_start = HeadStart(KeyCache(access.state_folder / "keys", access.place.shown), access.password)
    with connect(access.place, console, deadline) as transport:
        from lockctl.repository.opening import open_repository as open_

        repository = open_(transport, access.password, deadline, access.key_hint, head_start)
        yield Opened(access, transport, repository)
        try:
            head_start.keep(repository.key_file)
        except OSError as error:
            console.detail(f"the key file was not kept for a faster start: {error.strerror}")


@contextmanager
def connect(place: Place, console: Console, deadline: Deadline) -> Iterator[Remover]:
    """The transport to a place, closed at the end."""
    transport = _make_transport(place, console, deadline)
    try:
        yield transport
    except NoRepository as error:
        raise NoRepository(f"{place.shown}: {error}") from error
    finally:
        transport.close()


def find_other_place(address: str, common: Common, console: Console) -> Place:
    """The place of an address that the journal holds."""
    return resolve_place(address, common.smb_credentials, os.environ, console.ask_secret)


def open_journal(common: Common) -> Journal:
    """The journal in this run's state folder."""
    from lockctl.state.journal import Journal

    return Journal(state_directory(common.state_dir, os.environ))


def report_returned(journal: Journal, survey: Survey, console: Console) -> None:
    """Says loudly which owners came back after their lock was removed, and keeps that in the journal."""
    from time import time_ns

    from lockctl.clock.rfc3339 import format_moment
    from lockctl.removal.aftermath import find_returned
    from lockctl.render.table import removal_line

    try:
        returned = find_returned(journal.records(), survey)
        for one in returned:
            journal.note_returned(one.record.key, one.verdict.file.id, format_moment(time_ns()))
    except JournalError as error:
        console.warn(str(error))
        return
    for one in returned:
        console.fail(
            f"ERROR: the owner of lock {one.record.removed.id[:8]}, which was removed at {one.record.at[:19]}Z, was "
            f"alive: it came back as {removal_line(one.verdict, {})}. Check what ran meanwhile: 'restic check'"
        )


def _make_transport(place: Place, console: Console, deadline: Deadline) -> Remover:
    if isinstance(place.target, LocalAddress):
        from lockctl.transport.local.directory import LocalTransport

        return LocalTransport(place.target.path)
    if place.login is None:
        raise UsageError("no user for the share was given")
    from lockctl.transport.smb.connection import Credentials
    from lockctl.transport.smb.transport import SmbTransport

    credentials = Credentials(place.login.user, place.login.password, place.login.domain)
    console.detail(f"connecting to {place.target.host} port {place.target.port} as {credentials.account}")
    transport = SmbTransport(place.target, credentials, deadline)
    console.detail(f"logged on; messages are {'encrypted' if transport.encrypted else 'signed'}")
    return transport
