"""The journal as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from lockctl.render.columns import Shape, Step, draw, wrap
from lockctl.render.harmless import visible
from lockctl.render.table import LONGEST_NAME, LONGEST_WHY
from lockctl.render.words import count, paint_name, short_ids
from lockctl.state.records import Record

_REPOSITORY = "REPOSITORY"
_STEPS = (
    Step("PID", 0, 28),
    Step("BY", 0, 28),
    Step("OUTCOME", 10, 28),
    Step("HOST", 14, 24),
    Step(_REPOSITORY, 24, 20),
    Step("STATE", 0, 14),
    Step(_REPOSITORY, 12, 14),
    Step("HOST", 8, 12),
)


def history_table(records: Sequence[Record], colour: bool = False, width: int = 0) -> str:
    """What was removed, when, from where, why and by whom; the newest last.

    Where the lines have to fit, a repository that is the same in all is told once, below them.
    """
    ids = short_ids(record.removed.id for record in records)
    rows = [_row(record, ids[record.removed.id]) for record in records]
    repositories = {row[_REPOSITORY] for row in rows}
    below: list[str] = []
    if width and len(repositories) == 1:
        rows = [{name: cell for name, cell in row.items() if name != _REPOSITORY} for row in rows]
        below = ["", wrap(f"{count(len(rows), 'removal')} from {repositories.pop()}", width, 2)]
    shape = Shape("WHY", _STEPS, paints={"STATE": paint_name} if colour else {}, bold=colour)
    return "\n".join([*draw(rows, shape, width), *below])


def describe_outcome(record: Record) -> str:
    """What became of an intent, in a word or a few."""
    outcome = record.outcome.value if record.outcome is not None else "not finished"
    if record.returned_as is not None:
        outcome += f", owner came back as {record.returned_as[:8]}"
    return f"{outcome}, restored" if record.restored_at is not None else outcome


def _row(record: Record, id_: str) -> dict[str, str]:
    lock = record.removed.lock or {}
    return {
        "WHEN": visible(record.at[:19]) + "Z",
        "ID": id_,
        "HOST": visible(str(lock.get("hostname", "?")), LONGEST_NAME),
        "PID": visible(str(lock.get("pid", "?")), LONGEST_NAME),
        "OUTCOME": visible(describe_outcome(record)),
        "STATE": visible(record.removed.state, LONGEST_NAME),
        "WHY": visible(record.removed.reason, LONGEST_WHY),
        "BY": visible(f"{record.by.get('user')}@{record.by.get('hostname')}", 2 * LONGEST_NAME),
        _REPOSITORY: visible(record.origin.address, LONGEST_WHY),
    }
