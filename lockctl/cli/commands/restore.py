"""`lockctl restore`: puts a removed lock back, byte for byte, from the journal."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lockctl.cli.choosing import read_settings
from lockctl.cli.opening import find_other_place, make_console, open_journal, start_deadline
from lockctl.cli.options import OUTPUT, Common, JsonOption, with_common
from lockctl.cli.signals import SIGNALS
from lockctl.errors import DeadlinePassed, Interrupted, LockctlError, NoRepository
from lockctl.render.harmless import visible

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.clock.deadline import Deadline
    from lockctl.settings.repositories import Configuration
    from lockctl.state.journal import Journal
    from lockctl.state.records import Record


@dataclass(frozen=True, slots=True)
class _Work:
    """All that puts a lock back."""

    common: Common
    console: Console
    deadline: Deadline
    configuration: Configuration
    journal: Journal

    def restore(self, record: Record) -> str:
        """Puts one lock back. Returns where."""
        from lockctl.removal.restore import put_back
        from lockctl.state.records import Outcome
        from lockctl.transport.connect import connect

        if record.outcome is not Outcome.REMOVED:
            said = record.outcome_text or "the run was ended"
            self.console.warn(f"it is not certain that {record.removed.id[:8]} was removed: {said}")
        place = find_other_place(record.origin.address, self.common, self.console, self.configuration)
        with closing(connect(place, self.deadline, self.console.detail)) as transport:
            try:
                put_back(record, transport, place.shown, self.journal, SIGNALS.removing)
            except NoRepository as error:
                raise NoRepository(f"{place.shown}: {error}") from error
        return place.shown


@with_common("repo", "smb_credentials", "kerberos", "timeout", *OUTPUT)
def restore(
    common: Common,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of removed locks, or beginnings of them.")],
    json: JsonOption = False,
) -> int:
    """Put removed locks back where they came from."""
    from lockctl.removal.restore import find_removed
    from lockctl.render.as_json import dump

    console = make_console(common)
    work = _Work(common, console, start_deadline(common), read_settings(console), open_journal(common))
    journal = work.journal
    records = journal.records()
    for text in (*journal.warnings, *journal.damaged):
        console.warn(text)
    chosen = [find_removed(records, beginning) for beginning in ids]
    restored: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    stopped: LockctlError | None = None
    for record in chosen:
        try:
            place = work.restore(record)
        except LockctlError as error:
            ends = isinstance(error, Interrupted | DeadlinePassed)
            if not restored and (ends or len(chosen) == 1):
                raise
            failed.append({"id": record.removed.id, "error": str(error)})
            console.fail(str(error))
            if ends:
                stopped = error  # what was put back before that is told all the same
                break
        else:
            restored.append({"id": record.removed.id, "repository": {"address": place}})
            if not json:
                console.result(f"restored {record.removed.id[:8]} to {visible(place)}; prune leaves it alone for a day")
    if json:
        console.result(dump({"schema": "lockctl.restore/1", "restored": restored, "failed": failed}))
    if isinstance(stopped, Interrupted):
        return stopped.status
    return 3 if failed else 0
