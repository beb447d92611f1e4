"""Settings and where they come from, as a table and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lockctl.render.columns import Shape, Step, draw
from lockctl.render.harmless import columns, visible
from lockctl.settings.setting import Origin, Setting

_STEPS = (Step("SETTING", 24, 20),)
_FROM = 28
"""Columns of an origin where lines have to fit: its end says more than its beginning."""


def settings_table(settings: Sequence[Setting], colour: bool, width: int = 0) -> str:
    """A line for each setting."""
    rows = [
        {"SETTING": visible(one.key), "VALUE": visible(one.value), "FROM": _origin(one.origin, width)}
        for one in settings
    ]
    return "\n".join(draw(rows, Shape("VALUE", _STEPS, bold=colour), width))


def settings_object(files: Sequence[str], settings: Sequence[Setting]) -> dict[str, Any]:
    """`lockctl.config/1`."""
    return {
        "schema": "lockctl.config/1",
        "files": list(files),
        "settings": [
            {
                "key": one.key,
                "value": one.value,
                "file": one.origin.file or None,
                "line": one.origin.line or None,
                "variable": one.origin.variable or None,
            }
            for one in settings
        ],
    }


def _origin(origin: Origin, width: int) -> str:
    text = visible(_describe(origin))
    return text if not width or columns(text) <= _FROM else f"…{text[1 - _FROM :]}"


def _describe(origin: Origin) -> str:
    if origin.file:
        return f"{origin.file}:{origin.line}"
    return origin.variable or "default"
