"""What a run of removals has come to. Values."""

from __future__ import annotations

from dataclasses import dataclass, field

from lockctl.errors import Interrupted, LockctlError
from lockctl.liveness.evidence import Verdict
from lockctl.removal.plan import Kept
from lockctl.state.records import Outcome, Record
from lockctl.survey.values import Survey


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one step. `failed` is the error where it could not be done or nobody knows."""

    verdict: Verdict
    outcome: Outcome
    text: str = ""
    failed: bool = False
    lost: bool = False
    """The reply did not come: the intent stays open."""


@dataclass(slots=True)
class Run:
    """What a prune has come to. `stopped` is what ended it before its last lock."""

    survey: Survey
    kept: list[Kept]
    results: list[Result] = field(default_factory=list)
    stopped: LockctlError | None = None
    closed: list[Record] = field(default_factory=list)
    """What an earlier run had left open."""
    planned: tuple[Verdict, ...] | None = None
    """What a dry run would remove, None for a run that is none."""

    def of(self, *outcomes: Outcome) -> list[Result]:
        """The results with one of these outcomes that did not fail."""
        return [result for result in self.results if result.outcome in outcomes and not result.failed]

    @property
    def lost(self) -> bool:
        """Whether the connection was lost while a lock was being removed."""
        return any(result.lost for result in self.results)

    @property
    def blocking(self) -> list[Verdict]:
        """The locks that keep restic from something and remain, or would after a dry run's plan."""
        gone = {result.verdict.file.id for result in self.of(Outcome.REMOVED, Outcome.GONE)}
        gone |= {verdict.file.id for verdict in self.planned or ()}
        return [verdict for verdict in self.survey.verdicts if verdict.blocks and verdict.file.id not in gone]

    @property
    def failed(self) -> list[Result]:
        """What could not be done, or nobody knows of."""
        return [result for result in self.results if result.failed]

    @property
    def forgetful(self) -> str:
        """Why locks wait that an earlier run may have seen for long enough, '' where none do for that reason."""
        waits = self.planned is None and any(kept.until is not None for kept in self.kept)
        return self.survey.forgetful if waits else ""

    @property
    def status(self) -> int:
        """The exit status of what was done."""
        if isinstance(self.stopped, Interrupted):
            return self.stopped.status
        if self.stopped is not None:
            return 3 if any(result.outcome is not Outcome.GONE for result in self.results) else self.stopped.status
        return 3 if self.failed or self.survey.unread or self.forgetful else 0
