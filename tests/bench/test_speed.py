"""The table's arithmetic, with made-up figures; nothing here is timed."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from bench.measuring.chart import Axis, draw
from bench.measuring.commands import Command, as_users_have_it, in_turn, run
from bench.measuring.rows import Row, ratio, status, table

MET, MISSED = Row("met", (0.2, 0.5, 0.1), 0.2, 0.1), Row("missed", (0.21, 0.5, 0.1), 0.2)


def test_the_median_is_what_counts() -> None:
    assert (MET.median, MET.holds, MISSED.median, MISSED.holds) == (0.2, True, 0.21, False)
    assert (MET.verdict, MISSED.verdict) == ("ok", "MISSED")
    assert Row("better", (0.1,), 0.2, 0.1).verdict == "ok, as aimed"


def test_a_must_that_is_missed_ends_with_1() -> None:
    assert status([MET]) == status([]) == 0
    assert status([MET, MISSED]) == 1


def test_a_ratio_is_taken_round_by_round() -> None:
    assert ratio("ours ÷ theirs", [1, 4, 2], [2, 2, 2], 1).values == (0.5, 2, 1)
    with pytest.raises(ValueError, match="zip"):
        ratio("one round is missing", [1], [1, 2], 1)


def test_the_table_tells_all_of_it() -> None:
    met, missed = table([MET, MISSED]).split("\n")[2:]
    assert met == "| met | 0.200 | 0.100 to 0.500 | 3 | 0.200 | 0.100 | ok |"
    assert missed == "| missed | 0.210 | 0.100 to 0.500 | 3 | 0.200 |  | MISSED |"


def test_commands_run_in_turn_and_what_goes_before_is_not_measured() -> None:
    done: list[str] = []
    words = (sys.executable, "-c", "print((b'x' * 10**7)[:1])")
    commands = {name: Command(words, {}, lambda name=name: done.append(name)) for name in "ab"}  # type: ignore[misc]
    taken = in_turn(commands, 2)
    assert "".join(done) == "ababab"
    assert [len(runs) for runs in taken.values()] == [2, 2]
    assert all(one.wall > 0 and one.cpu > 0 and one.memory > 10**7 for runs in taken.values() for one in runs)


def test_python_is_told_nothing_that_slows_it_down() -> None:
    given = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONDEVMODE": "1", "PYTHONPATH": "here", "HOME": "/root"}
    assert as_users_have_it(given) == {"PYTHONPATH": "here", "HOME": "/root"}
    words = (sys.executable, "-c", "import sys; raise SystemExit(sys.dont_write_bytecode)")
    assert run(Command(words, given)).wall > 0


def test_peak_memory_is_the_commands_own() -> None:
    """And not that of whoever started it."""
    mine = b"x" * 10**8
    assert run(Command((sys.executable, "-c", "pass"), {})).memory < len(mine) / 2


def test_a_command_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.measuring.commands.LIMIT_SECONDS", 0.2)
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(Command((sys.executable, "-c", "import time; time.sleep(60)"), {}))
    assert caught.value.returncode == -9


def test_a_command_that_fails_is_no_figure() -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run(Command((sys.executable, "-c", "raise SystemExit('no')"), {}))
    assert (caught.value.returncode, caught.value.output) == (1, b"no\n")


def test_axes() -> None:
    axis = Axis(1, 100, 200)
    assert [axis.at(value) for value in (1, 10, 100)] == [0, 100, 200]
    assert list(axis.ticks()) == [1, 2, 5, 10, 20, 50, 100]


def test_a_chart_has_a_point_for_each_figure() -> None:
    chart = draw("title <1>", "locks", {"ours": [(5, 0.5), (50, 0.6)], "theirs": [(5, 1.0)]}, "a note")
    root = ET.fromstring(chart)
    circles = [one for one in root.iter() if one.tag.endswith("circle")]
    assert len(circles) == 3 + 2, "and two of the legend"
