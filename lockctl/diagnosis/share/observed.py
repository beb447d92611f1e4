"""What `doctor` goes by: looks at one repository, and what else was seen on the way. Values alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lockctl.diagnosis.findings import Certainty
from lockctl.liveness.evidence import Verdict
from lockctl.state.records import Record
from lockctl.survey.values import Return, Survey
from lockctl.transport.base import Protection


def how_sure(verdicts: Iterable[Verdict]) -> Certainty:
    """Of locks that can go certain is what this machine itself has seen for long enough, by a clock of its own."""
    return Certainty.LIKELY if any(verdict.wait for verdict in verdicts) else Certainty.CERTAIN


@dataclass(frozen=True, slots=True)
class JournalSeen:
    """The journal of this machine."""

    records: tuple[Record, ...] = ()
    damaged: tuple[str, ...] = ()
    """Which of its lines cannot be understood, a sentence each."""
    distrusted: tuple[str, ...] = ()
    """Who else could alter it, a sentence each."""
    error: str = ""
    """Why it could not be read or written at all, '' where it could."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One or several looks, oldest first, and what the transport and the journal told."""

    looks: tuple[Survey, ...]
    watched: float = 0.0
    """Seconds from the first look to the last."""
    journal: JournalSeen = field(default_factory=JournalSeen)
    returns: tuple[Return, ...] = ()
    """Owners that came back, as these looks showed them."""
    may_delete: bool | None = None
    """Whether this user may remove what others left in locks/; None where nobody told."""
    protection: Protection | None = None
    """None where no network is used."""
    tells_changes: bool | None = None
    """Whether the server tells of changes by itself; None where that was not asked for."""

    @property
    def prune(self) -> str:
        """How what can go is removed, in a sentence."""
        if self.may_delete is False:
            return "Run 'lockctl prune' as a user who may delete in locks/: this one may not."
        return "Run 'lockctl prune': it shows what it would remove, asks, and removes that alone."

    @property
    def first(self) -> Survey:
        """The first look."""
        return self.looks[0]

    @property
    def last(self) -> Survey:
        """The last look: how it is now."""
        return self.looks[-1]
