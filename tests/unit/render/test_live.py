"""The live view and its lines of events: what fits the screen, and what counts on."""

from __future__ import annotations

import pytest

from lockctl.liveness.evidence import State
from lockctl.render.live import event_lines, live_view
from lockctl.survey.changes import find_changes
from tests.unit.making import make_file, make_lock, make_survey, make_verdict


@pytest.mark.parametrize("count", [0, 1, 5, 40, 2000])
@pytest.mark.parametrize("size", [(80, 24), (40, 8), (200, 60)])
def test_it_fits_the_screen(count: int, size: tuple[int, int]) -> None:
    """And what is blocked stays in sight, however many locks there are."""
    survey = make_survey([make_verdict(make_file(make_lock(60, pid=n), name=f"{n + 1:064x}")) for n in range(count)])
    view = live_view(survey, 5, [], False, size)
    lines = view.plain.split("\n")
    assert len(lines) <= max(size[1], 8)
    assert f"{count} lock" in lines[0]
    assert any("would run now: " in line or "would fail: " in line for line in lines)
    shown = sum("web1" in line for line in lines if line[:8].isalnum())
    told = [int(line.split()[2]) for line in lines if line.startswith("… and")]
    assert shown + sum(told) == count
    assert view.no_wrap


def test_ages_count_on() -> None:
    survey = make_survey([make_verdict(age=7200, claimed=7200)])
    assert "2 h 1 min" in live_view(survey, 60, [], False, (200, 60)).plain
    assert "looked 1 min ago" in live_view(survey, 60, [], False, (200, 60)).plain


def test_events_in_lines() -> None:
    old = make_verdict(make_file(make_lock(300, pid=1), name="a" * 64), State.ACTIVE)
    new = make_verdict(make_file(make_lock(0, pid=1), name="b" * 64), State.ACTIVE)
    stale = make_verdict(make_file(make_lock(300, pid=1), name="a" * 64), State.STALE)
    for before, after, words in (
        (None, [old], "stands  aaaaaaaa (web1, PID 1, root): active"),
        ([old], [new], "renewed bbbbbbbb (web1, PID 1, root), before that aaaaaaaa: active"),
        ([old], [stale], "is now  aaaaaaaa (web1, PID 1, root): stale, was active"),
        ([old], [], "gone    aaaaaaaa (web1, PID 1, root)"),
    ):
        (line,) = event_lines(make_survey(after), find_changes(before, after))
        assert line == f"2027-01-15T08:00:00Z {words}"


def test_a_name_does_no_harm_to_the_screen() -> None:
    lock = make_lock(60, hostname="\x1b[2J[red]x[/red]\n", username="\x1b]0;x\x07")
    survey = make_survey([make_verdict(make_file(lock))])
    plain = live_view(survey, 0, [], False, (200, 60)).plain
    assert "\\x1b[2J[red]x[/red]\\x0a" in plain
    assert "\x1b" not in plain
