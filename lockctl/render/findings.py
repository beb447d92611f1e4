"""Findings for people: what was seen, what it means, what to do, and how sure it is."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from lockctl.diagnosis.findings import CURE, Certainty, Finding, Weight
from lockctl.diagnosis.share.observed import Observed
from lockctl.render.harmless import visible
from lockctl.render.words import count

_HEADS = {Weight.ACT: "TO DO", Weight.LOOK: "LOOK AT", Weight.NOTE: "NOTE"}
_COLOURS = {Weight.ACT: "31", Weight.LOOK: "33", Weight.NOTE: "36"}
_SURE = {
    Certainty.CERTAIN: "certain",
    Certainty.LIKELY: "likely, not certain",
    Certainty.POSSIBLE: "possible, no more than that",
}
_NAMES = ("Seen:", "Means:", "Do:")
_INDENT = 9
_QUOTED = re.compile(r"(?<!\w)'[^']{1,50}'(?!\w)")
"""A command, which is easier to copy from one line."""
_HELD = "\0"
"""Instead of a space at which no line ends: what is visible has none of these."""


def findings_text(findings: Sequence[Finding], width: int, colour: bool) -> str:
    """Each finding with a head and up to three paragraphs, wrapped to `width` columns, an empty line between."""
    return "\n\n".join(_finding_text(finding, width, colour) for finding in findings)


def _finding_text(finding: Finding, width: int, colour: bool) -> str:
    head = f"{_HEADS[finding.weight]}: {finding.code}"
    if colour:
        head = f"\x1b[1;{_COLOURS[finding.weight]}m{head}\x1b[0m"
    lines = [f"{head} ({_SURE[finding.certainty]})"]
    texts = (finding.seen, finding.meaning, finding.todo or "nothing")
    for name, text in zip(_NAMES, texts, strict=True):
        before, option, after = visible(text).partition(CURE)
        lines += _paragraph(name, before, width)
        lines += [f"    {option}"] if option else []  # on a line of its own, to be copied
        lines += _paragraph("", after.lstrip(), width) if after.strip() else []
    return "\n".join(lines)


def _paragraph(name: str, text: str, width: int) -> list[str]:
    wrapped = textwrap.wrap(
        _QUOTED.sub(lambda command: command[0].replace(" ", _HELD), text),
        width,
        initial_indent=f"  {name:<{_INDENT - 2}}",
        subsequent_indent=" " * _INDENT,
        break_on_hyphens=False,
    )
    return [line.replace(_HELD, " ") for line in wrapped]


def findings_summary(findings: Sequence[Finding], observed: Observed, width: int) -> str:
    """How much there is, and what was looked at, so that a silence says something."""
    numbers = {weight: sum(finding.weight is weight for finding in findings) for weight in _HEADS}
    parts = [
        f"{numbers[Weight.ACT]} to do" if numbers[Weight.ACT] else "",
        f"{numbers[Weight.LOOK]} to look at" if numbers[Weight.LOOK] else "",
        count(numbers[Weight.NOTE], "note") if numbers[Weight.NOTE] else "",
    ]
    said = ", ".join(part for part in parts if part)
    if not numbers[Weight.ACT] and not numbers[Weight.LOOK]:
        said = f"nothing is wrong{f' ({said})' if said else ''}"
    text = f"{visible(observed.last.address)}: {said}. Looked at: {_what_was_looked_at(observed)}."
    return textwrap.fill(text, width, break_on_hyphens=False, break_long_words=False)


def _what_was_looked_at(observed: Observed) -> str:
    locks = observed.last.verdicts
    hosts = {verdict.file.lock.hostname for verdict in locks if verdict.file.lock is not None}
    of_hosts = f" of {count(len(hosts), 'host')}" if hosts else ""
    parts = [f"{count(len(locks), 'file')} in locks/{of_hosts}", "clocks", "permission to delete", "the journal"]
    if observed.may_delete is None:
        parts.remove("permission to delete")
    link = observed.protection
    if link is not None:
        parts.append(f"the connection ({link.dialect}, {'encrypted' if link.encrypted else 'signed'})")
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
