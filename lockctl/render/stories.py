"""What a log told, as text and as JSON. Nothing of it reaches a terminal raw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lockctl.clock.duration import describe_duration
from lockctl.clock.rfc3339 import format_moment
from lockctl.diagnosis.findings import exit_status
from lockctl.diagnosis.logs.events import Event
from lockctl.diagnosis.logs.runs import Matter
from lockctl.diagnosis.logs.stories import Stories
from lockctl.diagnosis.logs.story import Story
from lockctl.diagnosis.logs.troubles import Trouble
from lockctl.render.as_json import header, lock_object, repository_object
from lockctl.render.findings import findings_text
from lockctl.render.findings_json import finding_object
from lockctl.render.harmless import visible
from lockctl.render.words import count
from lockctl.survey.values import Survey

_MOST_MATTERS = 6
"""That are quoted of one story."""
_PREFIX = "  Log:   "


def stories_text(stories: Sequence[Story], width: int, colour: bool) -> str:
    """Each finding, and below it the lines of the log that it rests on."""
    return "\n\n".join(_story_text(story, width, colour) for story in stories)


def _story_text(story: Story, width: int, colour: bool) -> str:
    lines = [findings_text([story.finding], width, colour)]
    if story.run.repository:
        lines.append(f"{_PREFIX}of repository {visible(story.run.repository)}")
    if story.times > 1:
        lines.append(f"{_PREFIX}the same {story.times} times; the last:")
    for matter in story.matters[:_MOST_MATTERS]:
        lines.append(_quote(matter.first, width))
        if matter.count > 1:
            span = f"; {describe_duration(matter.seconds)} from the first" if matter.seconds else ""
            lines.append(f"{_PREFIX}{_where(matter.last)}the last of {matter.count} such{span}")
    return "\n".join(lines)


def no_story(lines: int, runs: int) -> str:
    """What is said where nothing was wrong."""
    return f"nothing about locks is wrong in this log: {count(lines, 'line')} read, {count(runs, 'run')} of restic seen"


def story_object(story: Story) -> dict[str, Any]:
    """One story: the finding, and the events that it rests on."""
    return {
        **finding_object(story.finding),
        "times": story.times,
        "repository": story.run.repository or None,
        "source": story.run.source or None,
        "events": [_matter_object(matter) for matter in story.matters],
    }


def trouble_line(trouble: Trouble, moment: int) -> str:
    """Trouble in a log that has begun, or is over, in a line; `moment` is in nanoseconds since 1970."""
    finding = trouble.story.finding
    at = f"{format_moment(moment)[:19]}Z"
    lock = f" {visible(finding.locks[0][:8])}" if finding.locks else ""
    owner = f" of {visible(trouble.story.place.owner)}" if trouble.story.place.owner else ""
    if trouble.is_over:
        lasted = f" in {describe_duration(trouble.seconds)}" if trouble.seconds else ""
        return f"{at} log     over: {finding.code}{lock}{owner}, after {count(trouble.count, 'line')}{lasted}"
    said = f"{visible(finding.seen)} {visible(finding.todo)}".rstrip()
    return f"{at} log     {finding.code}{lock}{owner}, number {trouble.number}: {said}"


def trouble_object(trouble: Trouble, survey: Survey) -> dict[str, Any]:
    """`lockctl.watch/1`: the same as an event."""
    verdict = trouble.story.place.verdict
    return {
        "schema": "lockctl.watch/1",
        "event": "log-over" if trouble.is_over else "log-trouble",
        "at": format_moment(survey.clocks.local),
        "repository": repository_object(survey),
        "number": trouble.number,
        "count": trouble.count,
        "story": story_object(trouble.story),
        "lock": lock_object(verdict) if verdict is not None else None,
    }


def _matter_object(matter: Matter) -> dict[str, Any]:
    return {
        "kind": matter.first.kind.value,
        "lock": matter.first.lock or None,
        "count": matter.count,
        "seconds": round(matter.seconds, 3),
        "first": _line_object(matter.first),
        "last": _line_object(matter.last),
    }


def _line_object(event: Event) -> dict[str, Any]:
    return {"line": event.line.number, "time": event.line.stamp or None, "text": event.line.text}


def _where(event: Event) -> str:
    stamp = f" ({visible(event.line.stamp)})" if event.line.stamp else ""
    return f"line {event.line.number}{stamp}: "


def _quote(event: Event, width: int) -> str:
    head = f"{_PREFIX}{_where(event)}"
    return head + visible(event.line.text, max(20, width - len(head)))


def log_object(stories: Stories, lines: int) -> dict[str, Any]:
    """`lockctl.doctor/1`, of a log."""
    survey = stories.known.survey if stories.known is not None else None
    told = stories.told()
    return {
        **(header(survey, "lockctl.doctor/1") if survey is not None else {"schema": "lockctl.doctor/1"}),
        "log": {"lines": lines, "runs": stories.runs, "untold": stories.untold},
        "status": exit_status([story.finding for story in told]),
        "findings": [story_object(story) for story in told],
    }
