"""The same chart as SVG, by hand, for light and dark pages. Names are made harmless, and escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from lockctl.diagnosis.schedule.advice import Advice
from lockctl.diagnosis.schedule.habits import DAY
from lockctl.diagnosis.schedule.phrases import clock_time, zone
from lockctl.render.chart import Bar, Row, rows_now, rows_proposed, window_bars
from lockctl.render.harmless import visible

_LEFT, _ACROSS, _RIGHT = 190, 720, 120
_LINE, _TOP = 22, 44
_STYLE = """
text{font:13px sans-serif;fill:#24292f} .small{font-size:11px;fill:#57606a} .head{font-size:15px;font-weight:bold}
.paper{fill:#ffffff} .grid{stroke:#d8dee4} .line{fill:#f3f5f7} .usual{fill:#1f7a5c} .longest{fill:#1f7a5c;opacity:.3}
.moved{fill:#2166ac} .movedlong{fill:#2166ac;opacity:.3} .free{fill:#d9a441} .waits{fill:#b8453b}
@media (prefers-color-scheme:dark){text{fill:#e6edf3} .small{fill:#9198a1} .paper{fill:#0d1117} .grid{stroke:#30363d}
.line{fill:#161b22} .usual,.longest{fill:#3fb78b} .moved,.movedlong{fill:#6cb0f5} .free{fill:#e3b551}
.waits{fill:#f0776c}}
"""


def draw_svg(advice: Advice) -> str:
    """The whole document."""
    now, then = rows_now(advice), rows_proposed(advice)
    second = _TOP + _LINE * (len(now) + 3)
    height = second + _TOP + _LINE * (len(then) + 3)
    width = _LEFT + _ACROSS + _RIGHT
    title = f"Backups in {visible(advice.survey.address, 80)}: now, and as proposed"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{_STYLE}</style>",
            '<rect class="paper" width="100%" height="100%"/>',
            *_panel(f"Now ({zone(advice.offset)}; on the right each host's own time)", now, 0, _waits(advice)),
            *_panel("Proposed", then, second, _free(advice)),
            *_legend(height - 14),
            "</svg>\n",
        )
    )


def _panel(title: str, rows: list[Row], top: int, last: tuple[str, list[str], str]) -> Iterator[str]:
    """`last` is the row below the hosts: its name, its bars and what stands behind them."""
    yield f'<text class="head" x="16" y="{top + 24}">{escape(title)}</text>'
    first = top + _TOP
    bottom = first + _LINE * (len(rows) + 1)
    for number, row in enumerate(rows):
        y = first + _LINE * number
        if number % 2 == 0:
            yield f'<rect class="line" x="0" y="{y}" width="100%" height="{_LINE}"/>'
        yield f'<text x="16" y="{y + 15}">{escape(visible(row.name, 24))}</text>'
        yield f'<text class="small" x="{_LEFT + _ACROSS + 12}" y="{y + 15}">{escape(row.time)}</text>'
    for hour in range(0, 25, 2):
        x = _LEFT + _ACROSS * hour // 24
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{first}" y2="{bottom}"/>'
        yield f'<text class="small" x="{x}" y="{first - 4}" text-anchor="middle">{hour:02}</text>'
    for number, row in enumerate(rows):
        y = first + _LINE * number + 4
        yield from _bars(row.longest, y, _LINE - 8, "movedlong" if row.moved else "longest")
        yield from _bars(row.usual, y, _LINE - 8, "moved" if row.moved else "usual")
    name, bars, time = last
    y = bottom - _LINE
    yield f'<text x="16" y="{y + 15}">{name}</text>'
    yield from (bar.replace("{y}", str(y + 4)) for bar in bars)
    yield f'<text class="small" x="{_LEFT + _ACROSS + 12}" y="{y + 15}">{time}</text>'


def _waits(advice: Advice) -> tuple[str, list[str], str]:
    bars = [
        f'<rect class="waits" opacity="{slot.blocked / slot.days:.2f}" x="{_x(slot.minute):.1f}" y="{{y}}" '
        f'width="{_ACROSS / 48:.1f}" height="{_LINE - 8}"/>'
        for slot in advice.overlaps.slots
        if slot.blocked
    ]
    return "prune waits", bars, ""


def _free(advice: Advice) -> tuple[str, list[str], str]:
    if advice.window is None:
        return "", [], ""
    bars = [bar.replace('y="0"', 'y="{y}"') for bar in _bars(window_bars(advice), 0, _LINE - 8, "free")]
    return "prune", bars, clock_time(advice.window.start + advice.offset // 60)


def _bars(bars: Iterable[Bar], y: int, height: int, kind: str) -> Iterator[str]:
    """Each bar, in two where it goes beyond midnight; two points wide at least."""
    for begin, length in sorted(bars):
        for start, minutes in ((begin, min(length, DAY - begin)), (0, begin + length - DAY)):
            if minutes > 0:
                width = max(2.0, _ACROSS * minutes / DAY)
                yield f'<rect class="{kind}" x="{_x(start):.1f}" y="{y}" width="{width:.1f}" height="{height}"/>'


def _legend(y: int) -> Iterator[str]:
    parts = [("usual", "usual"), ("longest", "longest so far"), ("moved", "moved"), ("free", "free for exclusive work")]
    parts.append(("waits", "prune would wait"))
    for number, (kind, text) in enumerate(parts):
        x = 16 + 170 * number
        yield f'<rect class="{kind}" x="{x}" y="{y - 10}" width="12" height="12"/>'
        yield f'<text class="small" x="{x + 18}" y="{y}">{text}</text>'


def _x(minute: int) -> float:
    return _LEFT + _ACROSS * minute / DAY
