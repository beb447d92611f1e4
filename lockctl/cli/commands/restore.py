"""`lockctl restore`: puts a removed lock back, byte for byte, from the journal."""

from __future__ import annotations

import hashlib
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockctl.cli.opening import connect, find_other_place, make_console, open_journal, start_deadline
from lockctl.cli.options import OUTPUT, Common, JsonOption, with_common
from lockctl.cli.signals import SIGNALS
from lockctl.errors import DeadlinePassed, FileError, Interrupted, JournalError, LockctlError, NotFound, UnknownLock
from lockctl.render.harmless import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockctl.cli.console import Console
    from lockctl.clock.deadline import Deadline
    from lockctl.state.journal import Journal
    from lockctl.state.records import Record

_MAX_CONFIG = 2**20


@with_common("repo", "smb_credentials", "timeout", *OUTPUT)
def restore(
    common: Common,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of removed locks, or beginnings of them.")],
    json: JsonOption = False,
) -> int:
    """Put removed locks back where they came from."""
    console = make_console(common)
    deadline = start_deadline(common)
    journal = open_journal(common)
    records = journal.records()
    for text in (*journal.warnings, *journal.damaged):
        console.warn(text)
    chosen = [_pick(records, beginning) for beginning in ids]
    restored: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for record in chosen:
        try:
            place = _put_back(record, common, console, deadline, journal)
        except LockctlError as error:
            if len(chosen) == 1 or isinstance(error, Interrupted | DeadlinePassed):
                raise
            failed.append({"id": record.removed.id, "error": str(error)})
            console.fail(str(error))
        else:
            restored.append({"id": record.removed.id, "repository": place})
            if not json:
                console.result(f"restored {record.removed.id[:8]} to {visible(place)}; prune leaves it alone for a day")
    if json:
        from lockctl.render.as_json import dump

        console.result(dump({"schema": "lockctl.restore/1", "restored": restored, "failed": failed}))
    return 3 if failed else 0


def _pick(records: Sequence[Record], beginning: str) -> Record:
    """The newest removal of the one lock whose id starts so."""
    found = [record for record in records if beginning and record.removed.id.startswith(beginning)]
    if len({record.removed.id for record in found}) > 1:
        raise UnknownLock(f"several removed locks have ids that start with {beginning!r}", "Give more of the id")
    if not found:
        raise UnknownLock(f"the journal has no lock whose id starts with {beginning!r}", "See 'lockctl history'")
    from lockctl.state.records import Outcome

    record = found[-1]
    if record.outcome is Outcome.GONE:
        raise UnknownLock(
            f"lockctl did not remove lock {record.removed.id[:8]}: {record.outcome_text}",
            "See 'lockctl history'",
        )
    return record


def _put_back(record: Record, common: Common, console: Console, deadline: Deadline, journal: Journal) -> str:
    from lockctl.clock.rfc3339 import format_moment
    from lockctl.repository.opening import no_repository
    from lockctl.state.records import Outcome

    if record.outcome is not Outcome.REMOVED:
        console.warn(
            f"it is not certain that {record.removed.id[:8]} was removed: {record.outcome_text or 'the run was ended'}"
        )
    place = find_other_place(common.repo or record.origin.address, common, console)
    name = record.removed.id
    with connect(place, console, deadline) as transport:
        (config,) = transport.read_many(["config"], _MAX_CONFIG)
        if isinstance(config, NotFound):
            raise no_repository()
        if isinstance(config, FileError):
            raise config
        if hashlib.sha256(config).hexdigest() != record.origin.config_sha256:
            raise LockctlError(
                f"{place.shown} is not the repository that lock {name[:8]} came from, or was upgraded since",
                f"It came from {record.origin.address}",
            )
        # The name that restic gives to what it has not finished: nobody takes it for a lock.
        base = name[:64]
        with SIGNALS.shield():
            journal.hold(record.key, format_moment(time.time_ns()))
            try:
                transport.put_new(f"locks/{name}", f"locks/{base}-tmp-{secrets.randbelow(10**9)}", record.removed.data)
            except FileError:
                with suppress(JournalError):  # what it could not put back is the error to tell
                    journal.release(record.key, format_moment(time.time_ns()))
                raise
            journal.note_restored(record.key, format_moment(time.time_ns()))
    return place.shown
