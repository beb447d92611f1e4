"""`lockctl show`: one lock, and each fact that its state rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.opening import (
    find_access,
    make_console,
    open_journal,
    open_repository,
    report_returned,
    start_deadline,
)
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, JsonOption, with_common
from lockctl.errors import UnknownLock

if TYPE_CHECKING:
    from lockctl.liveness.evidence import Verdict
    from lockctl.survey import Survey


@with_common(*REPOSITORY, *OUTPUT)
def show(
    common: Common,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The lock's id, or an unambiguous beginning of it.")],
    json: JsonOption = False,
) -> int:
    """Show one lock with all that is known of it."""
    console = make_console(common)
    deadline = start_deadline(common)
    with open_repository(find_access(common, console, deadline), console, deadline) as opened:
        # Imported while the key is being derived, which takes longer.
        from lockctl.removal import held_ids
        from lockctl.render import details, jsonform

        survey = opened.look()
    journal = open_journal(common)
    report_returned(journal, survey, console)
    verdict = pick(survey, id_)
    held = verdict.file.id in held_ids(journal.records())
    if json:
        fields = {**jsonform.header(survey, "lockctl.show/1"), "lock": jsonform.lock_object(verdict)}
        console.result(jsonform.dump(fields))
    else:
        console.result(details.describe(verdict, console.colour, held))
    return 0


def pick(survey: Survey, beginning: str) -> Verdict:
    """The one lock whose id starts so. Raises UnknownLock."""
    found = [verdict for verdict in survey.verdicts if verdict.file.id.startswith(beginning)]
    if not found or not beginning:
        raise UnknownLock(f"no lock here has an id that starts with {beginning!r}", "See 'lockctl list'")
    if len(found) > 1:
        raise UnknownLock(f"{len(found)} locks have ids that start with {beginning!r}", "Give more of the id")
    return found[0]
