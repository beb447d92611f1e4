"""Troubles: trouble in a log that is still being written: told once when it begins, and once when it is over. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lockctl.diagnosis.findings import Weight
from lockctl.diagnosis.logs.runs import Run
from lockctl.diagnosis.logs.stories import program_of, tell_story
from lockctl.diagnosis.logs.story import Story
from lockctl.diagnosis.logs.whereabouts import Known

MAX_TROUBLES = 1000
"""That are remembered: beyond it the oldest is forgotten, and may be told again."""
_BEFORE = {"circuit-breaker": "outgrown-lock"}
"""What a trouble was before it came to that: it takes the place of the first."""

_TROUBLE = frozenset(
    "circuit-breaker outgrown-lock invalid-lock unreadable-lock blocked lock-removed not-renewed".split()
)
"""The stories that are about locks."""

Key = tuple[str, str, str]
"""Program, code, lock."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Trouble that has begun, or is over. `number` counts how many there were since the log is followed."""

    story: Story
    is_over: bool
    number: int

    @property
    def count(self) -> int:
        """How many lines of the log tell of it."""
        return sum(matter.count for matter in self.story.matters)

    @property
    def seconds(self) -> float:
        """How long it lasted, by the log."""
        return max((matter.seconds for matter in self.story.matters), default=0.0)


@dataclass(slots=True)
class Troubles:
    """Remembers what was told."""

    number: int = 0
    _told: dict[Key, Story] = field(default_factory=dict)

    def note(self, ended: Iterable[Run], running: Iterable[Run], known: Known | None) -> list[Trouble]:
        """What is new: by runs that have ended since the last time, and by those that go on."""
        troubles: list[Trouble] = []
        for run in (*ended, *running):
            troubles += self._end(run)
            story = tell_story(run, known)
            if story is not None and not run.is_saved and _is_trouble(story):
                troubles += self._begin(run, story)
        return troubles

    def _begin(self, run: Run, story: Story) -> Iterator[Trouble]:
        program, lock = program_of(run), story.finding.locks[0] if story.finding.locks else ""
        key = (program, story.finding.code, lock)
        before = self._told.pop(key, None)
        self._told[key] = story
        self._told.pop((program, _BEFORE.get(story.finding.code, ""), lock), None)
        if before is None or before.run is not run:
            self.number += 1
            yield Trouble(story, is_over=False, number=self.number)
        if len(self._told) > MAX_TROUBLES:
            del self._told[next(iter(self._told))]

    def _end(self, run: Run) -> Iterator[Trouble]:
        """A program that made its snapshot, or could read the lock after all, is over its trouble."""
        for key, story in list(self._told.items()):
            recovered = run is story.run and run.has_recovered(key[2])
            if key[0] == program_of(run) and (run.is_saved or recovered):
                del self._told[key]
                yield Trouble(story, is_over=True, number=self.number)


def _is_trouble(story: Story) -> bool:
    """Whether somebody has to act on it: what recovered by itself, or goes on well, is none."""
    return story.finding.code in _TROUBLE and story.finding.weight is Weight.ACT
