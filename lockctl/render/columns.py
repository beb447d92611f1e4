"""Rows as a table that fits a terminal: what is left out, what is cut, what goes on in further lines. Pure.

Cells are harmless already. Where no width is set nothing gives way: a script reads the table then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lockctl.render.harmless import columns, visible

Row = Mapping[str, str]

_GAP = 2
_LAST = 8
"""Columns without which the flowing column is left out."""
_BREAK = re.compile(r" (?!(?:s|min|h|d)\b)")
"""Where a line may end: a number and its unit stay together."""
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Step:
    """One column gives way, as long as the flowing one has less than `wanted`: down to `floor`, at 0 altogether."""

    name: str
    floor: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table gives way: `flowing` takes what the others leave, and goes on in further lines."""

    flowing: str
    steps: Sequence[Step]
    lines: int = 3
    """That one row takes at most."""
    paints: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    """By the column's name, what colours a cell."""
    bold: bool = False
    """Whether the header stands out."""


def draw(rows: Sequence[Row], shape: Shape, width: int = 0) -> list[str]:
    """The lines of the table, its header first; none is wider than `width` where that is set."""
    widths = {name: max(columns(name), *(columns(row[name]) for row in rows)) for name in rows[0]}
    if width:
        widths = _fit(widths, shape, width)
    header = _line({name: name for name in widths}, widths, {})
    lines = [f"{_BOLD}{header}{_PLAIN}" if shape.bold else header]
    for row in rows:
        cells = {name: flow(row[name], columns_, shape.lines) for name, columns_ in widths.items()}
        for number in range(max(map(len, cells.values()))):
            part = {name: cell[number] if number < len(cell) else "" for name, cell in cells.items()}
            lines.append(_line(part, widths, shape.paints))
    return lines


def flow(text: str, width: int, lines: int) -> list[str]:
    """The text in lines of this width, broken between words where that is possible; … ends what is cut."""
    if columns(text) <= width:
        return [text]
    if lines == 1 or " " not in text:
        return [visible(text, width)]
    told: list[str] = []
    line = ""
    for word in _BREAK.split(text):
        joined = f"{line} {word}" if line else word
        if columns(joined) <= width:
            line = joined
        elif len(told) == lines - 1:
            return [*told, visible(joined, width)]
        else:
            told += [line] if line else []
            line = word if columns(word) <= width or len(told) == lines - 1 else visible(word, width)
    return [*told, visible(line, width)]


def wrap(text: str, width: int, indent: int = 0) -> str:
    """The whole text, in lines of this width where that is set; all but the first begin with so many spaces."""
    if not width or columns(text) <= width:
        return text
    lines: list[str] = []
    line = ""
    for word in _BREAK.split(text):
        joined = f"{line} {word}" if line.strip() else f"{line}{word}"
        if columns(joined) <= width or not line.strip():
            line = joined
        else:
            lines.append(line)
            line = " " * indent + word
    return "\n".join([*lines, line])


def _fit(widths: dict[str, int], shape: Shape, width: int) -> dict[str, int]:
    natural = widths[shape.flowing]
    for step in shape.steps:
        lack = min(natural, step.wanted) - _room(widths, shape, width)
        if lack <= 0 or step.name not in widths:
            continue
        if step.floor:
            widths[step.name] = min(widths[step.name], max(step.floor, widths[step.name] - lack))
        else:
            del widths[step.name]
    room = _room(widths, shape, width)
    if room < min(natural, _LAST):
        del widths[shape.flowing]
        while len(widths) > 1 and sum(widths.values()) + _GAP * (len(widths) - 1) > width:
            widths.popitem()
        return widths
    widths[shape.flowing] = min(natural, room)
    return widths


def _room(widths: Mapping[str, int], shape: Shape, width: int) -> int:
    """What the others leave to the flowing column."""
    return width - sum(taken + _GAP for name, taken in widths.items() if name != shape.flowing)


def _line(cells: Row, widths: Mapping[str, int], paints: Mapping[str, Callable[[str], str]]) -> str:
    pieces: list[str] = []
    for name, width in widths.items():
        cell = cells[name]
        shown = paints[name](cell) if name in paints else cell
        pieces.append(shown + " " * (width - columns(cell)))
    return (" " * _GAP).join(pieces).rstrip()
