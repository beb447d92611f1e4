"""The rows of the table: what was measured, beside what must be and what is aimed at. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure that must not be above `must`. `values` are what each round gave."""

    name: str
    values: tuple[float, ...]
    must: float
    aim: float | None = None
    unit: str = ""

    @property
    def median(self) -> float:
        """Half of the rounds were no worse."""
        return statistics.median(self.values)

    @property
    def holds(self) -> bool:
        """Whether it is what it must be."""
        return self.median <= self.must

    @property
    def verdict(self) -> str:
        """In a word."""
        if not self.holds:
            return "MISSED"
        return "ok" if self.aim is None or self.median > self.aim else "ok, as aimed"


def ratio(name: str, ours: Sequence[float], theirs: Sequence[float], must: float, aim: float | None = None) -> Row:
    """One command's figures over another's, round by round: both met the same moment."""
    return Row(name, tuple(one / other for one, other in zip(ours, theirs, strict=True)), must, aim)


def table(rows: Sequence[Row]) -> str:
    """Lines of Markdown."""
    lines = [
        "| | median | least to most | rounds | must | aim | |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        spread = f"{_shown(min(row.values))} to {_shown(max(row.values))}"
        aim = "" if row.aim is None else _shown(row.aim)
        cells = [row.name, f"{_shown(row.median)}{row.unit}", spread, str(len(row.values)), _shown(row.must), aim]
        lines.append(f"| {' | '.join([*cells, row.verdict])} |")
    return "\n".join(lines)


def status(rows: Sequence[Row]) -> int:
    """The exit status: 1 where a must is missed."""
    return 0 if all(row.holds for row in rows) else 1


def _shown(value: float) -> str:
    if value >= 10 and value == round(value):
        return f"{value:.0f}"
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"
