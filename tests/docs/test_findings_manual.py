"""The manual's tables of findings are those of the code."""

from __future__ import annotations

import re

import pytest

from tests.docs.test_manual import SOURCES, listed

STATES = {"stale-lock", "dead-lock", "superseded-lock"}
"""Whose codes are made from the state's name."""
PLACES = {
    "diagnosis/share/": ("lockctl-doctor", ".Sh FINDINGS", r"\bLi ([a-z-]+)", STATES),
    "diagnosis/logs/": (
        "lockctl-doctor",
        ".Sh LOGS",
        r"^\.It Sy (.+)$",
        {"share-full", "refused", "connection-lost", "data-missing"},
    ),
    "diagnosis/schedule/": (
        "lockctl-advise",
        ".Sh HOW THE SCHEDULE IS MADE",
        r"\bLi ([a-z-]+-[a-z-]+|overlaps|silent)",
        {"too-few-runs", "no-fixed-hour", "silent"},
    ),
}
"""By the room of the code: in which page and where the manual lists its codes, and how; and those that are made from
other words."""


@pytest.mark.parametrize("room", PLACES)
def test_codes_of_findings(room: str) -> None:
    """Each is listed, and no other."""
    name, heading, pattern, made = PLACES[room]
    code = "\n".join(text for path, text in SOURCES.items() if room in path.as_posix())
    calls = re.findall(r'(?:Finding|_act)\(\s*"([a-z-]+)"(?: if \w+ else "([a-z-]+)")?', code)
    known = {one for pair in calls for one in pair if one} | made
    told = {one for item in listed(name, heading, pattern) for one in re.split(r" , (?:[SL][yi] )?", item)}
    assert told == known
