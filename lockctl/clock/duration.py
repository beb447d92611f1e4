"""Durations as users write them and read them. Pure."""

from __future__ import annotations

import re

from lockctl.errors import UsageError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LONGEST = 100 * 365 * 86400
"""Seconds; clocks and waits cannot do with much more."""
_PART = re.compile(r"(\d+(?:\.\d+)?)([a-z]*)")


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `2h`, `1h30m`, `7d`. Raises UsageError for a bare number, months, years and all else.

    restic's own durations mean months by `m`; here `m` is minutes, and `mo` and `y` are refused so that nobody
    who thinks of the one gets the other.
    """
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(f"not a duration: {text!r}", "Write a number and a unit, as in 90s, 45m, 2h, 1h30m or 7d")
    seconds = 0.0
    for number, unit in parts:
        if unit in ("mo", "y"):
            raise UsageError(f"{text!r} has months or years", "Write days (d) or weeks (w); m is minutes")
        if unit not in UNITS:
            raise UsageError(f"{text!r} has no unit that is known here", "Use s, m (minutes), h, d or w, as in 2h")
        seconds += float(number) * UNITS[unit]
    if seconds > LONGEST:
        raise UsageError(f"{text!r} is longer than a hundred years", "Write a shorter duration, as in 2h")
    return seconds


def describe_duration(seconds: float) -> str:
    """`2 h 3 min`, `7 d 1 h`, `42 s`: the two largest units, as people read them. Below zero counts as zero."""
    left = int(seconds)
    if left < 60:
        return f"{max(0, left)} s"
    if left < 3600:
        return _largest_two(left, 60, "min", 1, "s")
    if left < 86400:
        return _largest_two(left, 3600, "h", 60, "min")
    return _largest_two(left, 86400, "d", 3600, "h")


def spell_duration(seconds: float) -> str:
    """As `parse_duration` reads it: `2h`, `90m`, `0.5s`."""
    for unit in ("w", "d", "h", "m"):
        if seconds and seconds % UNITS[unit] == 0:
            return f"{seconds / UNITS[unit]:.0f}{unit}"
    return f"{seconds:g}s"


def _largest_two(seconds: int, large: int, unit: str, small: int, smaller: str) -> str:
    amount, left = divmod(seconds, large)
    rest = left // small
    return f"{amount} {unit} {rest} {smaller}" if rest else f"{amount} {unit}"
