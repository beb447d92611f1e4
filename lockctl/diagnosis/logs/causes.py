"""What an error of restic or rclone comes from, by its words. Pure."""

from __future__ import annotations

import re

_CAUSES = (
    ("share-full", r"disk (?:is |was )?full|DISK_FULL|no space left|not enough space|quota"),
    ("refused", r"access (?:is )?denied|ACCESS_DENIED|permission denied|403 Forbidden"),
    ("data-missing", r"<(?:data|index|snapshot|key)/\w*> does not exist"),
    (
        "connection-lost",
        r"connection (?:refused|reset|closed|already closed|error)|broken pipe|unexpected EOF|i/o timeout|timed out"
        r"|no route to host|network is unreachable|no such host|couldn't connect|failed to connect|rclone exited"
        r"|context deadline|Bad Gateway",
    ),
)
_COMPILED = tuple((code, re.compile(pattern, re.IGNORECASE)) for code, pattern in _CAUSES)
CODES = tuple(code for code, _ in _CAUSES)
"""The heaviest first: what lies behind the others where several are told."""


def cause_of(error: str) -> str:
    """The code of the cause, '' where the words tell none."""
    return next((code for code, pattern in _COMPILED if pattern.search(error)), "")
