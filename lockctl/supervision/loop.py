"""The loop: start, read along, and perhaps start again. All that touches the world is the attendant's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.logs.runs import Matter, Run
from lockctl.diagnosis.logs.texts import Kind
from lockctl.diagnosis.logs.whereabouts import Known
from lockctl.errors import Interrupted, LockctlError
from lockctl.supervision.decide import Act, Decision, decide, last_failure

MAX_BLOCKED = 3
"""Starts after a lock was in the way that is stale or gone: more would mean that something makes them."""
_MADE = (0, 3)
"""restic's statuses with a snapshot: 3 where some files could not be read (cmd/restic/main.go, 0.11 and newer)."""
_TRIES = 3
"""To read a lock, before it is looked at whether they are in vain."""
_VAIN_LOOK_SECONDS = 15.0
_LOOK_SECONDS = 5.0
"""Between two looks at a lock that is being written."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user allows. After `seconds` nothing is started again."""

    restarts: int = 0
    prune: bool = False
    seconds: float = 3600.0

    @property
    def looks(self) -> bool:
        """Whether the share is ever looked at."""
        return self.prune or self.restarts > 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How the command ended, and what it said of locks. `is_stopped`: somebody ended it by a signal."""

    status: int
    runs: Sequence[Run]
    is_stopped: bool = False


class Attendant(Protocol):
    """Whoever starts the command, looks at the share, and tells."""

    def start(self, is_in_vain: Callable[[Sequence[Run]], bool]) -> Ended:
        """Runs the command from its start to its end; restic is interrupted when it works in vain by what it said."""

    def look(self) -> Known:
        """The share now, and the journal. Raises LockctlError."""

    def prune(self, seconds: float) -> int:
        """Removes what an unattended run may, staying for what has to be seen first; how many. Raises LockctlError."""

    def rest(self, least: float) -> None:
        """Waits for `least` seconds and a bit. Raises Interrupted."""

    def tell(self, text: str) -> None:
        """What is done, and why."""


def supervise(attendant: Attendant, wish: Wish, now: Callable[[], float]) -> int:
    """Runs the command, again where the wish allows it. The status is that of its last run; `now` is in seconds."""
    loop = _Loop(attendant, wish, now)
    if wish.prune:
        loop.prune_first()
    while True:
        ended = attendant.start(loop.is_in_vain)
        loop.starts += 1
        if ended.status in _MADE or ended.is_stopped or not loop.may_go_on(ended.runs):
            loop.conclude(ended)
            return ended.status


def find_misread(runs: Sequence[Run]) -> Matter | None:
    """What restic has tried several times to read, and what is longer than its rclone believes."""
    for run in runs:
        retried = run.of(Kind.RETRIED) if not run.is_saved and not run.is_ended else []
        for matter in retried:
            lasts = matter.count >= _TRIES and matter.last.grew and not run.has_recovered(matter.first.lock)
            if matter.first.file_type == "lock" and lasts:
                return matter
    return None


class _Loop:
    """What was done so far."""

    def __init__(self, attendant: Attendant, wish: Wish, now: Callable[[], float]) -> None:
        self._attendant = attendant
        self._wish = wish
        self._now = now
        self._began = now()
        self._look_after = 0.0
        self._in_vain: Decision | None = None
        """Why restic was ended by us."""
        self._tries = 0
        self._tried_at = 0.0
        self._reread = 0
        self._blocked = 0
        self.starts = 0

    def prune_first(self) -> None:
        """What is stale now goes now; what has to be seen for longer does not hold up the first start."""
        try:
            self._attendant.prune(0.0)
        except Interrupted:
            raise
        except LockctlError as error:
            self._attendant.tell(f"nothing was pruned: {error}")

    def may_go_on(self, runs: Sequence[Run]) -> bool:
        """Whether to start it again, after all is done that has to be done before."""
        if not self._wish.looks:
            return False
        # Whoever ended it starts it again, whatever the share is like by then.
        decision = self._in_vain or self._decide(runs)
        while decision.act is Act.WAIT and self._reread < self._wish.restarts and self._left() > 0:
            self._attendant.tell(f"{decision.why}: waiting for it")
            decision = self._wait(runs)
        if decision.act is Act.PRUNE:
            decision = self._prune(runs, decision)
        refusal = "" if self._in_vain is not None else self._refuse(decision)
        self._in_vain = None
        if refusal:
            self._attendant.tell(f"not started again: {refusal}")
            return False
        self._reread += decision.reading
        self._blocked += not decision.reading
        pause = 2.0 * (self._reread + self._blocked)
        self._attendant.tell(f"{decision.why}: starting it again")
        self._attendant.rest(pause)
        return True

    def is_in_vain(self, runs: Sequence[Run]) -> bool:
        """Whether restic tries to read a lock in a way that cannot succeed, and a new one would.

        It would go on for a quarter of an hour. A lock that goes ends that by itself, so this one has to be there.
        """
        misread, now = find_misread(runs), self._now()
        if misread is None or self._reread >= self._wish.restarts or self._left() <= 0:
            return False
        if misread.count != self._tries:
            self._tries, self._tried_at = misread.count, now
        # restic 0.14 gives up reading, and goes on with its work without a word.
        if now < self._look_after or now > self._tried_at + misread.last.pause + _VAIN_LOOK_SECONDS:
            return False
        self._look_after = now + _VAIN_LOOK_SECONDS
        decision = self._decide(runs)
        stands = decision.story is not None and decision.story.place.verdict is not None
        if decision.act is not Act.AGAIN or not decision.reading or not stands:
            return False
        self._attendant.tell(f"{decision.why}, and this restic will not come to read it: it is ended")
        self._in_vain = decision
        return True

    def conclude(self, ended: Ended) -> None:
        """The last line: what was done, where anything was."""
        story = last_failure(ended.runs, None) if ended.status else None
        if story is not None and not self._wish.looks:
            self._attendant.tell(f"{story.finding.seen} {story.finding.todo}")
        if self.starts > 1:
            took = describe_duration(self._now() - self._began)
            self._attendant.tell(f"started {self.starts} times in {took}; the last ended with {ended.status}")

    def _left(self) -> float:
        return self._began + self._wish.seconds - self._now()

    def _decide(self, runs: Sequence[Run]) -> Decision:
        try:
            return decide(runs, self._attendant.look())
        except Interrupted:
            raise
        except LockctlError as error:
            return Decision(Act.STOP, f"the share could not be looked at: {error}")

    def _wait(self, runs: Sequence[Run]) -> Decision:
        """Looks until the lock is whole, gone or damaged, or until the time is over."""
        decision = Decision(Act.WAIT, "that lock is being written")
        while decision.act is Act.WAIT and self._left() > 0:
            self._attendant.rest(min(_LOOK_SECONDS, self._left()))
            decision = self._decide(runs)
        return decision

    def _prune(self, runs: Sequence[Run], decision: Decision) -> Decision:
        if not self._wish.prune:
            return Decision(Act.STOP, f"{decision.why}, and --prune-stale was not given", decision.story)
        if self._blocked >= MAX_BLOCKED:
            return Decision(Act.STOP, f"locks were in the way {MAX_BLOCKED} times", decision.story)
        try:
            self._attendant.prune(max(0.0, self._left()))
        except Interrupted:
            raise
        except LockctlError as error:
            return Decision(Act.STOP, f"it could not be removed: {error}", decision.story)
        after = self._decide(runs)
        if after.act is Act.PRUNE:
            return Decision(Act.STOP, f"{after.why}, and may not go yet without a person's word", after.story)
        return replace(after, reading=False)

    def _refuse(self, decision: Decision) -> str:
        """Why it is not started again, '' where it is."""
        if decision.act is not Act.AGAIN:
            return decision.why
        if self._left() <= 0:
            return f"{describe_duration(self._wish.seconds)} are over (--for)"
        if decision.reading and self._reread >= self._wish.restarts:
            return f"{decision.why}, and --restart-on-breaker allows {self._wish.restarts} more starts"
        if not decision.reading and not self._wish.prune:
            return f"{decision.why}, and --prune-stale was not given"
        if not decision.reading and self._blocked >= MAX_BLOCKED:
            return f"locks were in the way {MAX_BLOCKED} times"
        return ""
