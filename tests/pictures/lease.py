"""A lock's life with the thresholds, as a picture: what the clocks of others say, and what our own eyes have seen."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from lockctl.liveness.evidence import State
from lockctl.settings.policy import Thresholds
from tests.pictures.look import Look

RENEWAL = 300.0
"""Seconds from one renewal to the next (restic's lock.go)."""
_WIDTH, _HEIGHT = 868, 312
_ZERO, _END, _LAST = 246, 848, 2700.0
_GREEN, _AMBER, _RED, _BLUE = "#1a7f5a", "#b7791f", "#c0392b", "#2f6fb7"
_FIRST_LOOK, _NEXT_LOOK = 600.0, 2400.0
_HEADING = 'font-size="15" font-weight="bold"'
_WORDS = (
    "A living owner would have renewed its lock in that time, under another name, or have given up by itself.",
    "So no wrong clock of others can cost a live lock.",
)


def draw(thresholds: Thresholds, look: Look) -> str:
    """The picture, as SVG."""
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
            f' font-family="system-ui, sans-serif" font-size="13" fill="{look.text}">',
            f"<title>A lock's life, with the thresholds of {_minutes(thresholds.missed)},"
            f" {_minutes(thresholds.gives_up)} and {_minutes(thresholds.expired)} minutes</title>",
            f'<rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{_HEIGHT - 1}" rx="8" fill="{look.ground}"'
            f' stroke="{look.frame}"/>',
            _text(
                20, 30, "A lock is a lease: its owner renews it every 5 minutes", 'font-size="15" font-weight="bold"'
            ),
            *_owner(),
            *_states(thresholds),
            *_ticks(thresholds, look),
            *_eyes(thresholds),
            *(_text(20, 282 + 17 * n, words, f'fill="{look.faint}"') for n, words in enumerate(_WORDS)),
            "</svg>\n",
        )
    )


def _at(seconds: float) -> float:
    """Where a moment lies, counted from the last renewal."""
    return _ZERO + (_END - _ZERO) * seconds / _LAST


def _minutes(seconds: float) -> str:
    whole, half = divmod(seconds / 60, 1)
    return f"{whole:g}½" if half else f"{whole:g}"


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" {more}>{escape(words)}</text>'


def _box(start: float, end: float, y: int, colour: str, words: str) -> Iterator[str]:
    left, right = _at(start), _at(end)
    yield f'<rect x="{left:g}" y="{y}" width="{right - left - 2:g}" height="24" rx="3" fill="{colour}"/>'
    yield _text((left + right) / 2, y + 17, words, 'text-anchor="middle" fill="#ffffff"')


def _owner() -> Iterator[str]:
    yield _text(20, 69, "the owner")
    yield from _box(-RENEWAL, 0, 52, _GREEN, "renewed")
    yield from _box(0, RENEWAL, 52, _GREEN, "renewed")
    yield _text(_at(RENEWAL) + 10, 69, "✕ its machine crashed: nobody renews this lock any more")


def _states(thresholds: Thresholds) -> Iterator[str]:
    yield _text(20, 117, "the clocks of others say")
    yield from _box(0, thresholds.missed, 100, _GREEN, State.ACTIVE.value)
    yield from _box(thresholds.missed, thresholds.expired, 100, _AMBER, State.OVERDUE.value)
    words = f"{State.STALE.value}: you may remove it"
    yield from _box(thresholds.expired, _LAST, 100, _RED, words)


def _ticks(thresholds: Thresholds, look: Look) -> Iterator[str]:
    names = {
        0.0: "last renewal",
        thresholds.missed: "one was missed",
        thresholds.gives_up: "restic gives up",
        thresholds.expired: "expired for all",
    }
    for seconds, name in names.items():
        x = _at(seconds)
        yield f'<path d="M{x:g} 124 v10" stroke="{look.faint}"/>'
        yield _text(x, 149, f"{_minutes(seconds)} min", 'text-anchor="middle"')
        yield _text(x, 165, name, f'text-anchor="middle" font-size="11" fill="{look.faint}"')


def _eyes(thresholds: Thresholds) -> Iterator[str]:
    first, sure, following = _at(_FIRST_LOOK), _at(_FIRST_LOOK + thresholds.gives_up), _at(_NEXT_LOOK)
    middle = 'text-anchor="middle" font-size="12"'
    yield _text(20, 221, "this machine has seen it")
    yield f'<path d="M{first:g} 217 H{sure:g}" stroke="{_BLUE}" stroke-width="4"/>'
    yield f'<path d="M{sure:g} 217 H{_END}" stroke="{_BLUE}" stroke-width="4" stroke-dasharray="2 5"/>'
    for x, words in ((first, "first look"), (following, "next look: it goes")):
        yield f'<circle cx="{x:g}" cy="217" r="7" fill="{_BLUE}"/>'
        yield _text(x, 203, words, middle)
    since = f"for {_minutes(thresholds.gives_up)} minutes, by a clock that nobody can set"
    yield _text((first + sure) / 2, 241, since, middle)
    yield _text((sure + _END) / 2, 241, "now cron may remove it", middle)
