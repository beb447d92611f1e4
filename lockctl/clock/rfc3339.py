"""Moments as RFC 3339 in UTC. Inside lockctl a moment is whole nanoseconds since 1970. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_IN_UTC = _EPOCH.replace(tzinfo=None)


def format_moment(nanoseconds: int) -> str:
    """`2026-11-23T00:16:16.641943Z`. Raises nothing: what no calendar holds is shown as the nearest it does."""
    try:
        moment = _EPOCH_IN_UTC + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        last = datetime.max.replace(tzinfo=UTC) if nanoseconds > 0 else datetime.min.replace(tzinfo=UTC)
        moment = last.replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds") + "Z"


def parse_moment(text: str) -> int:
    """Nanoseconds of what `format_moment` wrote. Raises ValueError."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1) * 1000
