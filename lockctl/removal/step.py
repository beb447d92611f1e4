"""Removes some locks: journal first, one handle for each, then what came of them."""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, replace

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


def remove_locks(verdicts: Sequence[Verdict], survey: Survey, remover: Remover, journal: Journal) -> list[Result]:
    """Removes some locks: their intents, each through its handle, their outcomes. No signal may come in between.

    Raises JournalError before anything is marked. After Unreachable all intents stay open, for `aftermath`.
    """
    described = [_describe(verdict, survey) for verdict in verdicts]
    keys = journal.begin(survey.origin, described, format_moment(time.time_ns()), _whoami())
    try:
        found = remover.remove_many("locks", [(verdict.file.entry, verdict.file.data or b"") for verdict in verdicts])
    except Unreachable as error:
        text = f"nobody knows yet whether it was removed: {error}"
        return [Result(verdict, Outcome.UNKNOWN, text, failed=True, lost=True) for verdict in verdicts]
    results = [_result(verdict, one) for verdict, one in zip(verdicts, found, strict=True)]
    outcomes = [(key, result.outcome, result.text) for key, result in zip(keys, results, strict=True)]
    try:
        journal.finish(outcomes, format_moment(time.time_ns()))
    except JournalError as error:
        return [_untold(result, error) for result in results]
    return results


def _result(verdict: Verdict, removal: Removal | FileError) -> Result:
    if isinstance(removal, FileError):
        return Result(verdict, Outcome.KEPT, str(removal), failed=True)
    outcome, text = _OUTCOMES[removal]
    return Result(verdict, outcome, text, failed=removal is Removal.MARKED)


def _untold(result: Result, error: JournalError) -> Result:
    return replace(result, text=f"{result.outcome.value}, but the journal does not tell it: {error}", failed=True)


def _describe(verdict: Verdict, survey: Survey) -> Removed:
    lock = verdict.file.lock
    fields = None
    if lock is not None:
        fields = asdict(lock)
        del fields["time_ns"]
    return Removed(
        verdict.file.id,
        verdict.file.data or b"",
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
