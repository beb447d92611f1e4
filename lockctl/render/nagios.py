"""One line in the form of Nagios plugins (Monitoring Plugins Development Guidelines, "Plugin Output" and "Performance
data"), and behind it a line for each lock. Nothing of strangers can end a line or begin the figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from lockctl.errors import LockctlError
from lockctl.liveness.evidence import State, Verdict
from lockctl.monitoring.limits import QUANTITIES, Level, Limits
from lockctl.monitoring.thresholds import Checked, values_of
from lockctl.render.harmless import visible
from lockctl.render.table import removal_line
from lockctl.render.words import count, plain_number, short_ids
from lockctl.survey.values import Survey

_WHY_WIDTH = 144
_WIDTH = 200
"""Columns of one thing that is wrong."""
_MOST_ALARMS = 6
"""That stand in the first line: NRPE used to cut it after a thousand bytes."""
_MOST_LINES = 200
"""Locks that have a line, and warnings."""
ERROR_WIDTH = 800


def status_line(checked: Checked) -> str:
    """The first line: the level, what is wrong or what there is, and the figures."""
    text = join_alarms([alarm.text for alarm in checked.alarms]) or _describe(checked.figures.survey)
    performance = performance_of(values_of(checked.figures), len(checked.figures.survey.verdicts), checked)
    return f"{checked.level.heading} - {text} | {performance}"


def join_alarms(texts: Sequence[str]) -> str:
    """What is wrong, as far as it fits the first line."""
    alarms = [plain(text, _WIDTH) for text in texts]
    if len(alarms) > _MOST_ALARMS:
        alarms = [*alarms[:_MOST_ALARMS], f"and {len(alarms) - _MOST_ALARMS} more"]
    # Nagios makes a colon of each semicolon in its first line.
    return " / ".join(alarms).replace(";", ",")


def error_line(error: LockctlError) -> str:
    """The one line where nothing could be checked."""
    return f"{Level.UNKNOWN.heading} - {plain(str(error), ERROR_WIDTH).replace(';', ',')}"


def detail_lines(checked: Checked, warnings: Sequence[str]) -> list[str]:
    """What is wrong, a line each where that is much; the locks, a line each; and what else was to be told."""
    survey = checked.figures.survey
    ids = short_ids(verdict.file.id for verdict in survey.verdicts)
    alarms = [f"{alarm.level.name}: {plain(alarm.text, _WIDTH)}" for alarm in checked.alarms[_MOST_ALARMS:]]
    locks = [_line(verdict, removal_line(verdict, ids)) for verdict in survey.verdicts[:_MOST_LINES]]
    return [
        *_cut(alarms, "thing that is wrong", "things that are wrong"),
        *locks,
        *_more(len(survey.verdicts) - len(locks), "lock", "locks"),
        *warning_lines(warnings),
    ]


def warning_lines(warnings: Sequence[str]) -> list[str]:
    """What else was to be told, a line each."""
    return _cut([f"warning: {plain(text, ERROR_WIDTH)}" for text in warnings], "warning", "warnings")


def _line(verdict: Verdict, name: str) -> str:
    lock = verdict.file.lock
    kind = "" if lock is None else " exclusive" if lock.exclusive else " shared"
    return plain(f"{name}{kind} {verdict.state.value}: {visible(verdict.why, _WHY_WIDTH)}")


def _cut(lines: Sequence[str], one: str, several: str) -> list[str]:
    return [*lines[:_MOST_LINES], *_more(len(lines) - _MOST_LINES, one, several)]


def _more(number: int, one: str, several: str) -> list[str]:
    return [f"and {number} more {one if number == 1 else several}"] if number > 0 else []


def _describe(survey: Survey) -> str:
    """`4 locks (3 active, 1 writing), can run now: backup, prune`."""
    states = Counter(verdict.state for verdict in survey.verdicts)
    told = ", ".join(f"{states[state]} {state.value}" for state in State if states[state])
    free = [work for work, ids in survey.blocked.items() if not ids]
    runs = ", ".join(free) or "nothing"
    return f"{count(len(survey.verdicts), 'lock')}{f' ({told})' if told else ''}, can run now: {runs}"


def performance_of(values: Mapping[str, float | None], locks: int, checked: Checked) -> str:
    """Each figure with the limits of `checked`; `U` is one that is not known, or of nothing that is there."""
    parts = [f"locks={locks};;;0"]
    for quantity in QUANTITIES:
        value, unit = values[quantity.name], "s" if quantity.is_duration else ""
        shown = "U" if value is None else f"{plain_number(value)}{unit}"
        limits = ";".join(_limit(limits, quantity.name) for limits in (checked.warning, checked.critical))
        parts.append(f"{quantity.name}={shown};{limits};0")
    return " ".join(parts)


def _limit(limits: Limits, name: str) -> str:
    limit = limits[name]
    return "" if limit is None else plain_number(limit)


def plain(text: str, width: int = 0) -> str:
    """A text of which no part ends the line or begins the figures."""
    return visible(text, width).replace("|", "\\x7c")


def lines_of(checked: Checked, warnings: Iterable[str], *, verbose: bool) -> str:
    """All that is printed."""
    return "\n".join([status_line(checked), *(detail_lines(checked, list(warnings)) if verbose else [])])
