"""A plugin's output as a monitoring system reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"LOCKCTL (OK|WARNING|CRITICAL|UNKNOWN) - ([^|;\n]+?)(?: \| ([^|\n]+))?")
_FIGURE = re.compile(r"([a-z-]+)=(U|-?[0-9.]+s?);([0-9.]*);([0-9.]*);0")
_STATUS = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}


@dataclass(frozen=True, slots=True)
class Output:
    """The first line in its parts, and those behind it."""

    level: str
    text: str
    figures: dict[str, tuple[str, str, str]]
    """By name: value with unit, limit of warning, of critical."""
    lines: list[str]

    @property
    def status(self) -> int:
        """The exit status that goes with it."""
        return _STATUS[self.level]


def read_output(text: str) -> Output:
    """Fails where it is not in the form of Nagios plugins."""
    first, *lines = text.removesuffix("\n").split("\n")
    match = _LINE.fullmatch(first)
    assert match is not None, first
    assert not any("|" in line for line in lines)
    figures = {}
    for part in (match[3] or "").split():
        figure = _FIGURE.fullmatch(part)
        assert figure is not None, part
        figures[figure[1]] = (figure[2], figure[3], figure[4])
    return Output(match[1], match[2], figures, lines)
