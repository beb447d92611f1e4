"""What `run` needs of the world: the command, the share, removals by the rules of an unattended run, and waits."""

from __future__ import annotations

import pkgutil
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import lockctl
from lockctl.cli.console import Console
from lockctl.cli.following import settle
from lockctl.cli.signals import SIGNALS
from lockctl.cli.telling import Telling
from lockctl.clock.deadline import Deadline
from lockctl.diagnosis.logs.runs import Run
from lockctl.diagnosis.logs.whereabouts import Known
from lockctl.errors import Interrupted, UsageError
from lockctl.removal.plan import Wish, is_unsettled
from lockctl.removal.run import carry_out, prepare
from lockctl.state.records import Outcome
from lockctl.supervision.child import Child
from lockctl.supervision.loop import Ended

if TYPE_CHECKING:
    from lockctl.liveness.evidence import Verdict
    from lockctl.survey.session import Session
    from lockctl.survey.values import Survey

_JITTER_SECONDS = 5.0
"""Several machines that failed by one lock do not start again at the same moment."""
_UNATTENDED = Wish(unattended=True)
_LOOK_SECONDS = 30.0
"""For a look at the share."""
_PRUNE_SECONDS = 120.0
"""For a removal, beside what is waited for before."""


def load_all() -> None:
    """Imports all of lockctl now: it may be installed anew while the command runs, which can take hours."""
    for module in pkgutil.walk_packages(lockctl.__path__, "lockctl."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


class Aside(Console):
    """Standard output is the command's: what lockctl says goes to standard error."""

    def result(self, text: str) -> bool:
        """Whatever else is silent: what was removed is told."""
        self.tell(text)
        return True

    def doing(self, text: str) -> None:
        """The terminal is the command's."""


@dataclass(frozen=True, slots=True)
class Supervisor:
    """See `supervision.loop.Attendant`. Without a session the share is never looked at."""

    command: Sequence[str]
    console: Console
    session: Session | None

    def start(self, is_in_vain: Callable[[Sequence[Run]], bool]) -> Ended:
        """Runs the command, and lets go of the connection meanwhile: it may take hours."""
        if self.session is not None:
            self.session.drop()
        return Child(self.command).wait(is_in_vain)

    def look(self) -> Known:
        """The share now, and the journal."""
        session = self._limited(_LOOK_SECONDS)
        return Known(session.look(anew=True), tuple(session.journal.records()))

    def prune(self, seconds: float) -> int:
        """Removes what an unattended run may; stays for what has to be seen first, for so many seconds at most."""
        session = self._limited(seconds + _PRUNE_SECONDS)
        if seconds > 0:
            settle(session, self.console, _unsettled, seconds)
        plan = prepare(session, _UNATTENDED)
        if not plan.steps:
            return 0
        report = carry_out(session, plan, Telling(self.console, "lockctl.prune/1", json=False))
        if report.stopped is not None:
            raise report.stopped
        return len(report.of(Outcome.REMOVED, Outcome.GONE))

    def rest(self, least: float) -> None:
        """Waits, a signal ends it."""
        end = time.monotonic() + least + random.uniform(0.0, _JITTER_SECONDS)  # noqa: S311 - to spread starts
        while (left := end - time.monotonic()) > 0:
            if SIGNALS.received:
                raise Interrupted(SIGNALS.received)
            time.sleep(min(left, 0.5))

    def _limited(self, seconds: float) -> Session:
        """The session, anew: a share that hangs holds up neither the command's end nor its next start for long."""
        if self.session is None:
            raise UsageError("no repository was named", "See lockctl run --help")
        self.session.drop()
        self.session.deadline = Deadline(seconds)
        return self.session

    def tell(self, text: str) -> None:
        """A line on standard error."""
        self.console.fail(text)


def _unsettled(survey: Survey) -> list[Verdict]:
    return [verdict for verdict in survey.verdicts if is_unsettled(verdict, survey, _UNATTENDED)]
