"""What counts as one run of a host, when it ended, and by what that is known."""

from __future__ import annotations

import pytest

from lockctl.diagnosis.schedule.runs import CHAIN_SECONDS, End, Run, count_ends, gather_runs
from lockctl.repository.snapshot import Snapshot
from tests.unit.diagnosis.schedule.backups import DAY, HOUR, NOW, backup

T = NOW - DAY


def runs_of(*snapshots: Snapshot) -> list[tuple[int, int, End]]:
    """Start and end of each run, counted from T."""
    (host,) = gather_runs(snapshots)
    return [(run.start - T, run.end - T, run.known) for run in host.runs]


@pytest.mark.parametrize(
    ("snapshots", "runs"),
    [
        pytest.param([backup(start=T)], [(0, 600, End.SUMMARY)], id="one"),
        pytest.param(
            [backup(start=T), backup(start=T + 600 + CHAIN_SECONDS)], [(0, 1380, End.SUMMARY)], id="a script's two"
        ),
        pytest.param(
            [backup(start=T), backup(start=T + 601 + CHAIN_SECONDS)],
            [(0, 600, End.SUMMARY), (781, 1381, End.SUMMARY)],
            id="two with a pause",
        ),
        pytest.param([backup(start=T, seconds=HOUR), backup(start=T + 60)], [(0, HOUR, End.SUMMARY)], id="one within"),
        pytest.param([backup(start=T), backup(start=T)], [(0, 600, End.SUMMARY)], id="written twice"),
        pytest.param(
            [backup(start=T, seconds=None, written=T + 300)], [(0, 300, End.FILE)], id="no end: the file's time"
        ),
        pytest.param(
            [backup(start=T, seconds=None, written=T - 1)], [(0, 0, End.FILE)], id="a file's time cuts fractions off"
        ),
        pytest.param(
            [backup(start=T, seconds=None, written=T + 20 * DAY)], [(0, 0, End.UNKNOWN)], id="the file came later"
        ),
        pytest.param([backup(start=T, seconds=None, written=T - 60)], [(0, 0, End.UNKNOWN)], id="the file came before"),
        pytest.param(
            [backup(start=T, seconds=None, written=T + HOUR, altered=True)],
            [(0, 0, End.UNKNOWN)],
            id="tagged later: its file is younger than the backup",
        ),
        pytest.param([backup(start=T, altered=True, written=T + HOUR)], [(0, 600, End.SUMMARY)], id="tagged, with end"),
    ],
)
def test_runs(snapshots: list[Snapshot], runs: list[tuple[int, int, End]]) -> None:
    assert runs_of(*snapshots) == runs


def test_what_was_copied_here_never_ran_here() -> None:
    assert gather_runs([backup(copied=True)]) == []


@pytest.mark.parametrize(
    ("others", "known"),
    [
        ([backup("b", T + n * HOUR, 60) for n in range(9)], End.FILE),
        ([backup("b", T + n * HOUR, 60, written=NOW) for n in range(9)], End.UNKNOWN),
        ([backup("b", T + n * HOUR, None, written=T - DAY) for n in range(9)], End.UNKNOWN),
    ],
    ids=["files as old as their backups", "a repository that was copied whole", "a clock that never was right"],
)
def test_the_times_of_files_count_where_all_of_them_can_be_right(others: list[Snapshot], known: End) -> None:
    one = backup("a", T, None, written=T + 300)
    assert gather_runs([one, *others])[0].runs[0].known is known


def test_hosts_are_told_apart_and_what_their_newest_snapshot_says() -> None:
    old = backup("a", T, version=None, paths=("/etc",))
    new = backup("a", T + HOUR, version=(0, 16), paths=("/home",))
    a, b = gather_runs([new, backup("b", T, version=(0, 15)), old])
    assert (a.host, len(a.runs), a.paths, a.version, a.has_retry_lock) == ("a", 2, (), (0, 16), True)
    assert (b.host, len(b.runs), b.paths, b.version, b.has_retry_lock) == ("b", 1, ("/home",), (0, 15), False)


def test_offsets_have_the_present_one_first() -> None:
    (host,) = gather_runs(backup(start=T + n * HOUR, offset=7200 if n < 3 else 3600) for n in range(6))
    assert host.offsets == (3600, 7200)


def test_ends_are_counted() -> None:
    runs = [Run("a", 0, 0, known, 0) for known in (End.FILE, End.FILE, End.UNKNOWN)]
    assert count_ends(runs) == {End.SUMMARY: 0, End.FILE: 2, End.UNKNOWN: 1}
    assert [run.seconds for run in runs] == [0, 0, None]
