"""A setting, and where it comes from. Values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: a file and a line of it, or a variable; all empty where it is the default."""

    file: str = ""
    line: int = 0
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that counts; `value` is a text for people."""

    key: str
    value: str
    origin: Origin
