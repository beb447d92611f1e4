"""`lockctl metrics`: the figures of a repository as Prometheus reads them."""

from __future__ import annotations

import sys
import time
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.examining import Listener, read_journal
from lockctl.cli.measuring import measure_session, open_holdings
from lockctl.cli.opening import make_console, open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, with_common
from lockctl.cli.textfile import write_textfile
from lockctl.errors import LockctlError

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.diagnosis.share.observed import JournalSeen
    from lockctl.monitoring.figures import Removals
    from lockctl.render.prometheus import Scrape
    from lockctl.survey.session import Session

INTERRUPTED = 128
"""The least status of a run that a signal ended: it says nothing of the repository."""


@with_common(*REPOSITORY, *OUTPUT)
def metrics(
    common: Common,
    textfile: Annotated[
        Path | None,
        typer.Option("--textfile", metavar="PATH", help="Write them to this file, in one step."),
    ] = None,
) -> int:
    """Print the figures that Prometheus collects."""
    console = make_console(common)
    listener = Listener(quiet=console.quiet, verbose=console.verbose, colour=console.colour)
    with open_session(common, console, teller=listener) as session:
        scrape, error = _scrape(session, listener)
    for one in listener.returns:
        console.returned(one)
    for text in listener.warnings:
        console.warn(text)
    from lockctl.render.prometheus import metrics_text

    _publish(metrics_text([scrape]), textfile, console)
    if error is not None:
        raise error
    return 3 if scrape.figures is not None and scrape.figures.survey.unread else 0


def _publish(text: str, textfile: Path | None, console: Console) -> None:
    if textfile is not None:
        write_textfile(textfile, text)
        return
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # as the format has it, whatever this terminal's is
    console.result(text.removesuffix("\n"))


def _scrape(session: Session, listener: Listener) -> tuple[Scrape, LockctlError | None]:
    """What was found out; where the locks could not be read, that, and why."""
    error = None
    try:
        measured = measure_session(session, listener)
        figures, journal = measured.figures, measured.journal
    except LockctlError as failure:
        if failure.status >= INTERRUPTED:
            raise
        error, figures, journal = failure, None, read_journal(session)
    from lockctl.render.prometheus import Scrape

    held = open_holdings(session).read()
    now = time.time()
    success = now if figures is not None else held.looked[0] / 1e9 if held.looked is not None else None
    config = figures.survey.config.sha256 if figures is not None else held.config
    removals = _removals(journal, session.address, config)
    sound = not (journal.error or journal.damaged or journal.distrusted)
    return Scrape(session.address, now, figures, removals, sound, success), error


def _removals(journal: JournalSeen, address: str, config: str) -> Removals | None:
    from lockctl.monitoring.figures import count_removals

    return None if journal.error or not config else count_removals(journal.records, address, config)
