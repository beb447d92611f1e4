"""How to judge, as the user may set it: thresholds, and probes of the hosts that locks come from. Values alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Seconds. Sources in restic's lock.go: a renewal every 5 minutes; gives up after 22½; expired after 30."""

    missed: float = 450.0
    gives_up: float = 1350.0
    expired: float = 1800.0
    temporary: float = 86400.0
    """For what restic writes before it renames."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A command for the hosts that one of `hosts` matches (shell patterns), and seconds to wait for it."""

    hosts: tuple[str, ...]
    command: tuple[str, ...]
    timeout: float
