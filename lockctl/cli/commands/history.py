"""`lockctl history`: what was removed, when, from where, why and by whom."""

from __future__ import annotations

from lockctl.cli.opening import make_console, open_journal
from lockctl.cli.options import OUTPUT, Common, JsonOption, with_common


@with_common(*OUTPUT)
def history(common: Common, json: JsonOption = False) -> int:
    """Show what was removed, when, why and by whom."""
    from lockctl.render import as_json, table

    console = make_console(common)
    journal = open_journal(common)
    records = journal.records()
    for text in (*journal.warnings, *journal.damaged):
        console.warn(text)
    if json:
        entries = [as_json.record_object(record) for record in records]
        console.result(as_json.dump({"schema": "lockctl.history/1", "entries": entries}))
    elif records:
        console.result(table.history_table(records))
    elif not journal.damaged:
        console.note(f"nothing was removed yet: {journal.path} has no entries")
    return 0
