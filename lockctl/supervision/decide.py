"""What to do after a command has failed: nearly always nothing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from lockctl.diagnosis.logs.runs import Run
from lockctl.diagnosis.logs.stories import tell_story
from lockctl.diagnosis.logs.story import Story
from lockctl.diagnosis.logs.whereabouts import Known, Whereabouts
from lockctl.liveness.evidence import State

_READING = {"circuit-breaker", "outgrown-lock", "invalid-lock"}
"""The stories of a lock that one restic could not read, and a new one can."""


class Act(Enum):
    """What may help."""

    STOP = "stop"
    AGAIN = "again"
    WAIT = "wait"
    """A lock is being written: look again."""
    PRUNE = "prune"
    """A lock in the way is stale: again, if it can be removed by the rules of an unattended run."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, for which story, and why, in words. `reading` tells whether a lock could not be read."""

    act: Act
    why: str
    story: Story | None = None
    reading: bool = False


def last_failure(runs: Sequence[Run], known: Known | None) -> Story | None:
    """The story of the last run that failed, None where none did that is told.

    What failed before a run that made its snapshot is settled by that: a script may try again by itself.
    """
    for run in reversed(runs):
        if run.is_saved:
            return None
        story = tell_story(run, known)
        if story is not None:
            return story
    return None


def decide(runs: Sequence[Run], known: Known | None) -> Decision:
    """What may help after the command failed, by what it said and by what the share is like now."""
    story = last_failure(runs, known)
    if story is None:
        return Decision(Act.STOP, "it said nothing of locks")
    if known is None or not story.place.is_known:
        return Decision(Act.STOP, "nothing is known of the share now", story)
    if story.finding.code in _READING:
        act, why = _after_reading(story.place)
        return Decision(act, why, story, reading=True)
    if story.finding.code == "blocked":
        act, why = _after_blocked(story.place)
        return Decision(act, why, story)
    return Decision(Act.STOP, "it is not about a lock that was misread, nor about a stale one", story)


def _after_reading(place: Whereabouts) -> tuple[Act, str]:
    if place.verdict is None:
        return Act.AGAIN, "that lock is gone"
    if place.verdict.file.lock is not None:
        return Act.AGAIN, "that lock is sound"
    match place.state:
        case State.WRITING:
            return Act.WAIT, "that lock is being written"
        case State.DAMAGED:
            return Act.PRUNE, "that lock is damaged"
        case _:
            return Act.STOP, f"that lock is {place.verdict.state.value}"


def _after_blocked(place: Whereabouts) -> tuple[Act, str]:
    if place.verdict is None:
        return (Act.STOP, "its owner is at work") if place.owner_lives else (Act.AGAIN, "that lock is gone")
    if place.verdict.removable or place.state is State.DOUBTFUL:
        return Act.PRUNE, f"that lock is {place.verdict.state.value}"
    return Act.STOP, "its owner is at work"
