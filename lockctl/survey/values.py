"""What one look showed, and what was made of it. Values alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lockctl.liveness.evidence import Clocks, State, Verdict, Witness
from lockctl.repository.config import Config
from lockctl.repository.lock import LockFile
from lockctl.settings.policy import Thresholds
from lockctl.state.memory import Moment
from lockctl.transport.base import Entry

WORK = ("backup", "prune", "check", "forget")
"""What restic's users start, and locks can keep from starting."""

Findings = Mapping[str, Sequence[Witness]]
"""By a lock's id, what processes, a restart or a probe said of its owner."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that one look at a repository showed: facts, and no judgement."""

    address: str
    config: Config
    clocks: Clocks
    moment: Moment
    files: tuple[LockFile, ...]
    directory_changed: int
    """The last change of locks/, in nanoseconds since 1970 by the server's clock."""
    others: tuple[Entry, ...] = ()
    """What else the same server showed: directories and key files."""
    findings: Findings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Policy:
    """How to judge: thresholds, and the one clock that a user vouches for (`owner` or `server`)."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    trust_clock: str | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """A look that was judged."""

    address: str
    config: Config
    clocks: Clocks
    verdicts: tuple[Verdict, ...]
    policy: Policy = field(default_factory=Policy)
    forgetful: str = ""
    """Why what this machine saw in earlier runs does not count, '' where it does."""

    @property
    def blocked(self) -> dict[str, list[str]]:
        """For each kind of work, the ids of the locks that keep it from starting."""
        return {work: [v.file.id for v in self.verdicts if work in v.blocks] for work in WORK}

    @property
    def unread(self) -> list[Verdict]:
        """The locks that the server did not let us read."""
        return [verdict for verdict in self.verdicts if verdict.state is State.UNREADABLE]
