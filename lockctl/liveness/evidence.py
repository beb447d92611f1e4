"""The values of the judgement: what witnesses said, and what follows. Pure, and no rule in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from lockctl.repository.lock import LockFile, Problem, is_lock_name
from lockctl.settings.policy import Thresholds
from lockctl.state.memory import Seen


class State(Enum):
    """The states of a lock, in the order in which they are tried."""

    FOREIGN = "foreign"
    UNREADABLE = "unreadable"
    WRITING = "writing"
    DAMAGED = "damaged"
    UNDECODABLE = "undecodable"
    SUPERSEDED = "superseded"
    ACTIVE = "active"
    DEAD = "dead"
    STALE = "stale"
    OVERDUE = "overdue"
    DOUBTFUL = "doubtful"


WORK = ("backup", "prune", "check", "forget")
"""What restic's users start, and locks can keep from starting."""
_BESIDE_SHARED = WORK[1:]
"""What a shared lock keeps from starting: a backup locks as shared itself."""
REMOVABLE = frozenset({State.DEAD, State.SUPERSEDED, State.STALE, State.DAMAGED})


@dataclass(frozen=True, slots=True)
class Witness:
    """One witness and what it said: `renewed` some seconds ago, `alive`, `gone`, or None for nothing.

    Where it says nothing, its `age` is a claim that does not count.
    """

    name: str
    says: str | None
    text: str
    age: float | None = None
    ahead: float | None = None
    """Seconds by which a clock is ahead of the server's."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a state was given: a stable code, and words."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Clocks:
    """The moment of a survey in nanoseconds since 1970: by our wall clock, and by the server's."""

    local: int
    server: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a judgement may use, apart from the lock file itself."""

    clocks: Clocks
    directory_changed: int
    trust_clock: str | None = None
    """`owner` or `server`: the user's word that this one clock is right."""
    thresholds: Thresholds = field(default_factory=Thresholds)
    seen: Mapping[str, Seen] = field(default_factory=dict)
    """By id, what this machine itself has seen of that very file."""
    keeps_creation: bool = False
    """Whether the server is seen to keep creation times of its own: see `creation.keeps_creation`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A lock file, its state and all that it rests on. Ages are seconds, None where nobody knows."""

    file: LockFile
    state: State
    age: float | None
    """The certain age."""
    claimed_age: float | None
    """What the owner's clock says."""
    reasons: tuple[Reason, ...]
    witnesses: tuple[Witness, ...]
    seen: float = 0.0
    """For how long this machine itself has certainly seen this very file."""
    wait: float | None = None
    """Seconds until that is enough for an unattended run, 0 where it is; None where waiting decides nothing."""

    @property
    def why(self) -> str:
        """The reasons in one line."""
        return "; ".join(reason.text for reason in self.reasons)

    @property
    def waits_for_sight(self) -> bool:
        """Whether nothing but our own sight will settle it: no clock of others says when."""
        if self.file.problem is Problem.TEMPORARY:
            return False
        silent = not any(witness.says == "renewed" for witness in self.witnesses)
        return self.state is State.DOUBTFUL or (self.state is State.WRITING and silent)

    @property
    def removable(self) -> bool:
        """The state's answer, before anything that a user asked for."""
        return self.state in REMOVABLE

    @property
    def blocks(self) -> tuple[str, ...]:
        """The kinds of restic's work that this lock keeps from starting."""
        lock = self.file.lock
        if lock is not None:  # and so a file with a lock's name
            return WORK if lock.exclusive else _BESIDE_SHARED
        return WORK if is_lock_name(self.file.id) and not self.file.entry.is_directory else ()
