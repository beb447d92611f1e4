"""Story: what one run of restic came to, told as a finding: what the log shows, what it means now, what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lockctl.diagnosis.findings import CURE, CURE_COST, Finding
from lockctl.diagnosis.logs.runs import Matter, Run
from lockctl.diagnosis.logs.whereabouts import NOT_LOOKED, Whereabouts

AGAIN = "Start the backup again"
KEEP_AWAY = f"To keep it from coming back, give each restic {CURE} {CURE_COST}"
HARMS = "Do not run 'restic unlock --remove-all': it removes the locks of others that are at work"


@dataclass(frozen=True, slots=True)
class Story:
    """A finding, the matters that it rests on, what became of the lock, and how often the log tells the same."""

    finding: Finding
    run: Run
    matters: tuple[Matter, ...]
    place: Whereabouts = NOT_LOOKED
    times: int = 1
    is_settled: bool = False
    """Whether a later run made the snapshot that this one could not."""


def of_owner(place: Whereabouts) -> str:
    """` of web1 (PID 4209, root)`, '' where the owner is not known."""
    return f" of {place.owner}" if place.owner else ""


def short(place: Whereabouts) -> str:
    """The beginning of the id of the lock that stands there, '' where none does."""
    return place.verdict.file.id[:8] if place.verdict is not None else ""
