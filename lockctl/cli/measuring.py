"""Looks at a repository for a monitoring system: figures, and what the journal tells. Changes nothing on the share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockctl.cli.examining import read_journal

if TYPE_CHECKING:
    from lockctl.diagnosis.share.observed import JournalSeen
    from lockctl.monitoring.figures import Figures
    from lockctl.state.holdings import Holdings
    from lockctl.state.journal import Journal
    from lockctl.survey.session import Session


@dataclass(frozen=True, slots=True)
class Measured:
    """One look in figures, and the journal after it."""

    figures: Figures
    journal: JournalSeen


def measure_session(session: Session) -> Measured:
    """Looks once. The session's teller hears what became no figure. Raises as `Session.look`."""
    session.connect()
    # Imported while the key is being derived, which takes longer.
    from lockctl.monitoring.figures import exclusive_locks, measure

    survey = session.look()
    owners = [verdict.file.lock.owner for verdict in exclusive_locks(survey) if verdict.file.lock is not None]
    now = (survey.clocks.local, survey.clocks.server)
    held, problem = open_holdings(session.journal, session.address).note(survey.config.sha256, owners, now)
    if problem and owners:
        session.teller.warn(f"since when exclusive locks are held is not remembered: {problem}")
    return Measured(measure(survey, {owner: held.seconds(owner) for owner in owners}), read_journal(session.journal))


def open_holdings(journal: Journal, address: str) -> Holdings:
    """What is remembered of the repository with this address for monitoring, beside the journal."""
    from lockctl.state.holdings import Holdings

    return Holdings(journal.path.parent / "holdings", address)
