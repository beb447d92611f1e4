"""What a run of removals has come to. Values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lockctl.errors import Interrupted, LockctlError
from lockctl.liveness.evidence import Verdict
from lockctl.removal.plan import Kept, Plan
from lockctl.state.records import Outcome
from lockctl.survey.values import Survey

NAMED = 5
"""Locks that are named one by one where the same is to be said of each; of more, so many are named together."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one step. `failed`: it could not be done, or nobody knows; `text` says why."""

    verdict: Verdict
    outcome: Outcome
    text: str = ""
    failed: bool = False
    lost: bool = False
    """The reply did not come: the intent stays open."""


@dataclass(slots=True)
class Report:
    """What became of a plan. It grows as that is carried out; `stopped` is what ended it before its last lock."""

    plan: Plan
    """As it was narrowed by the second look."""
    results: list[Result] = field(default_factory=list)
    stopped: LockctlError | None = None

    @property
    def survey(self) -> Survey:
        """The last look before anything was removed."""
        return self.plan.survey

    @property
    def kept(self) -> list[Kept]:
        """What stays: as planned, or for what its own handle showed, or because its turn did not come."""
        done = {result.verdict.file.id for result in self.results}
        why = "not tried: the run was ended before its turn"
        spared = [Kept(result.verdict, result.text) for result in self.of(Outcome.KEPT)]
        return [*self.plan.kept, *spared, *(Kept(v, why) for v in self.plan.steps if v.file.id not in done)]

    def of(self, *outcomes: Outcome) -> list[Result]:
        """The results with one of these outcomes that did not fail."""
        return [result for result in self.results if result.outcome in outcomes and not result.failed]

    @property
    def lost(self) -> bool:
        """Whether the connection was lost while a lock was being removed."""
        return any(result.lost for result in self.results)

    @property
    def failed(self) -> list[Result]:
        """What could not be done, or nobody knows of."""
        return [result for result in self.results if result.failed]

    @property
    def forgetful(self) -> str:
        """Why locks wait that an earlier run may have seen for long enough, '' where none do for that reason."""
        return self.survey.forgetful if any(kept.until is not None for kept in self.kept) else ""

    @property
    def blocking(self) -> list[Verdict]:
        """The locks that keep restic from something and remain."""
        gone = {r.verdict.file.id for r in self.results if r.outcome in (Outcome.REMOVED, Outcome.GONE)}
        return blocking(self.survey, gone)

    @property
    def status(self) -> int:
        """The exit status of what was done."""
        if isinstance(self.stopped, Interrupted):
            return self.stopped.status
        if self.stopped is not None:
            return 3 if any(result.outcome is not Outcome.GONE for result in self.results) else self.stopped.status
        return 3 if self.failed or self.survey.unread or self.forgetful else 0


def gather(told: Iterable[tuple[str, str]]) -> list[tuple[list[str], str]]:
    """Whom something is said of, and what: one by one, and of many the same at once, with a few of their names."""
    groups: dict[str, list[str]] = {}
    for who, what in told:
        groups.setdefault(what, []).append(who)
    lines: list[tuple[list[str], str]] = []
    for what, names in groups.items():
        if len(names) > NAMED:
            lines.append(([*names[:NAMED], f"{len(names) - NAMED} more"], what))
        else:
            lines += [([name], what) for name in names]
    return lines


def blocking(survey: Survey, gone: set[str]) -> list[Verdict]:
    """The locks that keep restic from something, without those with these ids."""
    return [verdict for verdict in survey.verdicts if verdict.blocks and verdict.file.id not in gone]
