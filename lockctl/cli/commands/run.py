"""`lockctl run`: runs restic, reads along, and starts it again where that is safe and allowed."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from lockctl.cli.console import wants_colour
from lockctl.cli.opening import open_session
from lockctl.cli.options import Common, duration_option, with_common
from lockctl.clock.boot import boottime
from lockctl.errors import UsageError

_SHARED = (
    "repo password_file password_command insecure_no_password key_hint smb_credentials kerberos state_dir "
    "quiet verbose no_color"
).split()


@with_common(*_SHARED)
def run(
    common: Common,
    command: Annotated[list[str] | None, typer.Argument(metavar="-- COMMAND...", show_default=False)] = None,
    restart_on_breaker: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Start again, N times, after a lock was misread that is sound or gone."),
    ] = 0,
    prune_stale: Annotated[
        bool,
        typer.Option("--prune-stale", help="Remove stale locks as 'prune --yes' does, before and when in the way."),
    ] = False,
    for_: Annotated[
        float | None,
        duration_option("--for", help_text="Start nothing again after this time, 1h if not told otherwise."),
    ] = None,
    rclone_no_object_cache: Annotated[
        bool, typer.Option("--rclone-no-object-cache", help="Add the option to restic that ends open circuit breakers.")
    ] = False,
) -> int:
    """Run restic, and again where a lock was misread."""
    if not command:
        raise UsageError("there is no command to run", "Write it behind '--': lockctl run -- restic backup /home")
    # Imported only now, as in every command.
    import os

    from lockctl.cli.supervising import Aside, Supervisor, load_all
    from lockctl.diagnosis.arguments import without_object_cache
    from lockctl.supervision.loop import Wish, supervise

    words = without_object_cache(command) if rclone_no_object_cache else command
    wish = Wish(restart_on_breaker, prune_stale, 3600.0 if for_ is None else for_)
    console = Aside(common.quiet, common.verbose, not common.no_color and wants_colour(os.environ))
    with open_session(common, console) if wish.looks else nullcontext() as session:
        if session is not None:
            load_all()
        return supervise(Supervisor(words, console, session), wish, boottime)
