"""What stands below a list: numbers, what restic would do, what to do next; and colours that can be read."""

from __future__ import annotations

import pytest

from lockctl.liveness.evidence import State, Verdict
from lockctl.render.outlook import list_foot, next_step, outlook, summary
from lockctl.render.words import GREEN, ORANGE, RED
from lockctl.repository.lock import Problem
from tests.unit.making import make_file, make_lock, make_survey, make_verdict, of_host

ALL = "backup, prune, check, forget"


def damaged(name: str) -> Verdict:
    return make_verdict(make_file(name=name * 64, problem=Problem.INCOMPLETE), State.DAMAGED, claimed=None)


def held_by(hostname: str, name: str, *, exclusive: bool = False) -> Verdict:
    lock = make_lock(7200, hostname=hostname, pid=7, exclusive=exclusive)
    return make_verdict(make_file(lock, name=name * 64))


@pytest.mark.parametrize(
    ("states", "shown", "told"),
    [
        ([], None, "0 locks"),
        ([], 0, "0 locks; 0 of 0 shown"),
        ([State.STALE], None, "1 lock: 1 stale"),
        (
            [State.WRITING, *[State.ACTIVE] * 4, State.DAMAGED, State.STALE],
            None,
            "7 locks: 1 stale, 1 damaged, 4 active, 1 writing",
        ),
        ([State.ACTIVE, State.STALE], 1, "2 locks: 1 stale, 1 active; 1 of 2 shown"),
    ],
)
def test_the_summary_counts(states: list[State], shown: int | None, told: str) -> None:
    assert summary(make_survey([of_host("web1", state) for state in states]), shown) == told


def test_each_state_is_counted() -> None:
    told = summary(make_survey([of_host("web1", state) for state in State]))
    assert {part.split()[-1] for part in told.split(", ")} == {state.value for state in State}


@pytest.mark.parametrize(
    ("verdicts", "lines"),
    [
        ([], [f"would run now: {ALL}"]),
        (
            [held_by("web1", "a")],
            [
                "would run now: backup",
                "would fail: prune, check, forget: already locked by PID 7 on web1 (aaaaaaaa)",
            ],
        ),
        (
            [held_by("db1", "b", exclusive=True), damaged("c")],
            [f"would fail: {ALL}: already locked exclusively by PID 7 on db1 (bbbbbbbb); no restic can read cccccccc"],
        ),
        (
            [held_by("db1", name, exclusive=True) for name in "abcde"],
            [
                f"would fail: {ALL}: already locked exclusively by PID 7 on db1 (aaaaaaaa), "
                "exclusively by PID 7 on db1 (bbbbbbbb), exclusively by PID 7 on db1 (cccccccc); and 2 more"
            ],
        ),
    ],
)
def test_what_restic_would_do(verdicts: list[Verdict], lines: list[str]) -> None:
    assert outlook(make_survey(verdicts), colour=False) == lines


def test_the_foot_fits_and_colour_marks_what_would_fail() -> None:
    survey = make_survey([held_by("web1", name) for name in "abc"])
    lines = "\n".join(list_foot(survey, False, 1, 60)).split("\n")
    assert max(map(len, lines)) <= 60
    painted = outlook(survey, colour=True, width=60)
    assert [line.split("m", 1)[1].split("\x1b")[0] for line in painted] == ["would run now:", "would fail:"]


@pytest.mark.parametrize(
    ("states", "held", "options", "told"),
    [
        ([State.ACTIVE], False, (), ""),
        ([State.STALE], True, (), ""),
        ([State.STALE, State.DEAD], False, (), "2 locks can be removed; to see the plan: lockctl prune --dry-run"),
        (
            [State.STALE],
            False,
            ("-r", "a b"),
            "1 lock can be removed; to see the plan: lockctl prune -r 'a b' --dry-run",
        ),
    ],
)
def test_the_next_step_only_where_there_is_one(
    states: list[State], held: bool, options: tuple[str, ...], told: str
) -> None:
    verdicts = [of_host("web1", state) for state in states]
    ids = frozenset(verdict.file.id for verdict in verdicts) if held else frozenset[str]()
    assert next_step([make_survey([]), make_survey(verdicts, held=ids)], options).strip() == told


def luminance(colour: int) -> float:
    """Relative luminance (WCAG 2) of one of the 216 colours of xterm's cube."""
    cube = (0, 95, 135, 175, 215, 255)
    levels = [cube[(colour - 16) // step % 6] / 255 for step in (36, 6, 1)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in levels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [GREEN, ORANGE, RED])
def test_colours_can_be_read_on_black_and_on_white(colour: int) -> None:
    """WCAG 2 asks for 3 to 1 of large text and of signs."""
    seen = luminance(colour)
    assert (seen + 0.05) / 0.05 > 3.5
    assert 1.05 / (seen + 0.05) > 3.5
