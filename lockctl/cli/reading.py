"""`doctor --log`: reads a log, joins it with the share where one is named, and tells its stories."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from lockctl.cli.opening import open_session
from lockctl.errors import LockctlError, UsageError

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.cli.options import Common
    from lockctl.diagnosis.logs.stories import Stories
    from lockctl.diagnosis.logs.whereabouts import Known

_PIECE = 256 * 1024
WIDTH = 100
"""Columns where there is no terminal."""


def read_log(common: Common, console: Console, path: str, *, json: bool) -> int:
    """Tells the stories of the log; the exit status is that of `doctor`."""
    from lockctl.diagnosis.findings import exit_status
    from lockctl.diagnosis.logs.runs import LogReader
    from lockctl.diagnosis.logs.stories import Stories

    known = _look(common, console)
    reader, stories = LogReader(), Stories(known)
    with _open_log(path) as stream, console.progressing():
        while data := stream.read(_PIECE):
            for run in reader.feed(data):
                stories.add(run)
            console.progress(f"{reader.count:,} lines read")
    for run in reader.end():
        stories.add(run)
    _tell(console, stories, reader.count, json=json)
    return exit_status([story.finding for story in stories.told()])


def _tell(console: Console, stories: Stories, lines: int, *, json: bool) -> None:
    from lockctl.render.as_json import dump
    from lockctl.render.stories import log_object, no_story, story_text

    told = stories.told()
    if json:
        console.result(dump(log_object(told, lines, stories.runs)))
        return
    width = min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns)
    for story in told:
        console.result(story_text(story, console.colour, width) + "\n")
    if not told:
        console.note(no_story(lines, stories.runs))
    if stories.untold:
        console.warn(f"{stories.untold} more stories of this log are not told")


def _look(common: Common, console: Console) -> Known | None:
    """The share now, where a repository is named. One that only the environment names need not be within reach."""
    named = ("LOCKCTL_REPOSITORY", "RESTIC_REPOSITORY", "RESTIC_REPOSITORY_FILE")
    if common.repo is None and not any(os.environ.get(name) for name in named):
        return None
    try:
        with open_session(common, console) as session:
            session.connect()
            from lockctl.diagnosis.logs.whereabouts import Known

            survey = session.look()
            return Known(survey, tuple(session.journal.records()))
    except LockctlError as error:
        if common.repo is not None or error.status >= 128:
            raise
        console.warn(f"the log alone is told: {error}")
        return None


@contextmanager
def _open_log(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError(
                "'--log -' reads standard input, and nothing is piped into it", "See lockctl doctor --help"
            )
        yield sys.stdin.buffer
        return
    try:
        stream = open(path, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise UsageError(f"cannot read the log {path}: {error.strerror}", "Give the path of a file, or - ") from error
    with stream:
        yield stream
