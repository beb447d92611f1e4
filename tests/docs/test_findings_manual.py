"""The manual's table of findings is that of the code."""

from __future__ import annotations

import re

from tests.docs.test_manual import CODE, listed

STATES = {"stale-lock", "dead-lock", "superseded-lock"}
"""Whose codes are made from the state's name."""


def test_codes_of_findings() -> None:
    """Each is listed, and no other."""
    written = re.findall(r'Finding\(\s*"([a-z-]+)"(?: if \w+ else "([a-z-]+)")?', CODE)
    known = {code for pair in written for code in pair if code} | STATES
    assert 'f"{state.value}-lock"' in CODE
    assert listed(".Ss Findings", r"\bLi ([a-z-]+)") == known
