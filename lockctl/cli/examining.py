"""All that `doctor` goes by, from one open session: it looks, again for some seconds where that tells more, and asks
what else there is to know. Changes nothing on the share.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lockctl.cli.console import Console
from lockctl.clock.boot import boottime
from lockctl.errors import FileError, JournalError, Unreachable

if TYPE_CHECKING:
    from lockctl.diagnosis.share.observed import JournalSeen, Observed
    from lockctl.state.journal import Journal
    from lockctl.survey.session import Session
    from lockctl.survey.values import Return, Survey

WATCH_SECONDS = 6.0
"""For which a file is watched that is not whole or cannot be read."""
_LOOKS = 2
"""Further ones in that time."""
_TICK = 0.25


@dataclass(frozen=True, slots=True)
class Listener(Console):
    """Keeps what a session tells: it becomes findings."""

    returns: list[Return] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def returned(self, one: Return) -> None:
        """Kept."""
        self.returns.append(one)

    def warn(self, text: str) -> None:
        """Kept."""
        self.warnings.append(text)


def examine(session: Session, listener: Listener) -> Observed:
    """Looks and asks. Raises as `Session.look`; warns of what becomes no finding."""
    transport = session.connect()
    # Imported while the key is being derived, which takes longer.
    from lockctl.diagnosis.share import doctor  # noqa: F401
    from lockctl.diagnosis.share.observed import Observed
    from lockctl.render import findings  # noqa: F401

    began = boottime()
    looks = [session.look()]
    _look_on(session, listener, looks)
    watched = boottime() - began
    transport = session.connect()
    protection = transport.protection()
    try:
        may_delete = transport.may_delete("locks")
    except (FileError, Unreachable) as error:
        listener.detail(f"whether this user may delete is not known: {error.message}")
        may_delete = None
    tells = None if protection is None else _tells_changes(session)
    journal = read_journal(session.journal)
    for text in listener.warnings:
        if text not in (*journal.damaged, *journal.distrusted, journal.error):
            Console(quiet=listener.quiet).warn(text)
    returns = tuple(listener.returns)
    return Observed(tuple(looks), watched, journal, returns, may_delete, protection, tells)


def _look_on(session: Session, console: Console, looks: list[Survey]) -> None:
    """Looks again where a file is not whole, or cannot be read: in some seconds that may have changed."""
    from lockctl.diagnosis.share.incomplete import is_watched
    from lockctl.render.words import count

    if not any(map(is_watched, looks[0].verdicts)):
        return
    seconds = min(WATCH_SECONDS, session.deadline.left() / 2)  # half is left for what comes after
    end = boottime() + seconds
    with console.progressing():
        for number in range(1, _LOOKS + 1):
            unfinished = sum(map(is_watched, looks[-1].verdicts))
            if not unfinished:
                return
            verb = "is" if unfinished == 1 else "are"
            what = f"{count(unfinished, 'lock file')} {verb} not whole or cannot be read: watching for {seconds:.0f} s"
            if number == 1:
                console.note(f"{what} ...")
            due = end - seconds * (_LOOKS - number) / _LOOKS
            while (left := due - boottime()) > 0:
                console.progress(f"{what}: {max(0.0, end - boottime()):.0f} s left")
                time.sleep(session.deadline.cap(min(_TICK, left)))
            looks.append(session.look())


def _tells_changes(session: Session) -> bool | None:
    """Whether the server takes a request to tell of changes."""
    try:
        watch = session.watch()
        watch.wait(0)
    except (FileError, Unreachable):
        return None
    return not watch.polls


def read_journal(journal: Journal) -> JournalSeen:
    """What the journal tells, or why it tells nothing."""
    from lockctl.diagnosis.share.observed import JournalSeen

    try:
        records = tuple(journal.records())
    except JournalError as error:
        return JournalSeen(error=str(error))
    return JournalSeen(records, journal.damaged, journal.warnings)
