"""`lockctl prune`: shows the plan, asks, looks again, removes."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.choosing import is_for_several
from lockctl.cli.console import Console, has_terminal
from lockctl.cli.news import NotifyOption, run_with_news
from lockctl.cli.opening import make_console, open_session
from lockctl.cli.options import (
    OUTPUT,
    REPOSITORY,
    SEVERAL,
    Common,
    DryRunOption,
    HostOption,
    JsonOption,
    OlderOption,
    YesOption,
    with_common,
)
from lockctl.cli.pacing import JitterOption, SkipOption, one_at_a_time, wait_at_random
from lockctl.cli.pinging import PingOption, run_with_ping
from lockctl.cli.signals import SIGNALS
from lockctl.clock.duration import parse_duration
from lockctl.errors import Interrupted, LockctlError, LocksRemain, Unanswered, UsageError

if TYPE_CHECKING:
    from lockctl.liveness.evidence import Verdict
    from lockctl.removal.plan import Wish
    from lockctl.survey.session import Session
    from lockctl.survey.values import Survey


class Trusted(str, Enum):  # noqa: UP042 - typer shows the values of a str Enum as choices
    """A clock that the user vouches for."""

    OWNER = "owner"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be done with a repository."""

    hosts: tuple[str, ...]
    older: float | None
    yes: bool
    dry_run: bool
    fail_if_locked: bool
    json: bool
    trust_clock: Trusted | None
    watch: float | None

    @property
    def trusted(self) -> str | None:
        """The clock that the user vouches for."""
        return self.trust_clock.value if self.trust_clock is not None else None

    def refuse_what_cannot_be(self, common: Common) -> None:
        """Raises UsageError for options that exclude each other, Unanswered where a question would stand for nobody."""
        if self.watch is None:
            return
        if is_for_several(common):
            raise UsageError("--watch stays at one repository", "Give -r once; cron removes from its second run on")
        if not self.yes and not self.dry_run and not has_terminal():
            raise Unanswered("nobody is there to answer in the end: this is no terminal", "Add --yes to --watch")

    def wish(self) -> Wish:
        """Which locks are to go."""
        from lockctl.removal.plan import Wish
        from lockctl.survey.values import Selection

        return Wish(Selection(self.hosts, older=self.older), self.yes)


WatchOption = Annotated[
    float | None,
    typer.Option(
        parser=parse_duration,
        metavar="[DURATION]",
        help="Stay until doubt is settled, 31 minutes at most if not told otherwise.",
    ),
]


@with_common(*REPOSITORY, *SEVERAL, *OUTPUT)
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
    jitter: JitterOption = None,
    skip_if_running: SkipOption = False,
    ping: PingOption = None,
    notify: NotifyOption = None,
    json: JsonOption = False,
) -> int:
    """Remove stale locks, after asking, so that it can be undone."""
    order = _Order(tuple(host or ()), older, yes, dry_run, fail_if_locked, json, trust_clock, watch)
    order.refuse_what_cannot_be(common)
    console = make_console(common)
    if jitter is not None:
        wait_at_random(jitter)
    with one_at_a_time(common, console) if skip_if_running else nullcontext(True) as is_alone:
        if not is_alone:
            return 0
        prune_them = _prune_several if is_for_several(common) else _prune_one
        return run_with_ping(
            ping,
            console,
            common.timeout,
            lambda speaking: run_with_news(
                notify, speaking, common.timeout, lambda heard: prune_them(common, heard, order)
            ),
        )


def _prune_one(common: Common, console: Console, order: _Order) -> int:
    with open_session(common, console, order.trusted) as session:
        if order.watch is not None:
            _stay(session, console, order.wish(), order.watch)
        return _prune(session, console, order)


def _prune_several(common: Common, console: Console, order: _Order) -> int:
    """Prunes one repository after the other, while the next ones are being opened; what fails is told and passed by."""
    from lockctl.cli.several import Several, common_status, speak_for

    statuses: list[int] = []
    several = Several(common, console, speak_for(console, headed=not order.json), order.trusted)
    for seen, _ in several.visit(lambda session: session.look()):
        if seen.session is None:
            statuses.append(seen.fail(json=order.json))
            continue
        try:
            statuses.append(_prune(seen.session, seen.console, order))
        except LockctlError as error:
            if isinstance(error, Interrupted | Unanswered):
                raise
            statuses.append(replace(seen, error=error).fail(json=order.json))
        if SIGNALS.received:
            raise Interrupted(SIGNALS.received)
    return common_status(statuses)


def _tell_left(console: Console, left: list[Verdict]) -> int:
    """The exit status where locks stay that block restic, and that is an error."""
    error = LocksRemain(f"{len(left)} of the locks that block restic remain", "See 'lockctl list'")
    console.fail(str(error))
    return error.status


def _prune(session: Session, console: Console, order: _Order) -> int:
    """The exit status."""
    # Imported while the key is being derived, which takes longer.
    from lockctl.cli.telling import Telling
    from lockctl.removal.report import blocking
    from lockctl.removal.run import carry_out, prepare

    telling = Telling(console, "lockctl.prune/1", order.json)
    plan = prepare(session, order.wish(), dry_run=order.dry_run)
    if order.dry_run:
        telling.plan(plan)
        status = 3 if plan.survey.unread else 0
        left = blocking(plan.survey, {verdict.file.id for verdict in plan.steps})
    else:
        if plan.steps and not order.yes:
            telling.ask(plan)
        report = carry_out(session, plan, telling)
        status, left = telling.exit_status(report), report.blocking
    return _tell_left(console, left) if status == 0 and order.fail_if_locked and left else status


def _stay(session: Session, console: Console, wish: Wish, seconds: float) -> None:
    """Watches until each lock is settled about which there is doubt. The plan is made anew after that."""
    from lockctl.cli.following import settle
    from lockctl.removal.plan import is_unsettled

    def unsettled(survey: Survey) -> list[Verdict]:
        return [verdict for verdict in survey.verdicts if is_unsettled(verdict, survey, wish)]

    settle(session, console, unsettled, seconds)
