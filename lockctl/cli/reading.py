"""`doctor --log`: reads a log, joins it with the share where one is named, and tells its stories."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, BinaryIO

from lockctl.cli.examining import read_journal
from lockctl.cli.opening import open_session
from lockctl.errors import LockctlError, UsageError
from lockctl.settings.place import is_named_by

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.cli.options import Common
    from lockctl.diagnosis.logs.stories import Stories
    from lockctl.diagnosis.logs.whereabouts import Known

_PIECE = 256 * 1024


def read_log(common: Common, console: Console, path: str, width: int, *, json: bool) -> int:
    """Tells the stories of the log, in so many columns; the exit status is that of `doctor`."""
    from lockctl.diagnosis.findings import exit_status

    stories, lines = find_stories(console, path, _look(common, console))
    if json:
        _dump(console, stories, lines)
    else:
        _tell(console, stories, lines, width)
    return exit_status([story.finding for story in stories.told()])


def find_stories(console: Console, path: str, known: Known | None) -> tuple[Stories, int]:
    """Reads the log, and joins it with what is known. Returns its stories and the number of its lines.

    Raises UsageError.
    """
    from lockctl.diagnosis.logs.runs import LogReader
    from lockctl.diagnosis.logs.stories import Stories

    reader, stories = LogReader(), Stories(known)
    with _open_log(path) as stream, console.progressing():
        for data in _pieces(stream, path):
            for run in reader.feed(data):
                stories.add(run)
            console.progress(f"{reader.count:,} lines read")
    for run in reader.end():
        stories.add(run)
    return stories, reader.count


def _dump(console: Console, stories: Stories, lines: int) -> None:
    from lockctl.render.as_json import dump
    from lockctl.render.stories import log_object

    console.result(dump(log_object(stories, lines)))


def _tell(console: Console, stories: Stories, lines: int, width: int) -> None:
    from lockctl.diagnosis.findings import Weight
    from lockctl.render.stories import no_story, stories_text

    told = [one for one in stories.told() if not console.quiet or one.finding.weight is Weight.ACT]
    if told:
        console.result(stories_text(told, width, console.colour))
    else:
        console.note(no_story(lines, stories.runs))
    if stories.untold:
        console.warn(f"{stories.untold} more stories of this log are not told")


def _look(common: Common, console: Console) -> Known | None:
    """The share now, where a repository is named. One that only the environment names need not be within reach."""
    if not common.repo and not is_named_by(os.environ):
        return None
    try:
        with open_session(common, console) as session:
            session.connect()
            from lockctl.diagnosis.logs.whereabouts import Known

            survey = session.look()
            return Known(survey, read_journal(session.journal).records)
    except LockctlError as error:
        if common.repo or error.status >= 128:
            raise
        console.warn(f"the log alone is told: {error}")
        return None


def _pieces(stream: BinaryIO, path: str) -> Iterator[bytes]:
    """All of the log. Raises UsageError where it cannot be read, or is no text."""
    is_first = True
    try:
        while data := stream.read(_PIECE):
            by = next((by for magic, by in _PACKED.items() if is_first and data.startswith(magic)), None)
            if by is not None:
                raise UsageError(f"the log {path} is no text", f"Pipe it in: {by} {path} | lockctl doctor --log -")
            is_first = False
            yield data
    except OSError as error:
        raise UsageError(f"cannot read the log {path}: {error.strerror}", "Give the path of a file, or -") from error


_PACKED = {
    b"\x1f\x8b": "zcat",
    b"\xfd7zXZ": "xzcat",
    b"\x28\xb5\x2f\xfd": "zstdcat",
    b"BZh": "bzcat",
    b"LPKSHHRH": "journalctl --file",
}
"""How files begin that logrotate and journald write, and what reads them."""


def _open_log(path: str) -> AbstractContextManager[BinaryIO]:
    if path == "-":
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError(
                "'--log -' reads standard input, and nothing is piped into it", "See lockctl doctor --help"
            )
        return nullcontext(sys.stdin.buffer)
    try:
        return open(path, "rb")
    except OSError as error:
        raise UsageError(f"cannot read the log {path}: {error.strerror}", "Give the path of a file, or -") from error
