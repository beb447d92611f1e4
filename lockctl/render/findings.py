"""Findings as text and as JSON. Nothing of strangers reaches a terminal raw."""

from __future__ import annotations

import textwrap
from typing import Any

from lockctl.diagnosis.findings import Finding, Weight
from lockctl.render.harmless import visible

_HEADS = {Weight.ACT: ("to do", "31"), Weight.LOOK: ("to look at", "33"), Weight.NOTE: ("to know", "32")}


def finding_text(finding: Finding, colour: bool, width: int) -> str:
    """A head line, then what was seen, what it means and what to do."""
    word, code = _HEADS[finding.weight]
    head = f"{word}: {finding.code}, {finding.certainty.value}"
    lines = [f"\x1b[1;{code}m{head}\x1b[0m" if colour else head]
    for label, text in (("seen", finding.seen), ("means", finding.meaning), ("do", finding.todo)):
        if text:
            lines += _wrap(f"  {label:<6}", visible(text), width)
    return "\n".join(lines)


def _wrap(label: str, text: str, width: int) -> list[str]:
    indent = " " * len(label)
    return textwrap.wrap(
        text, width, initial_indent=label, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def finding_object(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "code": finding.code,
        "weight": finding.weight.name.lower(),
        "seen": finding.seen,
        "means": finding.meaning,
        "do": finding.todo,
        "certainty": finding.certainty.value,
        "locks": list(finding.locks),
    }
