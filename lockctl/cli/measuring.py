"""Looks at a repository for a monitoring system: figures, and what the journal tells. Changes nothing on the share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockctl.cli.examining import Listener, read_journal

if TYPE_CHECKING:
    from lockctl.diagnosis.share.observed import JournalSeen
    from lockctl.monitoring.figures import Figures
    from lockctl.state.holdings import Holdings
    from lockctl.survey.session import Session


@dataclass(frozen=True, slots=True)
class Measured:
    """One look in figures, and the journal after it."""

    figures: Figures
    journal: JournalSeen


def measure_session(session: Session, listener: Listener) -> Measured:
    """Looks once. `listener` hears what became no figure. Raises as `Session.look`."""
    session.connect()
    # Imported while the key is being derived, which takes longer.
    from lockctl.monitoring.figures import exclusive_locks, measure

    survey = session.look()
    owners = [verdict.file.lock.owner for verdict in exclusive_locks(survey) if verdict.file.lock is not None]
    now = (survey.clocks.local, survey.clocks.server)
    held, problem = open_holdings(session).note(survey.config.sha256, owners, now)
    if problem and owners:
        listener.warn(f"since when exclusive locks are held is not remembered: {problem}")
    return Measured(measure(survey, {owner: held.seconds(owner) for owner in owners}), read_journal(session))


def open_holdings(session: Session) -> Holdings:
    """What is remembered of this session's repository for monitoring."""
    from lockctl.state.holdings import Holdings

    return Holdings(session.journal.path.parent / "holdings", session.address)
