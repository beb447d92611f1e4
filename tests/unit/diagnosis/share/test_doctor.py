"""A healthy repository gives nothing to look at; what is wrong comes worst first; nothing costs too much."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from lockctl.diagnosis.findings import CURE, Certainty, Weight, exit_status
from lockctl.diagnosis.share.doctor import diagnose
from lockctl.diagnosis.share.observed import Observed
from lockctl.repository.lock import Problem
from tests.unit.diagnosis.share.observing import (
    DAY,
    HOUR,
    codes,
    cut_short,
    found_in,
    journal_of,
    live,
    observed_of,
    record_of,
    survey_of,
)
from tests.unit.making import make_file, make_lock


@pytest.mark.parametrize(
    "observed",
    [
        pytest.param(observed_of(survey_of()), id="no lock"),
        pytest.param(observed_of(survey_of(live("web1"), live("db2", 200), live("mail", 299))), id="three hosts"),
        pytest.param(observed_of(survey_of(live("web1", exclusive=True))), id="a prune at work"),
        pytest.param(observed_of(survey_of(*(live(f"host{n}", n % 300) for n in range(500)))), id="many hosts"),
        pytest.param(observed_of(survey_of(live(pid=1), live(pid=2), live(pid=3, username="x"))), id="busy host"),
        pytest.param(observed_of(survey_of(live()), survey_of(live())), id="two looks"),
        pytest.param(observed_of(survey_of(live(age=305), live(age=5))), id="between write and removal of a renewal"),
        pytest.param(observed_of(survey_of(live(), server=20)), id="clocks some seconds apart"),
        pytest.param(observed_of(survey_of(live(), keeps_creation=True), may_delete=None), id="server tells little"),
        pytest.param(observed_of(survey_of(live()), protection=None, tells_changes=None), id="a path"),
        pytest.param(
            observed_of(survey_of(live()), journal=journal_of(record_of(live("gone"), HOUR))), id="one pruned"
        ),
        pytest.param(
            observed_of(
                survey_of(make_file(make_lock(2, hostname="slow"), created=-0.5, written=31), live("quick", 31))
            ),
            id="an upload of half a minute",
        ),
    ],
)
def test_a_healthy_repository_gives_nothing_to_look_at(observed: Observed) -> None:
    """False alarms are the worst that could come of it."""
    findings = diagnose(observed)
    assert {finding.code for finding in findings} <= {"rclone-cache"}
    assert exit_status(findings) == 0


def test_worst_first_and_what_blocks_everybody_before_the_rest() -> None:
    survey = survey_of(
        make_file(make_lock(2 * HOUR, hostname="shared"), created=2 * HOUR),
        make_file(make_lock(2 * HOUR, hostname="exclusive", exclusive=True), created=2 * HOUR),
        cut_short(2 * HOUR),
        make_file(name="notes.txt", problem=Problem.FOREIGN),
        make_file(make_lock(15 * 60, hostname="late"), created=15 * 60),
    )
    told = found_in(survey, may_delete=False)
    assert codes(told) == [
        ("lock-damaged", Weight.ACT),
        ("stale-lock", Weight.ACT),
        ("stale-lock", Weight.ACT),
        ("may-not-delete", Weight.LOOK),
        ("foreign-file", Weight.NOTE),
        ("renewal-missed", Weight.NOTE),
    ]
    assert ["exclusive" in told[1].seen, "exclusive" in told[2].seen] == [True, False]
    assert exit_status(told) == 2


def test_every_finding_says_all_that_there_is_to_say() -> None:
    """Whole sentences; and who has something to do is told what."""
    survey = survey_of(*(make_file(make_lock(2 * HOUR, hostname=f"h{n}"), created=2 * HOUR) for n in range(5)))
    for finding in diagnose(observed_of(survey, may_delete=False)):
        for text in (finding.seen, finding.meaning):
            assert text[0].isupper() or text[0].isdigit()
            assert text.endswith((".", ".)"))
        assert finding.todo or finding.weight is Weight.NOTE


@pytest.mark.parametrize(
    ("address", "hosts", "certainty"),
    [
        ("rclone:nas:backup", 0, Certainty.POSSIBLE),
        ("rclone:nas:backup", 1, Certainty.POSSIBLE),
        ("rclone:nas:backup", 2, Certainty.LIKELY),
        ("smb://nas/backup", 0, None),
        ("smb://nas/backup", 1, None),
        ("smb://nas/backup", 2, Certainty.POSSIBLE),
    ],
)
def test_the_cure_is_told_where_clients_may_use_rclone(address: str, hosts: int, certainty: Certainty | None) -> None:
    """A note only: a healthy repository must not exit with 1 for ever."""
    files = [live(f"h{n}") for n in range(hosts)]
    cures = [f for f in diagnose(observed_of(survey_of(*files, address=address))) if f.code == "rclone-cache"]
    assert [cure.certainty for cure in cures] == ([certainty] if certainty is not None else [])
    assert all(CURE in cure.todo and cure.weight is Weight.NOTE for cure in cures)


def test_the_cure_counts_hosts_of_the_journal() -> None:
    observed = observed_of(survey_of(), journal=journal_of(record_of(live("a"), DAY), record_of(live("b"), DAY)))
    assert [finding.code for finding in diagnose(observed)] == ["rclone-cache"]


def test_a_half_written_lock_always_brings_the_cure() -> None:
    survey = survey_of(cut_short(20))
    assert [finding.code for finding in diagnose(observed_of(survey))] == ["lock-half-written", "rclone-cache"]


def test_whatever_strangers_write_costs_little() -> None:
    """Thousands of files of each kind, and names of ten thousand characters."""
    many = 2000
    name = "n" * 10_000
    files = [
        *(make_file(make_lock(2 * HOUR, hostname=f"{name}{n}"), created=2 * HOUR) for n in range(many)),
        *(make_file(make_lock(-HOUR, hostname=f"{n}{name}"), created=10) for n in range(many)),
        *(cut_short(20, name=f"{n:064x}") for n in range(many)),
        *(make_file(name=f"-{name}{n}", problem=Problem.FOREIGN) for n in range(many)),
    ]
    first = survey_of(*files)
    grown = [replace(file, entry=replace(file.entry, size=61)) for file in files]
    last = survey_of(*grown)
    begun = time.process_time()
    findings = diagnose(observed_of(first, last))
    assert time.process_time() - begun < 5
    assert len(findings) < 12
    for finding in findings:
        assert len(finding.seen) < 1000
        assert len(finding.locks) <= 1000
