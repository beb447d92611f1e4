"""`lockctl check`: one line for a monitoring system, in the form of Nagios plugins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.choosing import is_for_several
from lockctl.cli.console import Console
from lockctl.cli.examining import Listener
from lockctl.cli.measuring import Measured, measure_session
from lockctl.cli.opening import open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, SEVERAL, Common, with_common
from lockctl.cli.pinging import PingOption, run_with_ping
from lockctl.cli.reading import find_stories
from lockctl.cli.signals import SIGNALS, LastWords
from lockctl.clock.deadline import Deadline
from lockctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockctl.diagnosis.findings import Finding
    from lockctl.monitoring.limits import Level, Limits
    from lockctl.monitoring.thresholds import Checked
    from lockctl.settings.repositories import RepositorySettings

SECONDS = 50.0
"""Limit of the whole run where none is given: Nagios and NRPE end a plugin after a minute, and then know nothing."""
_TOLD = ("owner-came-back", "journal-unusable", "journal-damaged", "journal-open")
"""What is told of the journal."""


@with_common(*REPOSITORY, *SEVERAL, *OUTPUT)
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

    if log and is_for_several(common):
        raise UsageError("--log belongs to one repository", "Give -r once")

    def run(console: Console) -> int:
        check_them = _check_several if is_for_several(common) else _check_one
        level, text = check_them(common, limits, log)
        console.result(text)
        return level.value

    return run_with_ping(ping, Console(), common.timeout, run)


def _check_one(common: Common, limits: tuple[Limits, Limits], log: str | None) -> tuple[Level, str]:
    # Some monitoring systems read standard error too: what is to be told stands in the lines.
    listener = Listener(quiet=True)
    with open_session(common, listener, teller=listener) as session:
        measured = measure_session(session)
    from lockctl.render.nagios import lines_of

    checked = _judge(measured, listener, limits, _log_findings(log, measured, listener) if log else ())
    return checked.level, lines_of(checked, listener.warnings, verbose=common.verbose)


def _check_several(common: Common, limits: tuple[Limits, Limits], _log: str | None) -> tuple[Level, str]:
    from lockctl.cli.several import Several
    from lockctl.render.nagios_several import Told, several_lines, worst_of

    listeners: list[Listener] = []

    def listen(_settings: RepositorySettings) -> Listener:
        listeners.append(Listener(quiet=True))
        return listeners[-1]

    told: list[tuple[int, Told]] = []
    general = Listener(quiet=True)
    for seen, measured in Several(common, general, listen).visit(measure_session):
        listener = listeners[seen.number]
        outcome = seen.failure if measured is None else _judge(measured, listener, limits)
        told.append((seen.number, Told(seen.shown, outcome, listener.warnings)))
    told.sort(key=lambda one: one[0])
    all_told = [one for _, one in told]
    return worst_of(all_told), several_lines(all_told, general.warnings, verbose=common.verbose)


def _judge(
    measured: Measured, listener: Listener, limits: tuple[Limits, Limits], findings: Sequence[Finding] = ()
) -> Checked:
    from lockctl.monitoring.thresholds import check as judge

    return judge(measured.figures, [*_journal_findings(measured, listener), *findings], limits)


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
