"""Metrics as text: what promtool says of them, what is left out, and names of strangers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.liveness.evidence import State
from lockctl.monitoring.figures import Figures, Removals, count_removals, measure
from lockctl.render.prometheus import METRICS, Scrape, metrics_text
from lockctl.render.words import plain_number
from tests.promtool import check_metrics, samples, values
from tests.unit.diagnosis.share.observing import live, record_of, survey_of
from tests.unit.making import CONFIG, make_survey, make_verdict

ADDRESS = "smb://backup@nas/backup/restic"
REMOVALS = count_removals([record_of(live("a"), 3600)], ADDRESS, CONFIG.sha256)
FULL = measure(survey_of(live(exclusive=True), live("web2", 300)), {})
RUN = 1_800_000_000.25


def scrape(
    figures: Figures | None = FULL, removals: Removals | None = REMOVALS, address: str = ADDRESS, **changes: object
) -> Scrape:
    made = Scrape(address, RUN, figures, removals, journal_sound=True, last_success=RUN)
    return replace(made, **changes)  # type: ignore[arg-type]


def names(text: str) -> set[str]:
    return {name for name, _ in samples(text)}


def test_every_metric_can_be_there_and_promtool_finds_nothing() -> None:
    text = metrics_text([scrape()])
    check_metrics(text)
    assert names(text) == {metric.name for metric in METRICS}
    assert text.endswith("\n")


def test_several_repositories_share_one_head() -> None:
    text = metrics_text([scrape(), scrape(address="rclone:nas:backup/other"), scrape(None, None, "/srv/third")])
    check_metrics(text)
    assert text.count("# TYPE lockctl_up gauge") == 1
    assert values(text, "lockctl_up") == [1, 1, 0]


def test_what_could_not_be_read_has_no_line() -> None:
    text = metrics_text([scrape(None, None, last_success=None, journal_sound=False)])
    check_metrics(text)
    told = {"lockctl_build_info", "lockctl_up", "lockctl_last_run_timestamp_seconds", "lockctl_journal_sound"}
    assert names(text) == told
    assert values(text, "lockctl_up") == values(text, "lockctl_journal_sound") == [0]


def test_of_nothing_there_is_no_age() -> None:
    text = metrics_text([scrape(measure(make_survey([]), {}))])
    check_metrics(text)
    absent = {"oldest_lock_age", "exclusive_lock_held", "owner_clock_offset"}
    assert not names(text) & {f"lockctl_{name}_seconds" for name in absent}
    assert values(text, "lockctl_blocked", work="backup") == [0]
    assert values(text, "lockctl_server_clock_offset_seconds") == [0]


def test_values() -> None:
    text = metrics_text([scrape()])
    assert values(text, "lockctl_locks", state="active", kind="exclusive") == [1]
    assert values(text, "lockctl_locks", state="active", kind="shared") == [1]
    assert sum(values(text, "lockctl_locks")) == 2
    assert values(text, "lockctl_blocked") == [1, 1, 1, 1]
    assert values(text, "lockctl_oldest_lock_age_seconds") == [300]
    assert values(text, "lockctl_removed_total", state="stale") == [1]
    assert values(text, "lockctl_last_success_timestamp_seconds") == [RUN]


@pytest.mark.parametrize(
    "name",
    ['a"b', "a\\b", "a\nb", "a\\", '\\"', "a\x00b", "\x1b[2J", "\u202e", "\udcff", "\u2028", "ö \t}", '"} 1\nx{y="'],
)
def test_names_of_any_kind(name: str) -> None:
    text = metrics_text([scrape(address=f"/srv/{name}")])
    text.encode("utf-8")
    check_metrics(text)
    assert values(text, "lockctl_up") == [1]
    assert len(text.splitlines()) == len(text.split("\n")) - 1


def test_no_name_of_a_lock_is_a_label() -> None:
    """Whoever can write there must not make as many series as he likes."""
    many = [live(f"host-{number}", pid=number) for number in range(200)]
    text = metrics_text([scrape(measure(survey_of(*many), {}))])
    assert "host-" not in text
    assert len(samples(text)) == len(samples(metrics_text([scrape(measure(survey_of(live()), {}))])))


def test_a_long_address_is_cut() -> None:
    assert len(metrics_text([scrape(address="x" * 100_000)])) < 60_000


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (-0.0001, "0"),
        (10, "10"),
        (1800000000.25, "1800000000.25"),
        (0.0004, "0"),
        (-1.5, "-1.5"),
        (1e17, "1" + "0" * 17),
    ],
)
def test_numbers(value: float, shown: str) -> None:
    assert plain_number(value) == shown


def test_a_state_that_nobody_expects() -> None:
    survey = make_survey([make_verdict(state=State.UNREADABLE), make_verdict(state=State.WRITING)])
    text = metrics_text([scrape(measure(survey, {}))])
    check_metrics(text)
    assert values(text, "lockctl_locks", state="unreadable", kind="shared") == [1]
