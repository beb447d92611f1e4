"""What a list ends with: how many locks in which state, what restic could do now and what not, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from shlex import quote

from lockctl.liveness.evidence import State, Verdict
from lockctl.render.columns import wrap
from lockctl.render.harmless import visible
from lockctl.render.table import LONGEST_NAME
from lockctl.render.words import GREEN, RED, count, paint_text, short_ids
from lockctl.survey.values import Survey

_NAMED = 3
"""Locks that are named where more block the same work."""
_INDENT = 2
_RUNS, _FAILS = "would run now:", "would fail:"
_ORDER = (
    State.STALE,
    State.DEAD,
    State.SUPERSEDED,
    State.DAMAGED,
    State.ACTIVE,
    State.OVERDUE,
    State.DOUBTFUL,
    State.WRITING,
    State.UNDECODABLE,
    State.UNREADABLE,
    State.FOREIGN,
)
"""What can go, what works, and what is in doubt or strange."""


def summary(survey: Survey, shown: int | None = None) -> str:
    """`7 locks: 1 stale, 4 active, 2 writing; 2 of 7 shown`. `shown` is None where nothing was left out by choice."""
    number = len(survey.verdicts)
    text = tally(survey.verdicts, count(number, "lock"))
    return text if shown is None else f"{text}; {shown} of {number} shown"


def tally(verdicts: Sequence[Verdict], what: str) -> str:
    """`what`, and how many of them are in which state."""
    states = [verdict.state for verdict in verdicts]
    parts = [f"{states.count(state)} {state.value}" for state in _ORDER if state in states]
    return f"{what}: {', '.join(parts)}" if parts else what


def list_foot(survey: Survey, colour: bool, shown: int | None = None, width: int = 0) -> list[str]:
    """Below a list: the summary, where that is, and what restic would do now."""
    where = f"repository: {visible(survey.address)}"
    return [*(wrap(line, width, _INDENT) for line in (summary(survey, shown), where)), *outlook(survey, colour, width)]


def outlook(survey: Survey, colour: bool, width: int = 0) -> list[str]:
    """What restic would do now: the work that would run, and the work that would fail, with restic's reason."""
    free = [work for work, ids in survey.blocked.items() if not ids]
    lines = [f"{_RUNS} {', '.join(free)}"] if free else []
    lines += failures(survey)
    lines = [wrap(line, width, _INDENT) for line in lines]
    if not colour:
        return lines
    paints = {_RUNS: paint_text(_RUNS, GREEN), _FAILS: paint_text(_FAILS, RED)}
    return [
        line.replace(name, painted, 1) for line in lines for name, painted in paints.items() if line.startswith(name)
    ]


def failures(survey: Survey) -> list[str]:
    """The work of restic that would fail now, with its reason."""
    lines: list[str] = []
    groups: dict[tuple[str, ...], list[str]] = {}
    for work, ids in survey.blocked.items():
        if ids:
            groups.setdefault(tuple(ids), []).append(work)
    name = _name_holders(survey)
    for blockers, works in groups.items():
        named = [name(blocker) for blocker in blockers[:_NAMED]]
        owned = [text for text, known in named if known]
        unknown = [text for text, known in named if not known]
        reasons = [f"already locked {', '.join(owned)}"] if owned else []
        reasons += [f"no restic can read {', '.join(unknown)}"] if unknown else []
        more = f"; and {len(blockers) - _NAMED} more" if len(blockers) > _NAMED else ""
        lines.append(f"{_FAILS} {', '.join(works)}: {'; '.join(reasons)}{more}")
    return lines


def next_step(surveys: Iterable[Survey], options: Sequence[str]) -> str:
    """The command that shows what can be removed, '' where nothing can. `options` choose these repositories."""
    free = sum(one.removable and one.file.id not in survey.held for survey in surveys for one in survey.verdicts)
    if not free:
        return ""
    chosen = "".join(f" {quote(visible(option))}" for option in options)
    return f"\n{count(free, 'lock')} can be removed; to see the plan: lockctl prune{chosen} --dry-run"


def _name_holders(survey: Survey) -> Callable[[str], tuple[str, bool]]:
    """By an id, the lock in restic's words, and whether its owner is known."""
    ids = short_ids(verdict.file.id for verdict in survey.verdicts)
    locks = {verdict.file.id: verdict.file.lock for verdict in survey.verdicts}

    def name(id_: str) -> tuple[str, bool]:
        lock = locks[id_]
        if lock is None:
            return ids[id_], False
        exclusively = "exclusively " if lock.exclusive else ""
        return f"{exclusively}by PID {lock.pid} on {visible(lock.hostname, LONGEST_NAME)} ({ids[id_]})", True

    return name
