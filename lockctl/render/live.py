"""The live view: the list as it was last seen, with ages that count on, and what happened last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.text import Text

from lockctl.clock.duration import describe_duration
from lockctl.clock.rfc3339 import format_moment
from lockctl.liveness.evidence import Verdict
from lockctl.render.harmless import visible
from lockctl.render.outlook import outlook, summary
from lockctl.render.table import lock_table, removal_line
from lockctl.render.words import count, short_ids
from lockctl.survey.changes import Came, Change, Gone, Rejudged, Renewed, Stands
from lockctl.survey.values import Survey

_SHARE = 3
"""What restic would do may take one line of so many; else it is cut."""


def event_lines(survey: Survey, changes: Sequence[Change]) -> list[str]:
    """Each event in a line, with the time of the look that showed it."""
    ids = short_ids([v.file.id for v in survey.verdicts] + [change.verdict.file.id for change in changes])
    at = f"{format_moment(survey.clocks.local)[:19]}Z"
    return [f"{at} {_describe(change, removal_line(change.verdict, ids))}" for change in changes]


def _describe(change: Change, lock: str) -> str:
    state = change.verdict.state.value
    match change:
        case Stands():
            return f"stands  {lock}: {state}"
        case Came():
            return f"came    {lock}: {state}"
        case Renewed(before=before):
            return f"renewed {lock}, before that {visible(before.file.id[:8])}: {state}"
        case Gone():
            return f"gone    {lock}"
        case Rejudged(before=before):
            return f"is now  {lock}: {state}, was {before.state.value}"


def live_view(survey: Survey, elapsed: float, below: Sequence[str], colour: bool, size: tuple[int, int]) -> Text:
    """What fills the screen of `size` (columns, lines), `elapsed` seconds after the survey.

    A lock takes one line, and what does not fit is cut; of too many locks the oldest are shown, and how many more there
    are.
    """
    columns, height = size
    head = [summary(survey), f"{visible(survey.address)}, looked {describe_duration(elapsed)} ago; end with Ctrl-C", ""]
    told = "\n".join(outlook(survey, colour, columns)).split("\n")
    if len(told) > height // _SHARE:
        told = outlook(survey, colour)
    foot = ["", *told] + (["", *below] if below else [])
    room = max(1, height - len(head) - len(foot) - 1)
    verdicts = [_older(verdict, elapsed) for verdict in survey.verdicts]
    table = lock_table(verdicts, colour, columns, 1, survey.held).split("\n") if verdicts else []
    if len(table) > room + 1:
        table = [*table[:room], f"… and {count(len(table) - room, 'more lock')}"]
    text = Text.from_ansi("\n".join([*head, *table, *foot]))
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _older(verdict: Verdict, elapsed: float) -> Verdict:
    """Only the ages count on; what follows from them is told by the next look."""
    age = None if verdict.age is None else verdict.age + elapsed
    claimed = None if verdict.claimed_age is None else verdict.claimed_age + elapsed
    return replace(verdict, age=age, claimed_age=claimed)
