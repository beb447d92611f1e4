"""Levels: what is above which limit, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.logs.runs import Run
from lockctl.diagnosis.logs.story import Story
from lockctl.liveness.evidence import Clocks, State, Verdict
from lockctl.monitoring.figures import Figures, measure
from lockctl.monitoring.limits import QUANTITIES, Level, Quantity, default_limits, find_limits
from lockctl.monitoring.thresholds import check, log_findings, values_of
from tests.unit.making import NOW, make_file, make_lock, make_survey, make_verdict, of_host, seconds

WELL = measure(make_survey([]), {})
OTHER_VALUES = {
    "oldest": "oldest_seconds",
    "exclusive": "exclusive_seconds",
    "clock": "clock",
    "owner-clock": "owner_clock",
}


def figures_with(name: str, value: float) -> Figures:
    """All is well but this."""
    locks = tuple(of_host(f"host{number}") for number in range(int(value)))
    changes: dict[str, Any] = {OTHER_VALUES[name]: value} if name in OTHER_VALUES else {name: locks}
    return replace(WELL, **changes)


def finding(weight: Weight, seen: str = "Something was seen.") -> Finding:
    return Finding("owner-came-back", weight, seen, "It means that.", "Do this.", Certainty.CERTAIN)


def story(weight: Weight, *, settled: bool = False) -> Story:
    return Story(finding(weight), Run("", ""), (), is_settled=settled)


def test_nothing_is_ok() -> None:
    checked = check(WELL, [], default_limits())
    assert (checked.level, checked.alarms) == (Level.OK, ())


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_above_a_limit_and_not_what_is_at_it(quantity: Quantity, sign: int) -> None:
    name, unit = quantity.name, "s" if quantity.is_duration else ""
    limits = find_limits([f"{name}=2{unit}"], [f"{name}=5{unit}"])
    sign = sign if "clock" in name else 1
    told = {value: check(figures_with(name, sign * value), [], limits) for value in (0, 2, 3, 5, 6)}
    levels = [Level.OK, Level.OK, Level.WARNING, Level.WARNING, Level.CRITICAL]
    assert [checked.level for checked in told.values()] == levels
    assert len(told[6].alarms) == 1


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_no_limit_and_no_figure_are_no_alarm(quantity: Quantity) -> None:
    name = quantity.name
    off = find_limits([f"{name}=off"], [f"{name}=off"])
    assert check(figures_with(name, 10), [], off).level is Level.OK
    if name in OTHER_VALUES and name != "clock":
        assert values_of(WELL)[name] is None
        limits = find_limits([f"{name}=0s"], [f"{name}=0s"])
        assert check(WELL, [], limits).level is Level.OK


def exclusive(hostname: str) -> Verdict:
    return make_verdict(make_file(make_lock(7200, hostname=hostname, exclusive=True), created=7200))


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([of_host("web1")], "1 stale lock: ", ),
        ([of_host("web1")], " (web1, PID 4209, web1) (blocks prune, check, forget)"),
        ([exclusive("a"), of_host("b")], "2 stale locks: "),
        ([exclusive("a"), of_host("b")], "(blocks backup, prune, check, forget)"),
        ([of_host("web1", State.DAMAGED)], "1 damaged lock: "),
        ([of_host("a", State.DAMAGED), of_host("b", State.UNDECODABLE)], "1 damaged, 1 undecodable locks: "),
        ([of_host("a"), of_host("b", State.DEAD), of_host("c")], "1 dead, 2 stale locks: "),
        ([of_host("web1", State.UNREADABLE)], "1 lock could not be read: "),
        ([of_host(f"host{number}") for number in range(30)], "30 stale locks: "),
        ([of_host(f"host{number}") for number in range(30)], " and 27 more (blocks"),
        ([exclusive("a")], "an exclusive lock is held for at least 2 h: "),
        ([exclusive("a")], "the oldest lock was not renewed for 2 h: "),
    ],
)  # fmt: skip
def test_what_is_said(verdicts: list[Verdict], said: str) -> None:
    checked = check(measure(make_survey(verdicts), {}), [], find_limits(["exclusive=1h"], []))
    assert said in "; ".join(alarm.text for alarm in checked.alarms)


@pytest.mark.parametrize(
    ("server", "said"),
    [(600, "the server's clock is 10 min ahead of this machine's"), (-600, "the server's clock is 10 min behind")],
)
def test_what_is_said_of_clocks(server: float, said: str) -> None:
    survey = replace(make_survey([]), clocks=Clocks(NOW, NOW + seconds(server)))
    checked = check(measure(survey, {}), [], default_limits())
    assert said in checked.alarms[0].text
    off = replace(WELL, owner_clock=server, owner_host="h" * 99)
    told = check(off, [], default_limits()).alarms[0].text
    assert told.startswith(f"the clock of {'h' * 39}… is 10 min ")


@pytest.mark.parametrize(
    ("weights", "levels"),
    [
        ([Weight.NOTE], []),
        ([Weight.LOOK], [Level.WARNING]),
        ([Weight.NOTE, Weight.LOOK, Weight.ACT], [Level.CRITICAL, Level.WARNING]),
    ],
)
def test_findings_count_by_their_weight(weights: list[Weight], levels: list[Level]) -> None:
    checked = check(WELL, [finding(weight) for weight in weights], default_limits())
    assert [alarm.level for alarm in checked.alarms] == levels
    assert {alarm.text for alarm in checked.alarms} <= {"Something was seen"}


def test_the_worst_is_told_first_and_the_unknown_last() -> None:
    unread, stale = of_host("a", State.UNREADABLE), of_host("b")
    damaged = of_host("c", State.DAMAGED)
    checked = check(measure(make_survey([unread, stale, damaged]), {}), [], find_limits(["oldest=off"], []))
    levels = [alarm.level for alarm in checked.alarms]
    assert levels == [Level.CRITICAL, Level.WARNING, Level.UNKNOWN]
    assert check(measure(make_survey([unread]), {}), [], find_limits(["9", "oldest=off"], [])).level is Level.UNKNOWN


def test_of_a_log_what_no_later_run_has_settled() -> None:
    told = log_findings([story(Weight.ACT), story(Weight.LOOK, settled=True)])
    assert [(one.weight, one.seen) for one in told] == [(Weight.ACT, "log: Something was seen.")]
