"""Which lines are one run of restic, and what is kept of it."""

from __future__ import annotations

import pytest

from lockctl.diagnosis.logs.runs import LogReader
from lockctl.diagnosis.logs.texts import Kind
from tests.unit.diagnosis.logs.reading import BLOCKED, BREAKER, GAVE_UP, INVALID, LOCK, OUTGROWN, SAVED, runs_of

OPENED = "repository 1c84ca10 opened (version 2, compression level auto)\n"
OTHER = "repository ffffffff opened (version 2)\n"


@pytest.mark.parametrize(
    ("log", "runs"),
    [
        ("", 0),
        ("nothing of ours\n" * 5, 0),
        (SAVED, 1),
        (SAVED + SAVED, 2),
        (OPENED + SAVED + OPENED + SAVED, 2),
        (OPENED + OTHER, 2),
        (BLOCKED + BLOCKED, 2),
        (BLOCKED + SAVED, 2),
        (SAVED + BLOCKED, 2),
        (OUTGROWN * 20 + GAVE_UP + BREAKER, 1),
        (OUTGROWN * 20 + GAVE_UP + BREAKER + OUTGROWN, 2),
        (INVALID + INVALID, 2),
        (SAVED + OUTGROWN, 2),
        (SAVED + f"Remove(<lock/{LOCK}>) returned error, retrying after 1s: x\n", 1),
        (OUTGROWN + OPENED + SAVED, 1),
    ],
)
def test_boundaries(log: str, runs: int) -> None:
    assert len(runs_of(log)) == runs


def test_programs_that_write_into_one_log_are_told_apart() -> None:
    lines = [line for pair in zip(BLOCKED.splitlines(), [*SAVED.splitlines(), ""], strict=True) for line in pair]
    log = "".join(
        f"Nov 24 02:00:07 web{number % 2} restic[{number % 2}]: {line}\n" for number, line in enumerate(lines)
    )
    told = {run.source: (run.has(Kind.LOCKED), run.is_saved) for run in runs_of(log)}
    assert told == {"web0 restic[0]": (True, False), "web1 restic[1]": (False, True)}


def test_what_is_kept_of_many_retries() -> None:
    (run,) = runs_of(OUTGROWN * 1000)
    (matter,) = run.of(Kind.RETRIED)
    assert (matter.count, matter.first.line.number, matter.last.line.number) == (1000, 1, 1000)
    assert matter.seconds == 1500.0, "by the pauses, where the log has no times"


def test_times_of_the_log_count_before_the_pauses() -> None:
    (run,) = runs_of(f"Nov 24 02:00:07 h r[1]: {OUTGROWN}Nov 24 02:15:41 h r[1]: {OUTGROWN}")
    assert run.of(Kind.RETRIED)[0].seconds == 934


def test_memory_is_bounded_whatever_comes() -> None:
    """Ids, programs and lines without end: nothing that is kept grows with them."""
    reader = LogReader()
    for number in range(20_000):
        lock = f"{number:010x}"
        line = f"Nov 24 02:00:07 h{number} r[{number}]: Load(<lock/{lock}>, 0, 0) failed: x\n"
        line += f"Load(<lock/{lock}>, 0, 0) failed: x\n"
        list(reader.feed(line.encode()))
    assert len(reader.open_runs) <= 65
    assert max(len(run.matters) for run in reader.open_runs) <= 200
    assert reader.count == 40_000
