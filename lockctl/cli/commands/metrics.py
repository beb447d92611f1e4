"""`lockctl metrics`: the figures of a repository as Prometheus reads them."""

from __future__ import annotations

import sys
import time
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.choosing import is_for_several
from lockctl.cli.examining import Listener, read_journal
from lockctl.cli.measuring import Measured, measure_session, open_holdings
from lockctl.cli.opening import make_console, open_journal, open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, SEVERAL, Common, with_common
from lockctl.cli.textfile import write_textfile
from lockctl.errors import LockctlError

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.diagnosis.share.observed import JournalSeen
    from lockctl.monitoring.figures import Removals
    from lockctl.render.prometheus import Scrape
    from lockctl.state.journal import Journal

INTERRUPTED = 128
"""The least status of a run that a signal ended: it says nothing of the repository."""


@with_common(*REPOSITORY, *SEVERAL, *OUTPUT)
def metrics(
    common: Common,
    textfile: Annotated[
        Path | None,
        typer.Option("--textfile", metavar="PATH", help="Write them to this file, in one step."),
    ] = None,
) -> int:
    """Print the figures that Prometheus collects."""
    console = make_console(common)
    if is_for_several(common):
        return _collect_several(common, console, textfile)
    listener = Listener(quiet=console.quiet, verbose=console.verbose, colour=console.colour)
    outcome: Measured | LockctlError
    with open_session(common, console, teller=listener) as session:
        try:
            outcome = measure_session(session)
        except LockctlError as error:
            if error.status >= INTERRUPTED:
                raise
            outcome = error
    for one in listener.returns:
        console.returned(one)
    for text in listener.warnings:
        console.warn(text)
    from lockctl.render.prometheus import metrics_text

    _publish(metrics_text([_scrape(session.name, session.address, session.journal, outcome)]), textfile, console)
    if isinstance(outcome, LockctlError):
        raise outcome
    return _status(outcome)


def _collect_several(common: Common, console: Console, textfile: Path | None) -> int:
    from lockctl.cli.several import Several, common_status
    from lockctl.render.prometheus import metrics_text

    journal = open_journal(common)
    found: list[tuple[int, Scrape]] = []
    statuses: list[int] = []
    for seen, measured in Several(common, console).visit(measure_session):
        found.append((seen.number, _scrape(seen.name, seen.address, journal, measured or seen.failure)))
        statuses.append(_status(measured) if measured is not None else seen.fail(json=False))
    found.sort(key=lambda one: one[0])
    _publish(metrics_text(scrape for _, scrape in found), textfile, console)
    return common_status(statuses)


def _status(measured: Measured) -> int:
    return 3 if measured.figures.survey.unread else 0


def _publish(text: str, textfile: Path | None, console: Console) -> None:
    if textfile is not None:
        write_textfile(textfile, text)
        return
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # as the format has it, whatever this terminal's is
    console.result(text.removesuffix("\n"))


def _scrape(name: str, address: str, journal: Journal, outcome: Measured | LockctlError) -> Scrape:
    """What was found out; where the locks could not be read, what is known all the same."""
    from lockctl.render.prometheus import Scrape

    if isinstance(outcome, LockctlError):
        figures, seen = None, read_journal(journal)
    else:
        figures, seen = outcome.figures, outcome.journal
    held = open_holdings(journal, address).read()
    now = time.time()
    success = now if figures is not None else held.looked[0] / 1e9 if held.looked is not None else None
    config = figures.survey.config.sha256 if figures is not None else held.config
    removals = _removals(seen, address, config)
    sound = not (seen.error or seen.damaged or seen.distrusted)
    return Scrape(name or address, now, figures, removals, sound, success)


def _removals(journal: JournalSeen, address: str, config: str) -> Removals | None:
    from lockctl.monitoring.figures import count_removals

    return None if journal.error or not config else count_removals(journal.records, address, config)
