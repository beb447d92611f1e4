"""The live view: the list as it was last seen, with ages that count on, and what happened last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.text import Text

from lockctl.changes import Change, Event
from lockctl.duration import describe_duration
from lockctl.liveness.evidence import Verdict
from lockctl.moments import format_moment
from lockctl.render.table import can_run, lock_table, removal_line, summary
from lockctl.render.text import short_ids
from lockctl.survey import Survey

_WORDS = {
    Event.STANDS: "stands",
    Event.CAME: "came",
    Event.RENEWED: "renewed",
    Event.GONE: "gone",
    Event.STATE: "is now",
}


def event_line(survey: Survey, change: Change) -> str:
    """One event in a line, with the time of the look that showed it."""
    verdict = change.verdict
    ids = short_ids([v.file.id for v in survey.verdicts] + [verdict.file.id])
    what = f"{format_moment(survey.clocks.local)[:19]}Z {_WORDS[change.event]:<8}"
    line = f"{what}{removal_line(verdict, ids)}"
    match change.event:
        case Event.GONE:
            return line
        case Event.STATE if change.before is not None:
            return f"{line}: {verdict.state.value}, was {change.before.state.value}"
        case Event.RENEWED if change.before is not None:
            return f"{line}, before that {change.before.file.id[:8]}: {verdict.state.value}"
    return f"{line}: {verdict.state.value}"


def live_view(survey: Survey, elapsed: float, events: Sequence[str], colour: bool) -> Text:
    """What fills the screen, `elapsed` seconds after the survey. Lines that are too long are cut, never wrapped."""
    verdicts = [_older(verdict, elapsed) for verdict in survey.verdicts]
    lines = [f"{summary(survey)}, looked {describe_duration(elapsed)} ago; end with Ctrl-C", ""]
    lines += [lock_table(verdicts, colour), ""] if verdicts else []
    lines += [can_run(survey)]
    lines += ["", *events] if events else []
    text = Text.from_ansi("\n".join(lines))
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _older(verdict: Verdict, elapsed: float) -> Verdict:
    """Only the ages count on; what follows from them is told by the next look."""
    age = None if verdict.age is None else verdict.age + elapsed
    claimed = None if verdict.claimed_age is None else verdict.claimed_age + elapsed
    return replace(verdict, age=age, claimed_age=claimed)
