"""Puts a removed lock back, byte for byte, from the journal into the repository that it came from."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress

from lockctl.clock.rfc3339 import format_moment
from lockctl.errors import FileError, JournalError, LockctlError, NameTaken, NotFound, UnknownLock
from lockctl.repository.opening import no_repository
from lockctl.state.journal import Journal
from lockctl.state.records import Outcome, Record
from lockctl.transport.base import Remover

_MAX_CONFIG = 2**20


def find_removed(records: Sequence[Record], beginning: str) -> Record:
    """The newest removal of the one lock whose id starts so. Raises UnknownLock."""
    found = [record for record in records if beginning and record.removed.id.startswith(beginning)]
    if len({record.removed.id for record in found}) > 1:
        raise UnknownLock(f"several removed locks have ids that start with {beginning!r}", "Give more of the id")
    if not found:
        raise UnknownLock(f"the journal has no lock whose id starts with {beginning!r}", "See 'lockctl history'")
    # Another run that came to the same lock at the same time found it gone.
    record = next((one for one in reversed(found) if one.outcome is not Outcome.GONE), found[-1])
    if record.outcome is Outcome.GONE:
        raise UnknownLock(
            f"lockctl did not remove lock {record.removed.id[:8]}: {record.outcome_text}", "See 'lockctl history'"
        )
    return record


def put_back(
    record: Record,
    transport: Remover,
    address: str,
    journal: Journal,
    shield: Callable[[], AbstractContextManager[None]],
) -> None:
    """Writes the lock under a temporary name and renames it. `address` is where the transport leads, for people.

    Raises LockctlError where that is another repository, NoRepository, NameTaken where a file of its name stands, and
    the transport's and the journal's errors.
    """
    (config,) = transport.read_many(["config"], _MAX_CONFIG)
    if isinstance(config, NotFound):
        raise no_repository()
    if isinstance(config, FileError):
        raise config
    name = record.removed.id
    if hashlib.sha256(config).hexdigest() != record.origin.config_sha256:
        raise LockctlError(
            f"{address} is not the repository that lock {name[:8]} came from, or was upgraded since",
            f"It came from {record.origin.address}",
        )
    # The name that restic gives to what it has not finished: nobody takes it for a lock.
    temporary = f"locks/{name[:64]}-tmp-{secrets.randbelow(10**9)}"
    with shield():
        journal.hold(record.key, format_moment(time.time_ns()))
        try:
            transport.put_new(f"locks/{name}", temporary, record.removed.data)
        except FileError as error:
            with suppress(JournalError):  # what it could not put back is the error to tell
                journal.release(record.key, format_moment(time.time_ns()))
            if isinstance(error, NameTaken):
                text = f"{address}: lock {name[:8]} stands there already"
                raise NameTaken(text, "There is nothing to put back: see 'lockctl list'") from error
            raise
        journal.note_restored(record.key, format_moment(time.time_ns()))
