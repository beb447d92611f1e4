"""How to judge, as the user may set it: thresholds, and probes of the hosts that locks come from. Values alone."""

from __future__ import annotations

from dataclasses import dataclass, field


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


@dataclass(frozen=True, slots=True)
class Policy:
    """How to judge. `this_host` are further names that locks of this machine bear."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    trust_clock: str | None = None
    """`owner` or `server`: the user's word that this one clock is right."""
    this_host: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()
