"""`lockctl advise`: when the hosts' work meets, and the schedule that keeps it apart."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.console import Console
from lockctl.cli.opening import make_console, open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, JsonOption, duration_option, with_common
from lockctl.errors import JournalError, LockctlError, UsageError

if TYPE_CHECKING:
    from lockctl.diagnosis.schedule.advice import Advice
    from lockctl.survey.session import Session

SINCE = "6w"


@with_common(*REPOSITORY, *OUTPUT)
def advise(
    common: Common,
    since: Annotated[
        float | None, duration_option("--since", help_text=f"How far back to look; {SINCE} if not given.")
    ] = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Write the chart to this file.")] = None,
    cron: Annotated[bool, typer.Option("--cron", help="Print the proposal as crontab lines.")] = False,
    systemd: Annotated[bool, typer.Option("--systemd", help="Print the proposal as systemd timers.")] = False,
    json: JsonOption = False,
) -> int:
    """Propose a schedule that keeps the backups apart."""
    if common.metadata_only:
        raise UsageError(
            "advise reads snapshots, which --metadata-only cannot open", "Give the repository's password instead"
        )
    if cron + systemd + json > 1:
        raise UsageError("--cron, --systemd and --json exclude each other", "Run it once for each")
    console = make_console(common)
    with open_session(common, console) as session:
        session.connect()
        advice = _find_advice(session, console, since)
    if svg is not None:
        _write_svg(advice, svg)
        console.note(f"the chart was written to {svg}")
    _print(advice, console, "cron" if cron else "systemd" if systemd else "json" if json else "text")
    return 0


def _find_advice(session: Session, console: Console, since: float | None) -> Advice:
    # Imported while the key is being derived, which takes longer.
    from lockctl.clock.duration import parse_duration
    from lockctl.diagnosis.schedule.advice import advise as find_advice

    survey = session.look()
    with console.progressing():
        found = session.find_snapshots(
            parse_duration(SINCE) if since is None else since,
            lambda done, of: console.progress(f"reading snapshots: {done:,} of {of:,}"),
        )
    try:
        records = session.journal.records()
    except JournalError:
        records = []  # the look has told it
    return find_advice(found, survey, records)


def _print(advice: Advice, console: Console, form: str) -> None:
    match form:
        case "json":
            from lockctl.render.advice_json import advice_object
            from lockctl.render.as_json import dump

            console.result(dump(advice_object(advice)))
        case "cron":
            from lockctl.render.proposal import crontab

            console.result(crontab(advice))
        case "systemd":
            from lockctl.render.proposal import timers

            console.result(timers(advice))
        case _:
            from lockctl.render.advising import advice_text
            from lockctl.render.chart import BLOCKS, NARROW, PLAIN, SHOWN

            columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else NARROW
            signs = BLOCKS if console.shows(SHOWN) else PLAIN
            console.result(advice_text(advice, signs, columns, console.colour))


def _write_svg(advice: Advice, path: Path) -> None:
    from lockctl.render.chart_svg import draw_svg

    try:
        path.write_text(draw_svg(advice), encoding="utf-8")
    except OSError as error:
        raise LockctlError(f"cannot write {path}: {error.strerror}", "Give another file to --svg") from error
