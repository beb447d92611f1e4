"""Charts of time: a line for each command, both axes in powers of ten. SVG, by hand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

_COLOURS = ("#1a7f5a", "#c0392b", "#5aa9e6")
_LEFT, _TOP, _WIDTH, _HEIGHT = 70, 70, 520, 300
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Axis:
    """From `least` to `most`, drawn over `length` points."""

    least: float
    most: float
    length: float

    def at(self, value: float) -> float:
        """Where a value lies, in points from the axis's beginning."""
        return self.length * math.log(value / self.least) / math.log(self.most / self.least)

    def ticks(self) -> Iterator[float]:
        """1, 2 and 5 of each power of ten within it."""
        for power in range(math.floor(math.log10(self.least)), math.ceil(math.log10(self.most)) + 1):
            for step in _STEPS:
                value = step * 10.0**power
                if self.least <= value * 1.001 and value <= self.most * 1.001:
                    yield value


def draw(title: str, across: str, lines: Mapping[str, Points], note: str) -> str:
    """`lines` holds, by name, what was measured: (what lies across, seconds)."""
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    horizontal, vertical = Axis(min(xs), max(xs), _WIDTH), Axis(min(ys) / 1.3, max(ys) * 1.3, _HEIGHT)
    size = f'width="{_LEFT + _WIDTH + 30}" height="{_TOP + _HEIGHT + 86}"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            f'<text x="16" y="22" font-size="14" font-weight="bold">{escape(title)}</text>',
            *_legend(list(lines)),
            *_grid(horizontal, vertical),
            *(
                part
                for number, points in enumerate(lines.values())
                for part in _line(points, horizontal, vertical, number)
            ),
            f'<text x="{_LEFT + _WIDTH / 2}" y="{_TOP + _HEIGHT + 36}" text-anchor="middle">{escape(across)}</text>',
            *_note(note),
            "</svg>\n",
        )
    )


def _legend(names: Sequence[str]) -> Iterator[str]:
    for number, name in enumerate(names):
        x = 16 + 250 * number
        yield f'<circle cx="{x + 5}" cy="42" r="5" fill="{_COLOURS[number]}"/>'
        yield f'<text x="{x + 16}" y="46">{escape(name)}</text>'


def _note(text: str) -> Iterator[str]:
    """A line for each part of it."""
    for number, part in enumerate(text.split("; ")):
        y = _TOP + _HEIGHT + 58 + 16 * number
        yield f'<text x="16" y="{y}" fill="#666666" font-size="11">{escape(part)}</text>'


def _grid(horizontal: Axis, vertical: Axis) -> Iterator[str]:
    bottom = _TOP + _HEIGHT
    for value in horizontal.ticks():
        x = _LEFT + horizontal.at(value)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}" stroke="#e3e3e3"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{value:,g}</text>'
    for value in vertical.ticks():
        y = bottom - vertical.at(value)
        yield f'<line x1="{_LEFT}" x2="{_LEFT + _WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e3e3e3"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,g} s</text>'


def _line(points: Points, horizontal: Axis, vertical: Axis, number: int) -> Iterator[str]:
    placed = [(_LEFT + horizontal.at(x), _TOP + _HEIGHT - vertical.at(y)) for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    yield f'<polyline points="{path}" fill="none" stroke="{_COLOURS[number]}" stroke-width="2"/>'
    for x, y in placed:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_COLOURS[number]}"/>'
