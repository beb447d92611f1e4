"""Which hosts work at the same time, how often they start together, and when exclusive work has to wait."""

from __future__ import annotations

import pytest

from lockctl.diagnosis.schedule.overlap import Overlaps, Slot, find_overlaps
from lockctl.diagnosis.schedule.runs import gather_runs
from lockctl.repository.snapshot import Snapshot
from tests.unit.diagnosis.schedule.backups import DAY, HOUR, MINUTE, NOW, at_hour, backup

MIDNIGHT = NOW - NOW % DAY


def overlaps_of(*snapshots: Snapshot, offset: int = 0) -> Overlaps:
    return find_overlaps(gather_runs(snapshots), offset)


@pytest.mark.parametrize(
    ("later", "pair", "most"),
    [
        pytest.param(0, (1, 600, 1), 2, id="at once"),
        pytest.param(60, (1, 540, 1), 2, id="a minute later"),
        pytest.param(61, (1, 539, 0), 2, id="a little more"),
        pytest.param(599, (1, 1, 0), 2, id="just so"),
        pytest.param(600, None, 1, id="when the other ends"),
    ],
)
def test_a_pair(later: int, pair: tuple[int, int, int] | None, most: int) -> None:
    found = overlaps_of(backup("b", MIDNIGHT + later), backup("a", MIDNIGHT))
    told = [(one.first, one.second, one.together, one.longest, one.near) for one in found.pairs]
    assert told == ([("a", "b", *pair)] if pair else [])
    assert found.most_at_once == most


def test_across_midnight_and_time_zones() -> None:
    berlin = at_hour("a", 0.5, 30, zone="Europe/Berlin")
    london = at_hour("b", 23.75, 30, zone="Europe/London")
    (pair,) = overlaps_of(*berlin, *london).pairs
    assert (pair.together, pair.longest) == (27, 15 * MINUTE)


def test_what_has_no_known_end_meets_nobody_but_starts_beside_others() -> None:
    lone = [backup(host, MIDNIGHT, None, written=1) for host in "ab"]
    (pair,) = overlaps_of(*lone).pairs
    assert (pair.together, pair.near) == (0, 1)


def test_stretches_are_joined_where_nobody_could_come_between() -> None:
    joined = overlaps_of(backup("a", MIDNIGHT), backup("b", MIDNIGHT + 660), backup("c", MIDNIGHT + 1400))
    assert joined.longest is not None
    assert (joined.longest.start - MIDNIGHT, joined.longest.seconds) == (0, 1260)
    assert joined.daily == (1260,)


def test_when_exclusive_work_waits() -> None:
    found = overlaps_of(*at_hour("a", 2, 45, days=range(1, 11)), *at_hour("b", 2, 20, days=range(1, 6)), offset=0)
    slots = {slot.minute: slot for slot in found.slots}
    assert len(slots) == 48
    assert slots[120] == Slot(120, 10, 10, 45 * MINUTE)
    assert slots[150] == Slot(150, 10, 10, 15 * MINUTE)
    assert slots[180] == Slot(180, 10, 0, 0)


def test_the_slots_are_of_the_day_that_was_asked_for() -> None:
    found = overlaps_of(*at_hour("a", 23, 45, days=range(1, 11)), offset=2 * HOUR)
    assert [slot.minute for slot in found.slots if slot.blocked] == [60, 90]


def test_nothing() -> None:
    assert overlaps_of() == Overlaps((), 0, None, (), ())
