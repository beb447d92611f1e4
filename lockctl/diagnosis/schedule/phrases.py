"""Phrases: hosts, times and zones as they stand in sentences. Names are cut, and not made harmless. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_NAMED = 4
_NAME_WIDTH = 40


def name_host(host: str) -> str:
    """A host's name, or what stands for none."""
    if not host:
        return "(a host without a name)"
    return host if len(host) <= _NAME_WIDTH else f"{host[: _NAME_WIDTH - 1]}…"


def times(number: int) -> str:
    """`once`, `3 times`."""
    return "once" if number == 1 else f"{number} times"


def name_hosts(hosts: Sequence[str]) -> str:
    """`web1, web2 and 3 more`."""
    names = ", ".join(name_host(host) for host in hosts[:_NAMED])
    return names if len(hosts) <= _NAMED else f"{names} and {len(hosts) - _NAMED} more"


def clock_time(minute: int) -> str:
    """`02:05`."""
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def zone(offset: int) -> str:
    """`UTC+01:00`, of seconds."""
    sign, minutes = "-" if offset < 0 else "+", abs(offset) // 60
    return f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}" if minutes else "UTC"


def retry_option(seconds: int) -> str:
    """`1h30m`, as restic reads it (Go's time.ParseDuration)."""
    hours, minutes = divmod(seconds // 60, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or not hours else "")
