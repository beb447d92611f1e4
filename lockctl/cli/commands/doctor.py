"""`lockctl doctor`: what is wrong with locking here, what it means, and what to do."""

from __future__ import annotations

import shutil
import sys
from typing import Annotated

import typer

from lockctl.cli.examining import Listener, examine
from lockctl.cli.opening import make_console, open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, JsonOption, with_common
from lockctl.cli.reading import read_log

_WIDEST = 100
_USUAL = 80


@with_common(*REPOSITORY, *OUTPUT)
def doctor(
    common: Common,
    log: Annotated[
        str | None,
        typer.Option("--log", metavar="FILE", help="Read restic's output instead, and tell its story; - is a pipe."),
    ] = None,
    json: JsonOption = False,
) -> int:
    """Tell what is wrong with locking, and what to do."""
    console = make_console(common)
    if log is not None:
        return read_log(common, console, log, _width(), json=json)
    listener = Listener(quiet=console.quiet, verbose=console.verbose, colour=console.colour)
    with open_session(common, console, teller=listener) as session:
        observed = examine(session, listener)
    from lockctl.diagnosis.findings import Weight, exit_status
    from lockctl.diagnosis.share.doctor import diagnose
    from lockctl.render.findings import findings_summary, findings_text

    findings = diagnose(observed)
    if json:
        from lockctl.render.as_json import dump
        from lockctl.render.findings_json import doctor_object

        console.result(dump(doctor_object(findings, observed)))
        return exit_status(findings)
    told = [finding for finding in findings if finding.weight is Weight.ACT] if console.quiet else findings
    width = _width()
    if told:
        console.result(findings_text(told, width, console.colour))
    if not console.quiet:
        console.result(("\n" if told else "") + findings_summary(findings, observed, width))
    return exit_status(findings)


def _width() -> int:
    """Columns to wrap to."""
    return min(_WIDEST, shutil.get_terminal_size().columns) if sys.stdout.isatty() else _USUAL
