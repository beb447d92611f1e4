"""What is measured of one repository. Pure: each figure is counted from verdicts, and none is judged here.

What is not known, or is of nothing that stands there, is None and never 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lockctl.clock.rfc3339 import parse_moment
from lockctl.diagnosis.share.clocks import AGREES, find_hosts
from lockctl.liveness.evidence import State, Verdict
from lockctl.state.records import Outcome, Record
from lockctl.survey.values import Survey

STALE = frozenset({State.STALE, State.DEAD, State.SUPERSEDED})
"""Whose owner is gone, or has a newer lock."""
DAMAGED = frozenset({State.DAMAGED, State.UNDECODABLE})
"""What no restic can read, however long it waits."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One look in figures; durations are seconds. A lock that was put back within a day is left out of `stale`,
    `damaged` and `oldest`: it is there because somebody wanted it to.
    """

    survey: Survey
    stale: tuple[Verdict, ...]
    damaged: tuple[Verdict, ...]
    oldest: Verdict | None
    """The lock with the largest certain age."""
    oldest_seconds: float | None
    exclusive: Verdict | None
    """The exclusive lock whose owner has held it for longest, as far as this machine knows."""
    exclusive_seconds: float | None
    """For how long at least; None also where nobody opened the locks."""
    clock: float
    """By how much the server's clock is ahead of this machine's."""
    owner_clock: float | None
    """The same of that owner's clock, against the server's, that is off by most."""
    owner_host: str = ""
    """Whose clock that is, in its own words."""


def measure(survey: Survey, holdings: Mapping[Hashable, float]) -> Figures:
    """The figures of one look. `holdings` says for how long owners of exclusive locks were seen, by `Lock.owner`."""
    counted = [verdict for verdict in survey.verdicts if verdict.file.id not in survey.held]
    locks = [verdict for verdict in counted if verdict.state is not State.FOREIGN and verdict.age is not None]
    oldest = max(locks, key=lambda verdict: verdict.age or 0.0, default=None)
    held = [(_held_for(v, holdings), v) for v in exclusive_locks(survey)]
    longest = max(held, key=lambda one: one[0], default=None)
    hosts = (host for host in find_hosts(survey) if host.is_sure or abs(host.ahead) < AGREES)
    off = max(hosts, key=lambda host: abs(host.ahead), default=None)
    return Figures(
        survey,
        tuple(v for v in counted if v.state in STALE),
        tuple(v for v in counted if v.state in DAMAGED),
        oldest,
        oldest.age if oldest is not None else None,
        longest[1] if longest is not None else None,
        longest[0] if longest is not None else None,
        (survey.clocks.server - survey.clocks.local) / 1e9,
        off.ahead if off is not None else None,
        off.name if off is not None else "",
    )


def exclusive_locks(survey: Survey) -> list[Verdict]:
    """Those that keep everybody out, as far as anybody opened them."""
    return [verdict for verdict in survey.verdicts if verdict.file.lock is not None and verdict.file.lock.exclusive]


def count_locks(survey: Survey) -> dict[tuple[State, str], int]:
    """How many locks there are of each state and kind (`shared`, `exclusive`, `unknown`), none of those that could be.

    Where nobody opened the locks nothing is said of kinds.
    """
    opened = survey.config.id is not None
    counts = Counter((verdict.state, kind_of(verdict)) for verdict in survey.verdicts)
    could_be = ((state, kind) for state in State for kind in _kinds(state, opened))
    return {**dict.fromkeys(could_be, 0), **counts}


def kind_of(verdict: Verdict) -> str:
    """`shared`, `exclusive` or `unknown`."""
    lock = verdict.file.lock
    return "unknown" if lock is None else "exclusive" if lock.exclusive else "shared"


_WITHOUT_OWNER = frozenset({State.FOREIGN, State.UNREADABLE, State.WRITING, State.DAMAGED, State.UNDECODABLE})


def _kinds(state: State, opened: bool) -> Sequence[str]:
    if state is State.UNDECODABLE and not opened:
        return ()
    return ("unknown",) if state in _WITHOUT_OWNER or not opened else ("shared", "exclusive")


def _held_for(verdict: Verdict, holdings: Mapping[Hashable, float]) -> float:
    lock = verdict.file.lock
    return max(verdict.age or 0.0, holdings.get(lock.owner, 0.0) if lock is not None else 0.0)


@dataclass(frozen=True, slots=True)
class Removals:
    """What the journal tells of one repository, counted since it was begun."""

    removed: Mapping[str, int]
    """By state, those that can be pruned also where there were none."""
    restored: int
    returned: int
    """Owners that came back: they were alive."""
    last: float | None
    """When the last one was removed, in seconds since 1970; None where none was."""


def count_removals(records: Iterable[Record], address: str, config: str) -> Removals:
    """Counts the records of the repository with this address and this hash of its config."""
    ours = [r for r in records if (r.origin.config_sha256, r.origin.address) == (config, address)]
    gone = [record for record in ours if record.outcome is Outcome.REMOVED]
    known = {state.value for state in State}
    counts = Counter(record.removed.state for record in gone if record.removed.state in known)
    expected = dict.fromkeys(sorted(state.value for state in (*STALE, State.DAMAGED)), 0)
    return Removals(
        {**expected, **counts},
        sum(record.restored_at is not None for record in ours),
        sum(record.returned_as is not None for record in ours),
        max((parse_moment(record.at) / 1e9 for record in gone), default=None),
    )
