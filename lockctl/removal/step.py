"""Removes one lock: journal first, one handle, then what came of it."""

from __future__ import annotations

import getpass
import os
import socket
import time
from dataclasses import asdict

from lockctl import __version__
from lockctl.clock.rfc3339 import format_moment
from lockctl.errors import FileError, JournalError, Unreachable
from lockctl.liveness.evidence import Verdict
from lockctl.removal.report import Result
from lockctl.state.journal import Journal
from lockctl.state.records import Outcome, Removed
from lockctl.survey.values import Survey
from lockctl.transport.base import Removal, Remover

_OUTCOMES = {
    Removal.REMOVED: (Outcome.REMOVED, ""),
    Removal.GONE: (Outcome.GONE, "not there any more"),
    Removal.CHANGED: (Outcome.KEPT, "another file stands under that name"),
    Removal.MARKED: (Outcome.UNKNOWN, "marked; another program has it open, and it goes when that closes it"),
}


def remove_lock(
    verdict: Verdict,
    survey: Survey,
    remover: Remover,
    journal: Journal,
) -> Result:
    """Removes one lock: intent, handle, outcome. Call it where no signal can come in between.

    Raises JournalError before anything is marked. After Unreachable the intent stays open, for `aftermath`.
    """
    data = verdict.file.data or b""
    key = journal.begin(survey.origin, _describe(verdict, survey, data), format_moment(time.time_ns()), _whoami())
    try:
        (removal,) = remover.remove_many("locks", [(verdict.file.entry, data)])
        if isinstance(removal, FileError):
            raise removal
    except FileError as error:
        journal.finish(key, Outcome.KEPT, str(error), format_moment(time.time_ns()))
        return Result(verdict, Outcome.KEPT, str(error), failed=True)
    except Unreachable as error:
        text = f"nobody knows yet whether it was removed: {error}"
        return Result(verdict, Outcome.UNKNOWN, text, failed=True, lost=True)
    outcome, text = _OUTCOMES[removal]
    try:
        journal.finish(key, outcome, text, format_moment(time.time_ns()))
    except JournalError as error:
        return Result(verdict, outcome, f"{outcome.value}, but the journal does not tell it: {error}", failed=True)
    return Result(verdict, outcome, text, failed=removal is Removal.MARKED)


def _describe(verdict: Verdict, survey: Survey, data: bytes) -> Removed:
    lock = verdict.file.lock
    fields = None
    if lock is not None:
        fields = asdict(lock)
        del fields["time_ns"]
    return Removed(
        verdict.file.id,
        data,
        verdict.state.value,
        verdict.why,
        verdict.age,
        fields,
        survey.clocks.server,
    )


def _whoami() -> dict[str, object]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.geteuid())
    return {"user": user, "hostname": socket.gethostname(), "pid": os.getpid(), "lockctl": __version__}
