"""Logs as text, read to their end."""

from __future__ import annotations

from lockctl.diagnosis.logs.runs import LogReader, Run
from lockctl.diagnosis.logs.stories import Stories
from lockctl.diagnosis.logs.story import Story
from lockctl.diagnosis.logs.whereabouts import Known

LOCK = "c6632a542a"
LENGTH = "net/http: server replied with more than declared Content-Length; truncated"
OUTGROWN = f"Load(<lock/{LOCK}>, 0, 0) returned error, retrying after 1.5s: {LENGTH}\n"
GAVE_UP = f"Load(<lock/{LOCK}>, 0, 0) failed: {LENGTH}\n"
BREAKER = f"unable to create lock in backend: circuit breaker open for file <lock/{LOCK}>\n"
BLOCKED = (
    "unable to create lock in backend: repository is already locked exclusively by PID 4209 on web1 by root"
    " (UID 0, GID 0)\nlock was created at 2026-11-24 00:16:16 (26h3m0.641943135s ago)\nstorage ID 31d3f10a\n"
    "the `unlock` command can be used to remove stale locks\n"
)
INVALID = (
    f"Fatal: invalid lock file: LoadRaw(<lock/{LOCK}>): invalid data returned\n\n"
    "the `unlock --remove-all` command can be used to remove invalid locks. Make sure that no other restic process is"
    " accessing the repository when running the command\n"
)
SAVED = "no parent snapshot found, will read all files\nprocessed 1 files, 3 B in 0:01\nsnapshot 5ab2ba4b saved\n"


def runs_of(text: str | bytes) -> list[Run]:
    """The runs of a log."""
    reader = LogReader()
    data = text.encode() if isinstance(text, str) else text
    return [*reader.feed(data), *reader.end()]


def stories_of(text: str | bytes, known: Known | None = None) -> list[Story]:
    """The stories of a log."""
    stories = Stories(known)
    for run in runs_of(text):
        stories.add(run)
    return stories.told()


def codes_of(text: str | bytes, known: Known | None = None) -> list[str]:
    """Their codes."""
    return [story.finding.code for story in stories_of(text, known)]
