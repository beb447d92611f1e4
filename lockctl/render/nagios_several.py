"""Several repositories in the form of a Nagios plugin: one line for all, and behind it those of each with its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lockctl.errors import LockctlError
from lockctl.monitoring.limits import QUANTITIES, Level
from lockctl.monitoring.thresholds import Checked, values_of, worst
from lockctl.render.nagios import ERROR_WIDTH, detail_lines, join_alarms, performance_of, plain, warning_lines
from lockctl.render.words import count


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be told of one repository, and what else was said meanwhile."""

    name: str
    outcome: Checked | LockctlError
    warnings: Sequence[str] = ()

    @property
    def level(self) -> Level:
        """That of this repository alone."""
        return self.outcome.level if isinstance(self.outcome, Checked) else Level.UNKNOWN

    @property
    def alarms(self) -> list[str]:
        """What is wrong, each with the name."""
        if isinstance(self.outcome, Checked):
            return [f"{self.name}: {alarm.text}" for alarm in self.outcome.alarms]
        return [f"{self.name}: {self.outcome.message}"]


def worst_of(told: Sequence[Told]) -> Level:
    """The level of all."""
    return worst(one.level for one in told)


def several_lines(told: Sequence[Told], warnings: Sequence[str] = (), *, verbose: bool) -> str:
    """All that is printed; `warnings` are those of no single repository.

    The figures are those of the worst repository, each by itself; of locks it is the sum.
    """
    level = worst_of(told)
    checked = [one.outcome for one in told if isinstance(one.outcome, Checked)]
    locks = sum(len(one.figures.survey.verdicts) for one in checked)
    alarms = [alarm for one in sorted(told, key=lambda one: one.level is not level) for alarm in one.alarms]
    repositories = count(len(told), "repository", "repositories")
    text = join_alarms(alarms) or f"{count(locks, 'lock')} in {repositories}, nothing is wrong"
    line = f"{level.heading} - {text}"
    if checked:
        values = [values_of(one.figures) for one in checked]
        highest = {one.name: _highest([each[one.name] for each in values]) for one in QUANTITIES}
        line += f" | {performance_of(highest, locks, checked[0])} unknown={len(told) - len(checked)};;;0"
    if not verbose:
        return line
    return "\n".join([line, *(details for one in told for details in _details(one)), *warning_lines(warnings)])


def _details(told: Told) -> list[str]:
    heading = f"{plain(told.name)}: {told.level.name}"
    if isinstance(told.outcome, LockctlError):
        heading, lines = f"{heading}: {plain(str(told.outcome), ERROR_WIDTH)}", warning_lines(told.warnings)
    else:
        lines = detail_lines(told.outcome, told.warnings)
    return [heading, *(f"{plain(told.name)}: {line}" for line in lines)]


def _highest(values: Sequence[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
