"""Many locks: what a look costs grows with their number, and no faster. Calls are counted, not seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from lockctl.liveness.evidence import Clocks
from lockctl.render.as_json import dump_list
from lockctl.render.table import lock_table
from lockctl.repository.lock import LockFile
from lockctl.settings.policy import Policy
from lockctl.state.memory import Memory, Moment
from lockctl.survey.assess import assess
from lockctl.survey.changes import find_changes
from lockctl.survey.values import Look, Survey
from tests.unit.making import CONFIG, NOW, make_file, make_lock

FEW = 300


def files(count: int) -> tuple[LockFile, ...]:
    """Of ten hosts, each owner with two locks, so that most find something to compare with."""
    locks = (make_lock(60 * (n % 7) + n / 100, hostname=f"web{n % 10}", pid=n // 2) for n in range(count))
    return tuple(make_file(lock, created=n % 600) for n, lock in enumerate(locks))


def moment(passed: float) -> Moment:
    return Moment("boot", 10_000 + passed, 10_000 + passed, NOW / 1e9 + passed, NOW / 1e9 + passed)


def survey_of(found: tuple[LockFile, ...]) -> Survey:
    memory = Memory().look(found[::2], moment(0)).look(found, moment(60))
    look = Look("memory", CONFIG, Clocks(NOW, NOW), moment(60), found, NOW)
    return assess(look, memory, Policy())


def shown(survey: Survey) -> None:
    assert len(survey.blocked) == 4
    assert sum(map(len, dump_list(survey, survey.verdicts))) > 1000 * len(survey.verdicts)
    assert lock_table(survey.verdicts, colour=False)


def changed(survey: Survey) -> None:
    assert find_changes(survey.verdicts[::3], survey.verdicts)


def calls(act: Callable[[], object]) -> int:
    """How many functions are called, Python's own included."""
    count = 0

    def note(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("what", [shown, changed, None], ids=["shown", "compared", "judged"])
def test_three_times_as_many_cost_three_times_as_much(what: Callable[[Survey], None] | None) -> None:
    few, many = files(FEW), files(3 * FEW)
    if what is None:
        costs = [calls(lambda found=found: survey_of(found)) for found in (few, many)]  # type: ignore[misc]
    else:
        surveys = [replace(survey_of(found)) for found in (few, many)]
        what(surveys[0])  # what is made once is made by now
        costs = [calls(lambda survey=survey: what(survey)) for survey in surveys]  # type: ignore[misc]
    assert costs[0] > FEW
    assert costs[1] < 3.3 * costs[0]
