"""`lockctl show`: one lock, and each fact that its state rests on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.opening import make_console, open_session
from lockctl.cli.options import OUTPUT, REPOSITORY, Common, JsonOption, with_common
from lockctl.errors import UnknownLock

if TYPE_CHECKING:
    from lockctl.cli.console import Console
    from lockctl.liveness.evidence import Verdict
    from lockctl.survey.session import Session
    from lockctl.survey.values import Survey

WATCH_SECONDS = 1860.0
"""By then everything is settled: restic's half hour, and a minute."""


@with_common(*REPOSITORY, *OUTPUT)
def show(
    common: Common,
    id_: Annotated[str, typer.Argument(metavar="ID", help="The lock's id, or an unambiguous beginning of it.")],
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay until the lock is renewed, gone or settled, 31 minutes at most.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """Show one lock with all that is known of it."""
    console = make_console(common)
    with open_session(common, console) as session:
        if watch:
            first, survey = _stay(session, console, id_)
            if all(verdict.file.id != first.file.id for verdict in survey.verdicts):
                _show_end(first, survey, console, json)
                return 0
            id_ = first.file.id
        else:
            session.connect()
            # Imported while the key is being derived, which takes longer.
            from lockctl.render import as_json, details  # noqa: F401

            survey = session.look()
    _show(survey.pick(id_), survey, console, json)
    return 0


def _show(verdict: Verdict, survey: Survey, console: Console, json: bool) -> None:
    from lockctl.render import as_json, details

    if json:
        fields = {
            **as_json.header(survey, "lockctl.show/1"),
            "lock": as_json.lock_object(verdict),
            "would_change": details.what_would_change(verdict.state, survey.policy.thresholds),
        }
        console.result(as_json.dump(fields))
    else:
        console.result(details.describe(verdict, survey, console.colour, console.width()))


def _stay(session: Session, console: Console, beginning: str) -> tuple[Verdict, Survey]:
    """The lock as it was first seen, and the survey that settled it."""
    from lockctl.cli.following import settle
    from lockctl.removal.plan import Wish, is_unsettled

    first: list[Verdict] = []

    def unsettled(survey: Survey) -> list[Verdict]:
        if not first:
            first.append(survey.pick(beginning))
        mine = [verdict for verdict in survey.verdicts if verdict.file.id == first[0].file.id]
        # That a lock is held says what is done with it, and nothing of its owner.
        unheld = replace(survey, held=frozenset())
        return [verdict for verdict in mine if is_unsettled(verdict, unheld, Wish())]

    survey = settle(session, console, unsettled, WATCH_SECONDS)
    if not first or survey is None:
        raise UnknownLock("nothing could be seen", "Run the command again")
    return first[0], survey


def _show_end(first: Verdict, survey: Survey, console: Console, json: bool) -> None:
    """The lock is not there any more: renewed, or gone."""
    from lockctl.render import as_json
    from lockctl.render.table import removal_line
    from lockctl.survey.changes import find_renewal

    renewal = find_renewal(first, survey.verdicts)
    if json:
        fields = {
            **as_json.header(survey, "lockctl.show/1"),
            "lock": None,
            "renewed_as": renewal.file.id if renewal is not None else None,
        }
        console.result(as_json.dump(fields))
    elif renewal is not None:
        console.result(f"{removal_line(first, {})} was renewed, as {renewal.file.id[:8]}: its owner lives")
    else:
        console.result(f"{removal_line(first, {})} is gone")
