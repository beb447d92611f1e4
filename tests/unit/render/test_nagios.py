"""The line of a plugin: its form, its figures, and that no name breaks it."""

from __future__ import annotations

import pytest

from lockctl.errors import LockctlError
from lockctl.liveness.evidence import State, Verdict
from lockctl.monitoring.figures import measure
from lockctl.monitoring.limits import QUANTITIES, default_limits, find_limits
from lockctl.monitoring.thresholds import Checked, check
from lockctl.render.nagios import error_line, lines_of
from tests.plugin import read_output
from tests.unit.diagnosis.share.observing import live, survey_of
from tests.unit.making import make_survey, of_host

HOSTILE = [
    "a; b",
    "a|b=1",
    "a\nOK - all is well",
    "a\r",
    "\x1b[2J",
    "\u2028x",
    "\u202e",
    "'\"$(x)",
    "| stale=0",
    "x" * 9999,
]


def checked_of(*verdicts: Verdict) -> Checked:
    return check(measure(make_survey(verdicts), {}), [], default_limits())


def test_ok() -> None:
    checked = check(measure(survey_of(live(), live("web2", 300)), {}), [], default_limits())
    output = read_output(lines_of(checked, [], verbose=False))
    assert (output.level, output.text) == ("OK", "2 locks (2 active), can run now: backup")
    assert output.lines == []
    assert output.figures["locks"] == ("2", "", "")
    assert output.figures["stale"] == ("0", "0", "20")
    assert output.figures["oldest"] == ("300s", "3600", "86400")
    assert output.figures["exclusive"] == ("U", "21600", "43200")
    assert list(output.figures) == ["locks", *(quantity.name for quantity in QUANTITIES)]


def test_nothing_there() -> None:
    output = read_output(lines_of(checked_of(), [], verbose=True))
    assert output.text == "0 locks, can run now: backup, prune, check, forget"
    assert output.lines == []
    assert output.figures["oldest"][0] == output.figures["owner-clock"][0] == "U"


def test_limits_that_are_off_are_empty() -> None:
    limits = find_limits(["stale=off", "oldest=1h30m"], ["stale=off"])
    output = read_output(lines_of(check(measure(make_survey([]), {}), [], limits), [], verbose=False))
    assert (output.figures["stale"], output.figures["oldest"]) == (("0", "", ""), ("U", "5400", "86400"))


def test_a_line_for_each_lock_where_that_is_asked_for() -> None:
    checked = checked_of(of_host("web1"), of_host("web2", State.DAMAGED))
    output = read_output(lines_of(checked, ["a warning"], verbose=True))
    assert output.level == "CRITICAL"
    assert output.text.startswith("1 damaged lock: ")
    first, second, warning = output.lines
    assert first.endswith(" (web1, PID 4209, web1) shared stale: not renewed for 2 h")
    assert second.endswith(" (web2, PID 4209, web2) shared damaged: not renewed for 2 h")
    assert warning == "warning: a warning"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_ends_the_line_or_begins_the_figures(name: str) -> None:
    output = read_output(lines_of(checked_of(of_host(name)), [name], verbose=True))
    assert output.level == "WARNING"
    assert output.figures["stale"][0] == "1"
    assert len(output.lines) == 2
    assert not set("".join([output.text, *output.lines])) & set("\x1b\r\u2028\u202e")
    assert len(output.text) < 500
    error = read_output(error_line(LockctlError(f"cannot open {name}", name)))
    assert (error.level, error.figures, error.lines) == ("UNKNOWN", {}, [])
    assert len(error.text) <= 800 * len("\\x7c")


def test_however_many_locks_there_are() -> None:
    output = read_output(lines_of(checked_of(*(of_host(f"host{n}") for n in range(1000))), ["w"] * 999, verbose=True))
    assert output.text.startswith("1000 stale locks: ")
    assert len(output.text) < 500
    assert len(output.lines) == 402
    assert output.lines[200] == "and 800 more locks"
    assert output.lines[-1] == "and 799 more warnings"
