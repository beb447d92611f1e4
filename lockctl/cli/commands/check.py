"""`lockctl check`: one line for a monitoring system, in the form of Nagios plugins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.console import Console
from lockctl.cli.examining import Listener
from lockctl.cli.measuring import Measured, measure_session
from lockctl.cli.opening import open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, with_common
from lockctl.cli.pinging import PingOption, run_with_ping
from lockctl.cli.reading import find_stories
from lockctl.cli.signals import SIGNALS, LastWords
from lockctl.clock.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockctl.diagnosis.findings import Finding

SECONDS = 50.0
"""Limit of the whole run where none is given: Nagios and NRPE end a plugin after a minute, and then know nothing."""
_TOLD = ("owner-came-back", "journal-unusable", "journal-damaged", "journal-open")
"""What is told of the journal."""


@with_common(*REPOSITORY, *OUTPUT)
def check(
    common: Common,
    warning: Annotated[
        list[str] | None,
        typer.Option("-w", "--warning", metavar="LIMITS", help="Above which it warns, as in stale=0,oldest=2h."),
    ] = None,
    critical: Annotated[
        list[str] | None,
        typer.Option("-c", "--critical", metavar="LIMITS", help="Above which it is critical, as in damaged=0."),
    ] = None,
    log: Annotated[
        str | None,
        typer.Option("--log", metavar="FILE", help="Tell also what restic's output in this file tells; - is a pipe."),
    ] = None,
    ping: PingOption = None,
) -> int:
    """Tell a monitoring system how the locks are."""
    from lockctl.monitoring.limits import Level, find_limits

    limits = find_limits(warning or (), critical or ())
    common = replace(common, timeout=SECONDS if common.timeout is None else common.timeout)
    # Where it hangs in the kernel and has to be ended, that is one line too.
    late = f"{Level.UNKNOWN.heading} - {Deadline(common.timeout).error()}"
    SIGNALS.last_words = LastWords(1, late, Level.UNKNOWN.value)

    def run(console: Console) -> int:
        # Some monitoring systems read standard error too: what is to be told stands in the lines.
        listener = Listener(quiet=True)
        with open_session(common, listener, teller=listener) as session:
            measured = measure_session(session, listener)
        from lockctl.monitoring.thresholds import check as judge
        from lockctl.render.nagios import lines_of

        findings = [*_journal_findings(measured, listener), *(_log_findings(log, measured, listener) if log else ())]
        checked = judge(measured.figures, findings, limits)
        console.result(lines_of(checked, listener.warnings, verbose=common.verbose))
        return checked.level.value

    return run_with_ping(ping, Console(), common.timeout, run)


def _journal_findings(measured: Measured, listener: Listener) -> list[Finding]:
    from lockctl.diagnosis.share.observed import Observed
    from lockctl.diagnosis.share.traces import find_traces

    observed = Observed((measured.figures.survey,), journal=measured.journal, returns=tuple(listener.returns))
    return [finding for finding in find_traces(observed) if finding.code in _TOLD]


def _log_findings(path: str, measured: Measured, listener: Listener) -> Sequence[Finding]:
    from lockctl.diagnosis.logs.whereabouts import Known
    from lockctl.monitoring.thresholds import log_findings

    stories, _ = find_stories(listener, path, Known(measured.figures.survey, measured.journal.records))
    return log_findings(stories.told())
