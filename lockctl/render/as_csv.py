"""Locks as CSV, for spreadsheets and scripts."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

from lockctl.liveness.evidence import Verdict
from lockctl.render.harmless import visible
from lockctl.survey.values import Survey

_FORMULA = ("=", "+", "-", "@")
COLUMNS = "id hostname pid username exclusive time age_seconds claimed_age_seconds state reason".split()


def csv_text(verdicts: Sequence[Verdict]) -> str:
    """A line of names, then one line a lock (RFC 4180, with plain newlines)."""
    return _write([COLUMNS, *map(_cells, verdicts)])


def several_csv(found: Iterable[tuple[Survey, Sequence[Verdict]]]) -> str:
    """The same of several repositories, with the name of each, or its address, in a first column."""
    rows = ([survey.name or survey.address, *_cells(verdict)] for survey, verdicts in found for verdict in verdicts)
    return _write([["repository", *COLUMNS], *rows])


def _cells(verdict: Verdict) -> list[object]:
    lock = verdict.file.lock
    owner = (lock.hostname, lock.pid, lock.username, lock.exclusive, lock.time) if lock else ("",) * 5
    ages = ("" if age is None else round(age, 1) for age in (verdict.age, verdict.claimed_age))
    return [verdict.file.id, *owner, *ages, verdict.state.value, verdict.why]


def _write(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue().rstrip("\n")


def _harmless(cell: object) -> object:
    """A spreadsheet takes a cell that starts with one of these for a formula."""
    if not isinstance(cell, str):
        return cell
    shown = visible(cell)
    # Some take off what is blank before it, and know the wide forms of these signs too.
    first = unicodedata.normalize("NFKC", shown.strip()[:1])
    return f"'{shown}" if first in _FORMULA else shown
