"""`lockctl history`: what was removed, when, from where, why and by whom."""

from __future__ import annotations

from time import time_ns
from typing import Annotated

import typer

from lockctl.cli.opening import make_console, open_journal
from lockctl.cli.options import OUTPUT, Common, HostOption, JsonOption, duration_option, with_common


@with_common(*OUTPUT)
def history(
    common: Common,
    since: Annotated[
        float | None, duration_option("--since", help_text="Only what was removed within this time, as in 7d.")
    ] = None,
    host: HostOption = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the newest N.")] = None,
    json: JsonOption = False,
) -> int:
    """Show what was removed, when, why and by whom."""
    from lockctl.render import as_json, past
    from lockctl.state.choice import choose_records

    console = make_console(common)
    journal = open_journal(common)
    records = journal.records()
    for text in (*journal.warnings, *journal.damaged):
        console.warn(text)
    begin = None if since is None else time_ns() - int(since * 1e9)
    chosen = choose_records(records, host or (), begin, limit)
    if json:
        console.result_in_pieces(as_json.dump_history(chosen))
    elif chosen:
        console.result(past.history_table(chosen, console.colour, console.width()))
    if not json and len(chosen) < len(records):
        console.note(f"{len(chosen)} of {len(records)} entries shown")
    elif not json and not records and not journal.damaged:
        console.note(f"nothing was removed yet: {journal.path} has no entries")
    return 0
