"""Clocks that are wrong, by how many witnesses say so; and what is no error of a clock."""

from __future__ import annotations

from typing import Any

import pytest

from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.repository.lock import LockFile
from tests.unit.diagnosis.share.observing import HOUR, found_in, live, survey_of
from tests.unit.making import ALIVE, make_file, make_lock

CODES = {"owner-clock-off", "server-clock-off", "own-clock-off", "clocks-differ"}
SURE, LIKELY, POSSIBLE = Certainty.CERTAIN, Certainty.LIKELY, Certainty.POSSIBLE


def of_clocks(found: list[Finding]) -> list[tuple[str, Weight, Certainty]]:
    return [(one.code, one.weight, one.certainty) for one in found if one.code in CODES]


def off(ahead: float, hostname: str = "web1", age: float = 10, **fields: Any) -> LockFile:
    """A lock of a host whose clock is so many seconds ahead, made `age` seconds ago."""
    return make_file(make_lock(age - ahead, hostname=hostname, **fields), created=age, written=age - ahead)


@pytest.mark.parametrize(
    ("ahead", "weight", "certainty"),
    [
        (59, None, None),
        (61, Weight.NOTE, LIKELY),
        (449, Weight.NOTE, LIKELY),
        (451, Weight.LOOK, LIKELY),
        (HOUR, Weight.ACT, LIKELY),
        (-59, None, None),
        (-449, None, None),
        (-451, Weight.LOOK, POSSIBLE),
        (-5 * HOUR, Weight.LOOK, POSSIBLE),
    ],
)
def test_one_host_of_two(ahead: float, weight: Weight | None, certainty: Certainty | None) -> None:
    """Behind may also be what was copied."""
    told = of_clocks(found_in(survey_of(live("right"), off(ahead))))
    assert told == ([("owner-clock-off", weight, certainty)] if weight is not None else [])


def test_behind_is_likely_where_it_was_so_at_different_times() -> None:
    files = [off(-HOUR, age=10, pid=1), off(-HOUR, age=400, pid=2)]
    assert of_clocks(found_in(survey_of(*files))) == [("owner-clock-off", Weight.ACT, LIKELY)]


def test_hosts_alike_are_one_finding() -> None:
    files = [off(HOUR, "web1"), off(2 * HOUR, "web2"), off(-HOUR, "web3")]
    told = [one for one in found_in(survey_of(*files)) if one.code == "owner-clock-off"]
    assert ["web1" in one.seen and "web2" in one.seen for one in told] == [True, False]
    assert "1 h ahead of the server's" in told[0].seen
    assert "web3" in told[1].seen


def test_what_restore_put_back_says_nothing() -> None:
    """It is as old as it was, and its file is new."""
    file = off(-HOUR)
    assert of_clocks(found_in(survey_of(file, held=[file]))) == []


def test_a_creation_that_may_be_made_up_says_nothing() -> None:
    file = make_file(make_lock(10), created=HOUR, written=HOUR)
    assert of_clocks(found_in(survey_of(file, keeps_creation=False))) == []


def by_server(ahead: float, hostname: str, error: float = 0.0) -> LockFile:
    """A lock that was just made, by a server whose clock is so many seconds ahead of ours; `error` is its host's."""
    return make_file(make_lock(10 - error, hostname=hostname), created=10 - ahead, written=10 - error)


@pytest.mark.parametrize("ahead", [HOUR, -HOUR, 500, 61], ids=lambda ahead: f"{ahead} s")
@pytest.mark.parametrize(
    ("hosts", "code", "certainty"),
    [
        pytest.param({}, "clocks-differ", POSSIBLE, id="no witness"),
        pytest.param({"web1": 0}, "server-clock-off", LIKELY, id="a host is with us"),
        pytest.param({"web1": 0, "db2": 3}, "server-clock-off", LIKELY, id="two hosts are with us"),
        pytest.param({"web1": 1}, "own-clock-off", LIKELY, id="a host is with the server"),
        pytest.param({"web1": 0, "db2": 1}, "clocks-differ", POSSIBLE, id="one with each"),
    ],
)
def test_the_servers_clock_and_ours(ahead: float, hosts: dict[str, float], code: str, certainty: Certainty) -> None:
    """`hosts` are each host's error: 1 for the server's, else in seconds."""
    files = [by_server(ahead, name, ahead if error == 1 else error) for name, error in hosts.items()]
    weight = Weight.ACT if abs(ahead) == HOUR else Weight.LOOK if abs(ahead) == 500 else Weight.NOTE
    assert of_clocks(found_in(survey_of(*files, server=ahead))) == [(code, weight, certainty)]


@pytest.mark.parametrize("apart", [0, 30, -59])
def test_clocks_that_agree_are_nothing(apart: float) -> None:
    assert of_clocks(found_in(survey_of(by_server(apart, "web1"), server=apart))) == []


def test_our_own_lock_is_no_witness_of_our_own_clock() -> None:
    files = [by_server(HOUR, "this-one")]
    assert of_clocks(found_in(survey_of(*files, server=HOUR, said={0: ALIVE}))) == [
        ("clocks-differ", Weight.ACT, POSSIBLE)
    ]


def test_a_host_that_neither_explains_is_told_of_too() -> None:
    files = [by_server(HOUR, "right"), by_server(HOUR, "wrong", -3 * HOUR)]
    told = [code for code, _, _ in of_clocks(found_in(survey_of(*files, server=HOUR)))]
    assert told == ["server-clock-off", "owner-clock-off"]


@pytest.mark.parametrize(
    ("behind", "came", "copied"),
    [
        pytest.param((HOUR, 5 * HOUR, 30 * HOUR), (10, 12, 20), True, id="copied"),
        pytest.param((HOUR, 5 * HOUR), (10, 12), False, id="two are too few"),
        pytest.param((HOUR, HOUR, HOUR), (10, 12, 20), False, id="of one time"),
        pytest.param((HOUR, 5 * HOUR, 30 * HOUR), (10, 5000, 20), False, id="came at different times"),
        pytest.param((0, 5 * HOUR, 30 * HOUR), (10, 12, 20), False, id="one of them is right"),
    ],
)
def test_locks_that_were_copied_are_no_errors_of_clocks(
    behind: tuple[float, ...], came: tuple[float, ...], copied: bool
) -> None:
    files = [off(-error, f"h{n}", age) for n, (error, age) in enumerate(zip(behind, came, strict=True))]
    found = found_in(survey_of(*files))
    assert [one.weight for one in found if one.code == "locks-copied"] == [Weight.LOOK] * copied
    assert bool(of_clocks(found)) is not copied
