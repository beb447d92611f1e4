"""The counts as text, as tables for bench/README.md and as an SVG plot. No share without its number of trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from bench.simulation.hazards import NOTHING
from bench.simulation.measure import AFTER, Tally, interval
from bench.simulation.rules import OURS
from bench.simulation.share import Truth

Tallies = Mapping[str, Tally]

_COLOURS = ("#1a7f5a", "#5aa9e6", "#c0392b", "#e67e22", "#8e44ad", "#7f8c8d")
_TOP, _ROW, _LEFT, _WIDTH = 100, 25, 330, 400


def percent(share: float) -> str:
    """Whole per cents, but for those that are not nearly so many or so few."""
    if 0 < share < 0.01 or 0.99 < share < 1:
        return f"{100 * share:.2f}"
    return f"{100 * share:.0f}"


def chance(successes: int, trials: int) -> str:
    """Per cents with the interval's ends; where it never or always was so, the end that is not sure."""
    if not trials:
        return "–"
    low, high = interval(successes, trials)
    if successes == 0:
        return f"0 (< {percent(high)})"
    if successes == trials:
        return f"100 (> {percent(low)})"
    return f"{percent(successes / trials)} ({percent(low)}–{percent(high)})"


def table(tallies: Tallies, names: list[str], *, markdown: bool = False) -> str:
    """All hazards: a line each, and then what was left."""
    asleep = "where it sleeps: its lock, after the lease"
    chances = [[hazard, *_chances(one, names, Truth.LIVE)] for hazard, one in tallies.items()]
    chances += [[asleep, *_chances(one, names, Truth.LAPSED)] for one in tallies.values() if one.at_risk[Truth.LAPSED]]
    first = ["at risk: a live lock, and", "trials", *names]
    second = ["dead locks left, %", *(f"after {hours} h" for hours in AFTER), "trials"]
    parts = [_lay_out(first, chances, markdown), _lay_out(second, _leftovers(tallies, names), markdown)]
    return "\n\n".join(parts)


def _chances(tally: Tally, names: list[str], truth: Truth) -> list[str]:
    trials = tally.at_risk[truth]
    return [f"{trials:,}", *(chance(tally.lost[truth][name], trials) for name in names)]


def _leftovers(tallies: Tallies, names: list[str]) -> list[list[str]]:
    """Every rule where nothing is wrong; ours at other schedules and where its memory is lost."""
    rows = [[f"{name}, hourly", *_left(tallies[NOTHING], name)] for name in names if NOTHING in tallies]
    others = [hazard for hazard in tallies if "run" in hazard.split() or "new each time" in hazard]
    return rows + [[f"{OURS}: {hazard}", *_left(tallies[hazard], OURS)] for hazard in others]


def _left(tally: Tally, name: str) -> list[str]:
    shown = [percent(tally.left[h][name] / tally.died[h]) if tally.died[h] else "–" for h in AFTER]
    return [*shown, f"{tally.died[AFTER[0]]:,}"]


def _lay_out(head: list[str], rows: list[list[str]], markdown: bool) -> str:
    if markdown:
        rule = ["---", *("---:" for _ in head[1:])]
        return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in (head, *rows))
    return "\n".join("  ".join(line) for line in lines)


def plot(tallies: Tallies, names: list[str]) -> str:
    """A line for each hazard, a point for each rule, with its interval."""
    hazards = {hazard: tally for hazard, tally in tallies.items() if tally.at_risk[Truth.LIVE]}
    height = _TOP + _ROW * len(hazards) + 30
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 40}" height="{height}" '
            f'viewBox="0 0 {_LEFT + _WIDTH + 40} {height}" font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            '<text x="16" y="22" font-size="14" font-weight="bold">'
            "How often a live lock is removed, where the hazard is there (%, with 95 % intervals)</text>",
            *_legend(names),
            *_scale(height),
            *(
                part
                for row, (hazard, tally) in enumerate(hazards.items())
                for part in _points(hazard, tally, names, _TOP + _ROW * row + 16)
            ),
            "</svg>\n",
        )
    )


def _legend(names: list[str]) -> Iterator[str]:
    for number, name in enumerate(names):
        x, y = 16 + 250 * (number % 3), 46 + 20 * (number // 3)
        yield f'<circle cx="{x + 5}" cy="{y - 4}" r="5" fill="{_COLOURS[number]}"/>'
        yield f'<text x="{x + 16}" y="{y}">{escape(name)}</text>'


def _scale(height: int) -> Iterator[str]:
    for share in (0, 25, 50, 75, 100):
        x = _LEFT + _WIDTH * share / 100
        yield f'<line x1="{x}" x2="{x}" y1="{_TOP}" y2="{height - 24}" stroke="#dddddd"/>'
        yield f'<text x="{x}" y="{height - 8}" text-anchor="middle">{share}</text>'


def _points(hazard: str, tally: Tally, names: list[str], y: int) -> Iterator[str]:
    """Ours last, so that it lies on top; those of one value lie above each other by some points."""
    trials = tally.at_risk[Truth.LIVE]
    yield f'<text x="{_LEFT - 14}" y="{y}" text-anchor="end">{escape(hazard)}</text>'
    for number, name in reversed(list(enumerate(names))):
        lost = tally.lost[Truth.LIVE][name]
        low, high = (_LEFT + _WIDTH * end for end in interval(lost, trials))
        x, level = _LEFT + _WIDTH * lost / trials, y - 11 + 2.6 * number
        yield f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{level}" y2="{level}" stroke="{_COLOURS[number]}"/>'
        yield f'<circle cx="{x:.1f}" cy="{level}" r="{5 if number == 0 else 4}" fill="{_COLOURS[number]}"/>'
