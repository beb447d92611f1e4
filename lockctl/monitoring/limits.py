"""Limits: what can have one, and how users write them. Pure.

A limit is exceeded by what is above it, as that of a Nagios plugin (Monitoring Plugins Development Guidelines,
"Threshold and Ranges", of the form `N`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from lockctl.clock.duration import parse_duration
from lockctl.errors import UsageError


class Level(Enum):
    """What a monitoring system is told; the value is the exit status of a Nagios plugin."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3

    @property
    def heading(self) -> str:
        """With which the line of a plugin begins."""
        return f"LOCKCTL {self.name}"


@dataclass(frozen=True, slots=True)
class Quantity:
    """What can have a limit: its name, whether it is a duration, and its limits where none are given."""

    name: str
    is_duration: bool
    warning: float | None
    critical: float | None


QUANTITIES = (
    Quantity("stale", False, 0, 20),
    Quantity("oldest", True, 3600, 86400),
    Quantity("exclusive", True, 6 * 3600, 12 * 3600),
    Quantity("damaged", False, 0, 0),
    # As `doctor`: a missed renewal's length is worth a look, and a restic gives up after the other.
    Quantity("clock", True, 450, 1350),
    Quantity("owner-clock", True, 450, 1350),
)
_BY_NAME = {quantity.name: quantity for quantity in QUANTITIES}
_OFF = "off"

Limits = Mapping[str, float | None]
"""By the name of a quantity; None where there is none."""


def default_limits() -> tuple[Limits, Limits]:
    """Of warning and critical."""
    return ({one.name: one.warning for one in QUANTITIES}, {one.name: one.critical for one in QUANTITIES})


def find_limits(warning: Iterable[str], critical: Iterable[str]) -> tuple[Limits, Limits]:
    """The limits of both levels, from texts such as `stale=0,oldest=2h`; what they do not name is as by default.

    Raises UsageError.
    """
    low, high = default_limits()
    low, high = {**low, **_parse(warning)}, {**high, **_parse(critical)}
    for name, limit in low.items():
        above = high[name]
        if limit is not None and above is not None and limit > above:
            raise UsageError(
                f"the limit of {name} for a warning is above the critical one",
                f"Give -c {name}=… too, or -c {name}={_OFF}",
            )
    return low, high


def _parse(texts: Iterable[str]) -> dict[str, float | None]:
    return dict(_parse_one(part.strip()) for text in texts for part in text.split(","))


def _parse_one(text: str) -> tuple[str, float | None]:
    name, equals, value = text.partition("=")
    if not equals:
        name, value = QUANTITIES[0].name, text  # `-w 5`, as with most plugins
    quantity = _BY_NAME.get(name)
    if quantity is None:
        raise UsageError(f"no figure is called {name!r}", f"They are {', '.join(_BY_NAME)}, as in stale=0,oldest=2h")
    if value == _OFF:
        return name, None
    if quantity.is_duration:
        return name, parse_duration(value)
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise UsageError(f"the limit of {name} is no number of locks: {value!r}", f"Write {name}=5, or {name}={_OFF}")
    return name, float(value)
