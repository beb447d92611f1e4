"""All schemas, by name. Pure."""

from __future__ import annotations

from collections.abc import Callable

from lockctl.render.schemas import configuration, findings, journal, locks
from lockctl.render.schemas.pieces import Schema

SCHEMAS: dict[str, Callable[[], Schema]] = {
    "list": locks.list_schema,
    "show": locks.show_schema,
    "prune": locks.prune_schema,
    "rm": locks.rm_schema,
    "restore": journal.restore_schema,
    "history": journal.history_schema,
    "watch": locks.watch_schema,
    "doctor": findings.doctor_schema,
    "advise": findings.advise_schema,
    "config": configuration.config_schema,
    "error": journal.error_schema,
}
"""The schema of each command's `--json`, and that of a failure."""
