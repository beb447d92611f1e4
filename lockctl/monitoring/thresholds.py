"""Figures and limits become ok, warning or critical. Pure: states and findings are taken as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import Finding, Weight
from lockctl.diagnosis.share.naming import count, cut, name_lock, name_locks
from lockctl.liveness.evidence import State, Verdict
from lockctl.monitoring.figures import Figures
from lockctl.monitoring.limits import Level, Limits

if TYPE_CHECKING:
    from lockctl.diagnosis.logs.story import Story


_WORSE = (Level.OK, Level.UNKNOWN, Level.WARNING, Level.CRITICAL)
"""What is known to be wrong goes before what is not known."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is wrong. It may hold names as strangers wrote them."""

    level: Level
    text: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was made of one look."""

    figures: Figures
    alarms: tuple[Alarm, ...]
    """The worst first."""
    warning: Limits
    critical: Limits

    @property
    def level(self) -> Level:
        """The worst of them."""
        return self.alarms[0].level if self.alarms else Level.OK


def worst(levels: Iterable[Level]) -> Level:
    """Of all of these."""
    return max(levels, key=_WORSE.index, default=Level.OK)


def values_of(figures: Figures) -> dict[str, float | None]:
    """What is compared with the limits, by the name of the quantity."""
    return {
        "stale": len(figures.stale),
        "oldest": figures.oldest_seconds,
        "exclusive": figures.exclusive_seconds,
        "damaged": len(figures.damaged),
        "clock": abs(figures.clock),
        "owner-clock": abs(figures.owner_clock) if figures.owner_clock is not None else None,
    }


def check(figures: Figures, findings: Iterable[Finding], limits: tuple[Limits, Limits]) -> Checked:
    """What is wrong, by these limits. `findings` are told besides, of whatever they speak: each by its own weight."""
    warning, critical = limits
    told = [finding for finding in findings if finding.weight in _LEVELS]
    alarms = [Alarm(_LEVELS[finding.weight], finding.seen.rstrip(".")) for finding in told]
    for name, value in values_of(figures).items():
        level = _level(value, warning[name], critical[name])
        if level is not Level.OK:
            alarms.append(Alarm(level, _describe(name, figures)))
    unread = figures.survey.unread
    if unread:
        alarms.append(Alarm(Level.UNKNOWN, f"{count(len(unread), 'lock')} could not be read: {name_locks(unread)}"))
    alarms.sort(key=lambda alarm: -_WORSE.index(alarm.level))
    return Checked(figures, tuple(alarms), warning, critical)


def log_findings(stories: Iterable[Story]) -> list[Finding]:
    """What a log tells, without what a later run has settled: that is over."""
    unsettled = (story.finding for story in stories if not story.is_settled)
    return [replace(finding, seen=f"log: {finding.seen}") for finding in unsettled]


_LEVELS = {Weight.ACT: Level.CRITICAL, Weight.LOOK: Level.WARNING}


def _level(value: float | None, warning: float | None, critical: float | None) -> Level:
    if value is not None and critical is not None and value > critical:
        return Level.CRITICAL
    return Level.WARNING if value is not None and warning is not None and value > warning else Level.OK


def _describe(name: str, figures: Figures) -> str:
    match name:
        case "stale" | "damaged":
            found = figures.stale if name == "stale" else figures.damaged
            states = Counter(verdict.state for verdict in found)
            told = ", ".join(f"{states[state]} {state.value}" for state in State if states[state])
            return f"{told} lock{'' if len(found) == 1 else 's'}: {name_locks(found)}{_blocks(found)}"
        case "oldest":
            return f"the oldest lock was not renewed for {_of(figures.oldest, figures.oldest_seconds)}"
        case "exclusive":
            return f"an exclusive lock is held for at least {_of(figures.exclusive, figures.exclusive_seconds)}"
        case "clock":
            return f"the server's clock is {_off(figures.clock, 'this machine')}"
        case _:
            return f"the clock of {cut(figures.owner_host)} is {_off(figures.owner_clock or 0.0, 'the server')}"


def _of(verdict: Verdict | None, seconds: float | None) -> str:
    lock = f": {name_lock(verdict)} is {verdict.state.value}" if verdict is not None else ""
    return f"{describe_duration(seconds or 0.0)}{lock}"


def _blocks(found: tuple[Verdict, ...]) -> str:
    """What these keep from starting."""
    works = dict.fromkeys(work for verdict in found for work in verdict.blocks)
    return f" (blocks {', '.join(works)})" if works else ""


def _off(ahead: float, whose: str) -> str:
    return f"{describe_duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} {whose}'s"
