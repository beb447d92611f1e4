"""`lockctl prune`: shows the plan, asks, looks again, removes."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from lockctl.cli.console import has_terminal
from lockctl.cli.opening import make_console
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
from lockctl.cli.removing import Removing, ask_for_all, exit_status, remove_locks
from lockctl.clock.duration import parse_duration
from lockctl.errors import LocksRemain, Unanswered
from lockctl.removal.plan import Wish


class Trusted(str, Enum):  # noqa: UP042 - typer shows the values of a str Enum as choices
    """A clock that the user vouches for."""

    OWNER = "owner"
    SERVER = "server"


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
    watch: Annotated[
        float | None,
        typer.Option(
            parser=parse_duration,
            metavar="[DURATION]",
            help="Stay until doubt is settled, 31 minutes at most if not told otherwise.",
        ),
    ] = None,
    fail_if_locked: Annotated[
        bool, typer.Option("--fail-if-locked", help="Exit with 11 where a lock that blocks restic remains.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """Remove stale locks, after asking, so that it can be undone."""
    console = make_console(common)
    if watch is not None and not yes and not dry_run and not has_terminal():
        raise Unanswered("nobody is there to answer in the end: this is no terminal", "Add --yes to --watch")
    wish = Wish(older, tuple(host or ()), yes)
    trust = trust_clock.value if trust_clock is not None else None
    removing = Removing("lockctl.prune/1", lambda _: wish, ask_for_all, dry_run, json, trust, watch)
    run = remove_locks(common, removing, console)
    status = exit_status(run)
    if status == 0 and fail_if_locked and run.blocking:
        error = LocksRemain(f"{len(run.blocking)} of the locks that block restic remain", "See 'lockctl list'")
        console.fail(str(error))
        return error.status
    return status
