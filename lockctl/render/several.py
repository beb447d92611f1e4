"""Several repositories in one table, and below it what holds for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lockctl.liveness.evidence import Verdict
from lockctl.render.columns import Shape, Step, draw, wrap
from lockctl.render.harmless import visible
from lockctl.render.outlook import failures, tally
from lockctl.render.table import LOCK_STEPS, PAINTS, lock_rows, markdown_rows
from lockctl.render.words import count
from lockctl.survey.values import Survey

_REPOSITORY = "REPOSITORY"
_STEPS = (Step("USER", 0, 32), Step("PID", 0, 32), Step(_REPOSITORY, 16, 32), *LOCK_STEPS, Step(_REPOSITORY, 8, 14))
_LINES = 3
_INDENT = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """One repository, and its locks that were asked for."""

    survey: Survey
    verdicts: Sequence[Verdict]

    @property
    def name(self) -> str:
        """That of the configuration, else the address."""
        return visible(self.survey.name or self.survey.address)


def several_table(all_shown: Sequence[Shown], colour: bool, width: int = 0, *, whole_ids: bool = False) -> str:
    """The locks of all, in the order of the repositories; '' where there are none."""
    rows = [
        {_REPOSITORY: shown.name, **row}
        for shown in all_shown
        for row in lock_rows(shown.verdicts, shown.survey.held, whole_ids)
    ]
    shape = Shape("WHY", _STEPS, _LINES, PAINTS if colour else {}, colour)
    return "\n".join(draw(rows, shape, width)) if rows else ""


def several_markdown(all_shown: Sequence[Shown]) -> str:
    """The same for a page or an issue."""
    return markdown_rows(
        [
            {_REPOSITORY: shown.name, **row}
            for shown in all_shown
            for row in lock_rows(shown.verdicts, shown.survey.held)
        ]
    )


def several_foot(all_shown: Sequence[Shown], width: int = 0, *, is_chosen: bool = False) -> list[str]:
    """`7 locks in 3 repositories: 1 stale, …`, and what restic could not do now, and where.

    `is_chosen`: a filter may have left locks out.
    """
    verdicts = [verdict for shown in all_shown for verdict in shown.survey.verdicts]
    number = sum(len(shown.verdicts) for shown in all_shown)
    repositories = count(len(all_shown), "repository", "repositories")
    text = tally(verdicts, f"{count(len(verdicts), 'lock')} in {repositories}")
    lines = [wrap(f"{text}; {number} of {len(verdicts)} shown" if is_chosen else text, width, _INDENT)]
    for shown in all_shown:
        lines += [wrap(f"{shown.name}: {line}", width, _INDENT) for line in failures(shown.survey)]
    return lines
