"""`lockctl prune`: shows the plan, asks, looks again, removes."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.console import Console, has_terminal
from lockctl.cli.opening import make_console, open_session
from lockctl.cli.options import (
    OUTPUT,
    REPOSITORY,
    Common,
    DryRunOption,
    HostOption,
    JsonOption,
    OlderOption,
    YesOption,
    with_common,
)
from lockctl.cli.pinging import PingOption, run_with_ping
from lockctl.clock.duration import parse_duration
from lockctl.errors import LocksRemain, Unanswered

if TYPE_CHECKING:
    from lockctl.cli.telling import Telling
    from lockctl.liveness.evidence import Verdict
    from lockctl.removal.plan import Wish
    from lockctl.survey.session import Session
    from lockctl.survey.values import Survey


class Trusted(str, Enum):  # noqa: UP042 - typer shows the values of a str Enum as choices
    """A clock that the user vouches for."""

    OWNER = "owner"
    SERVER = "server"


WatchOption = Annotated[
    float | None,
    typer.Option(
        parser=parse_duration,
        metavar="[DURATION]",
        help="Stay until doubt is settled, 31 minutes at most if not told otherwise.",
    ),
]


@with_common(*REPOSITORY, *OUTPUT)
def prune(
    common: Common,
    older: OlderOption = None,
    host: HostOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    trust_clock: Annotated[
        Trusted | None,
        typer.Option(help="Take this one clock for right, where the other is known to be wrong."),
    ] = None,
    watch: WatchOption = None,
    fail_if_locked: Annotated[
        bool, typer.Option("--fail-if-locked", help="Exit with 11 where a lock that blocks restic remains.")
    ] = False,
    ping: PingOption = None,
    json: JsonOption = False,
) -> int:
    """Remove stale locks, after asking, so that it can be undone."""

    def run(console: Console) -> int:
        if watch is not None and not yes and not dry_run and not has_terminal():
            raise Unanswered("nobody is there to answer in the end: this is no terminal", "Add --yes to --watch")
        with open_session(common, console, trust_clock.value if trust_clock is not None else None) as session:
            # Imported while the key is being derived, which takes longer.
            from lockctl.cli.telling import Telling
            from lockctl.removal.plan import Wish
            from lockctl.survey.values import Selection

            wish = Wish(Selection(tuple(host or ()), older=older), yes)
            if watch is not None:
                _stay(session, console, wish, watch)
            status, left = _prune(session, wish, Telling(console, "lockctl.prune/1", json), dry_run)
        return _tell_left(console, left) if status == 0 and fail_if_locked and left else status

    return run_with_ping(ping, make_console(common), common.timeout, run)


def _tell_left(console: Console, left: list[Verdict]) -> int:
    """The exit status where locks stay that block restic, and that is an error."""
    error = LocksRemain(f"{len(left)} of the locks that block restic remain", "See 'lockctl list'")
    console.fail(str(error))
    return error.status


def _prune(session: Session, wish: Wish, telling: Telling, dry_run: bool) -> tuple[int, list[Verdict]]:
    """The exit status, and the locks that go on blocking restic, or would."""
    from lockctl.removal.report import blocking
    from lockctl.removal.run import carry_out, prepare

    plan = prepare(session, wish, dry_run=dry_run)
    if dry_run:
        telling.plan(plan)
        return (3 if plan.survey.unread else 0), blocking(plan.survey, {verdict.file.id for verdict in plan.steps})
    if plan.steps and not wish.unattended:
        telling.ask(plan)
    report = carry_out(session, plan, telling)
    return telling.exit_status(report), report.blocking


def _stay(session: Session, console: Console, wish: Wish, seconds: float) -> None:
    """Watches until each lock is settled about which there is doubt. The plan is made anew after that."""
    from lockctl.cli.following import settle
    from lockctl.removal.plan import is_unsettled

    def unsettled(survey: Survey) -> list[Verdict]:
        return [verdict for verdict in survey.verdicts if is_unsettled(verdict, survey, wish)]

    settle(session, console, unsettled, seconds)
