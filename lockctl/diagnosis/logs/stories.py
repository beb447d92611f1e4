"""Stories: all that a log tells, the same told once, in bounded memory. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lockctl.diagnosis.findings import Weight
from lockctl.diagnosis.logs.elsewhere import tell_elsewhere
from lockctl.diagnosis.logs.held import tell_blocked, tell_removed, tell_unrefreshed, tell_waited
from lockctl.diagnosis.logs.misread import tell_breaker, tell_invalid, tell_outgrown, tell_reread, tell_unreadable
from lockctl.diagnosis.logs.runs import Run
from lockctl.diagnosis.logs.story import KEEP_AWAY, Story
from lockctl.diagnosis.logs.whereabouts import Known

MAX_STORIES = 1000
"""That are told of one log."""
MAX_MATTERS = 20
"""That are kept of one story."""


def tell_story(run: Run, known: Known | None = None) -> Story | None:
    """The story of one run, None where nothing was wrong. `known` is what the share and the journal say now."""
    here = known if known is not None and known.is_of(run.repository) else None
    for tell in (tell_breaker, tell_outgrown, tell_invalid, tell_blocked, tell_removed, tell_unreadable):
        story = tell(run, here)
        if story is not None:
            return story
    finding = tell_elsewhere(run)
    elsewhere = Story(finding, run, tuple(run.matters.values())) if finding is not None else None
    if elsewhere is not None and elsewhere.finding.weight is Weight.ACT:
        return tell_unrefreshed(run) or elsewhere
    return tell_unrefreshed(run) or tell_reread(run) or tell_waited(run) or elsewhere


@dataclass(slots=True)
class Stories:
    """Collects the story of each run."""

    known: Known | None = None
    runs: int = 0
    untold: int = 0
    """Stories beyond `MAX_STORIES`."""
    _stories: dict[tuple[str, ...], Story] = field(default_factory=dict)

    def add(self, run: Run) -> None:
        """Takes a run that has ended. One that made its snapshot settles what failed before it."""
        self.runs += 1
        if run.is_saved:
            self._settle(run)
        story = tell_story(run, self.known)
        if story is None:
            return
        key = (program_of(run), run.repository, story.finding.code, *story.finding.locks)
        before = self._stories.pop(key, None)
        if before is not None:
            story = replace(story, times=before.times + 1)
        elif len(self._stories) >= MAX_STORIES:
            self.untold += 1
            return
        # Of the run only whose it was: a log may hold very many.
        outline = Run(run.source, run.repository)
        self._stories[key] = replace(story, run=outline, matters=story.matters[:MAX_MATTERS])

    def told(self) -> list[Story]:
        """The heaviest first, and among equals the latest last."""
        return sorted(self._stories.values(), key=lambda story: -story.finding.weight.value)

    def _settle(self, run: Run) -> None:
        for key, story in self._stories.items():
            same = program_of(story.run) == program_of(run) and story.run.repository in ("", run.repository)
            if same and story.finding.weight is Weight.ACT:
                todo = "Nothing now: a later run made its snapshot."
                if KEEP_AWAY in story.finding.todo:
                    todo += f" {KEEP_AWAY}"
                finding = replace(story.finding, weight=Weight.LOOK, todo=todo)
                self._stories[key] = replace(story, finding=finding, is_settled=True)


def program_of(run: Run) -> str:
    """Whose run it is, without a process id: the same job of yesterday had another one."""
    return run.source.partition("[")[0]
