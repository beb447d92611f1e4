"""The schemas of what is printed of the configuration. Pure."""

from __future__ import annotations

from lockctl.render.schemas.pieces import (
    COUNT,
    TEXT,
    YES_OR_NO,
    Schema,
    described,
    document,
    list_of,
    or_null,
    record,
)


def config_schema() -> Schema:
    """`lockctl.config/1`."""
    setting = record(
        {
            "key": TEXT,
            "value": described(TEXT, "For people; of a secret that there is one."),
            "file": or_null(TEXT),
            "line": or_null(COUNT),
            "variable": described(or_null(TEXT), "Of the environment. Without file and variable it is the default."),
        }
    )
    mistake = described(YES_OR_NO, "Whether lockctl does not work with it; else it is a warning.")
    found = record({"file": TEXT, "line": COUNT, "mistake": mistake, "message": TEXT})
    body = record(
        {"files": list_of(TEXT)},
        {
            "settings": described(list_of(setting), "Of 'config show': those that count."),
            "found": described(list_of(found), "Of 'config check': what is wrong."),
        },
    )
    return document("lockctl.config/1", "The configuration shown, or checked.", body)
