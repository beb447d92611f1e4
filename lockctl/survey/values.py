"""What one look showed, and what was made of it. Values alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lockctl.errors import UnknownLock
from lockctl.liveness.evidence import WORK, Clocks, State, Verdict, Witness
from lockctl.repository.config import RepositoryConfig
from lockctl.repository.lock import LockFile
from lockctl.settings.policy import Policy
from lockctl.state.memory import Moment
from lockctl.state.records import Origin, Record
from lockctl.transport.base import Entry

Findings = Mapping[str, Sequence[Witness]]
"""By a lock's id, what processes, a restart or a probe said of its owner."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that one look at a repository showed: facts, and no judgement."""

    address: str
    config: RepositoryConfig
    clocks: Clocks
    moment: Moment
    files: tuple[LockFile, ...]
    directory_changed: int
    """The last change of locks/, in nanoseconds since 1970 by the server's clock."""
    others: tuple[Entry, ...] = ()
    """What else the same server showed: directories and key files."""
    findings: Findings = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Return:
    """An owner whose lock was removed and that has come back: it was alive."""

    record: Record
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Survey:
    """A look that was judged."""

    address: str
    config: RepositoryConfig
    clocks: Clocks
    verdicts: tuple[Verdict, ...]
    policy: Policy = field(default_factory=Policy)
    forgetful: str = ""
    """Why what this machine saw in earlier runs does not count, '' where it does."""
    held: frozenset[str] = frozenset()
    """The ids of locks that were put back within a day."""
    directory_changed: int | None = None
    """As `Look` has it."""
    keeps_creation: bool = False
    """Whether the server is seen to keep creation times of its own."""
    name: str = ""
    """That the configuration gives the repository, '' where it gives none."""

    @property
    def key(self) -> str:
        """By which runs that remove there wait for each other: one repository can have several addresses."""
        return self.config.sha256

    @property
    def origin(self) -> Origin:
        """Where these locks are, as the journal tells it."""
        return Origin(self.address, self.config.id, self.config.sha256)

    @property
    def blocked(self) -> dict[str, list[str]]:
        """For each kind of work, the ids of the locks that keep it from starting."""
        blocked: dict[str, list[str]] = {work: [] for work in WORK}
        for verdict in self.verdicts:
            for work in verdict.blocks:
                blocked[work].append(verdict.file.id)
        return blocked

    @property
    def unread(self) -> list[Verdict]:
        """The locks that the server did not let us read."""
        return [verdict for verdict in self.verdicts if verdict.state is State.UNREADABLE]

    def pick(self, beginning: str) -> Verdict:
        """The one lock whose id starts so. Raises UnknownLock."""
        found = [verdict for verdict in self.verdicts if verdict.file.id.startswith(beginning)]
        if not found or not beginning:
            raise UnknownLock(f"no lock here has an id that starts with {beginning!r}", "See 'lockctl list'")
        if len(found) > 1:
            raise UnknownLock(f"{len(found)} locks have ids that start with {beginning!r}", "Give more of the id")
        return found[0]


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user chose of the locks; what is empty or None leaves all. `older` is in seconds."""

    hosts: tuple[str, ...] = ()
    ids: frozenset[str] | None = None
    states: frozenset[State] = frozenset()
    older: float | None = None

    def names(self, verdict: Verdict) -> bool:
        """Whether this lock was asked for, however old it is."""
        lock = verdict.file.lock
        hosted = not self.hosts or (lock is not None and lock.hostname in self.hosts)
        stated = not self.states or verdict.state in self.states
        return hosted and stated and (self.ids is None or verdict.file.id in self.ids)

    def covers(self, verdict: Verdict) -> bool:
        """Whether this lock was asked for, and is certainly old enough."""
        return self.names(verdict) and (self.older is None or (verdict.age or 0.0) > self.older)
