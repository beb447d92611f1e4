"""The comparison as text and as an SVG plot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape

from bench.simulation.measure import AFTER, Score, Tally

MAX_LINES = 12
"""Scenarios that are listed of each rule; the others are summed up."""


def live_rate(tally: Tally, score: Score) -> float:
    """Live locks removed for a million hours of live locks: the same hours for each rule."""
    return 1e6 * score.live.total() / max(1, tally.live_hours)


def left_share(tally: Tally, score: Score, hours: int) -> float:
    """The share of dead locks that a rule left, of those that got that old."""
    return score.left[hours].total() / max(1, tally.old_enough[hours])


def table(tally: Tally) -> str:
    """All that was counted."""
    return "\n".join(_lines(tally))


def _lines(tally: Tally) -> Iterator[str]:
    yield f"{tally.live_hours:,} hours of live locks, {tally.lapsed_hours:,} of owners that lost their lease; "
    yield f"{tally.dead:,} locks died, {tally.temporary:,} temporary files were left over"
    yield ""
    yield (
        f"{'rule':<30}{'lock-hours':>12}{'live removed':>14}{'per million h':>15}{'sleepers':>10}"
        + "".join(f"{f'dead left {hours} h':>16}" for hours in AFTER)
    )
    for name, score in tally.scores.items():
        yield (
            f"{name:<30}{score.lock_hours:>12,}{score.live.total():>14,}{live_rate(tally, score):>15,.1f}"
            f"{score.lapsed.total():>10,}" + "".join(f"{left_share(tally, score, hours):>16.2%}" for hours in AFTER)
        )
    for name, score in tally.scores.items():
        yield from _listed(f"{name}: live locks removed", score.live)
        if score.unknowable:
            what = "on another machine of the judge's very name, not yet seen to renew: no witness tells"
            yield f"{score.unknowable:>9,}  {what}"
        yield from _listed(f"{name}: locks removed of owners that had lost their lease", score.lapsed)
        yield from _listed(f"{name}: dead locks left after 2 h", score.left[2])
        yield from (f"  live: {example}" for example in score.examples)


def _listed(title: str, counts: Counter[str]) -> Iterator[str]:
    yield ""
    yield f"{title}: {counts.total():,}"
    for what, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_LINES]:
        yield f"{number:>9,}  {what}"
    if len(counts) > MAX_LINES:
        rest = sum(sorted(counts.values())[:-MAX_LINES])
        yield f"{rest:>9,}  {len(counts) - MAX_LINES} others"


def plot(tally: Tally) -> str:
    """Two panels of bars, one bar a rule."""
    scores = tally.scores.items()
    live = {name: live_rate(tally, score) for name, score in scores}
    left = {name: 100 * left_share(tally, score, 2) for name, score in scores}
    height = 60 + 28 * len(tally.scores)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{2 * height}" '
            f'viewBox="0 0 760 {2 * height}" font-family="sans-serif" font-size="13">',
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *_panel("Live locks removed per million lock-hours (of live locks)", live, 0, ",.0f", ""),
            *_panel("Dead locks left after 2 hours", left, height, ".1f", " %"),
            "</svg>\n",
        )
    )


def _panel(title: str, bars: dict[str, float], top: int, form: str, unit: str) -> Iterator[str]:
    longest = max(*bars.values(), 1e-9)
    yield f'<text x="16" y="{top + 28}" font-weight="bold">{escape(title)}</text>'
    for number, (name, value) in enumerate(bars.items()):
        y = top + 44 + 28 * number
        width = max(1.0, 400 * value / longest)
        colour = "#2a7f62" if number == 0 else "#b8653b"
        yield f'<text x="236" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
        yield f'<rect x="246" y="{y}" width="{width:.1f}" height="20" fill="{colour}"/>'
        yield f'<text x="{252 + width:.1f}" y="{y + 15}">{value:{form}}{unit}</text>'
