"""The advice for people: the table, the chart within its columns, and names that do no harm anywhere."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest

from lockctl.diagnosis.schedule.advice import Advice
from lockctl.render.advice_json import advice_object
from lockctl.render.advising import advice_text
from lockctl.render.as_json import dump
from lockctl.render.chart import BLOCKS, PLAIN, Signs, describe_days, describe_starts, draw_chart
from lockctl.render.chart_svg import draw_svg
from lockctl.render.proposal import crontab, timers
from tests.unit.diagnosis.schedule.backups import advice_of, at_hour, backup
from tests.unit.making import NOW, SECOND

HOSTILE = [
    "\x1b[31mred\x07",
    "two\nlines\n* * * * * root /bin/evil",
    "x" * 10_000,
    "\u202egnirts\u2069",
    "</text><script>alert(1)</script>&\"'",
    "日本語のとても長いホスト名です",
    "\ud800",
    "",
    "$(reboot) `reboot` %m",
    "tail\\",
]
SVG = "{http://www.w3.org/2000/svg}"


def advice_on(*hosts: str) -> Advice:
    return advice_of(*(at_hour(host, 2, 20, paths=(f"/srv/{host}",)) for host in hosts))


def text_of(advice: Advice, signs: Signs = BLOCKS, columns: int = 80) -> str:
    return advice_text(advice, signs, columns, False)


def rows(chart: str) -> dict[str, str]:
    """By host the bar that it has now."""
    lines = chart.split("\n\n")[0].splitlines()[2:]
    return {line[:15].strip(): line[16:64] for line in lines}


def test_the_table_says_on_how_many_runs_each_line_rests() -> None:
    advice = advice_of(
        at_hour("web1", 2, 20), at_hour("new", 3, days=range(1, 4)), at_hour("db", 4.5, weekdays=range(5))
    )
    table = text_of(advice).split("\n\n")[1].splitlines()
    assert [re.split(r"\s{2,}", line) for line in table] == [
        ["HOST", "RUNS", "STARTS", "DAYS", "WITHIN", "TAKES", "LONGEST", "PROPOSED"],
        ["db", "20", "04:30", "Mo-Fr", "1 min", "10 min", "10 min", "as now"],
        ["new", "3", "too-few-runs"],
        ["web1", "28", "02:00", "all", "1 min", "20 min", "20 min", "as now"],
    ]


def test_the_head_says_what_was_read() -> None:
    head = text_of(advice_of(at_hour("web1", 2), listed=1300, older=1272)).splitlines()[0]
    assert head == (
        "1 host, 28 runs of the last 42 d in smb://backup@nas/backup/restic (1300 snapshots, 1,272 are older)"
    )


def test_nothing_at_all() -> None:
    assert text_of(advice_of()).splitlines()[1] == "nothing can be said without snapshots"


@pytest.mark.parametrize(("signs", "columns", "width"), [(BLOCKS, 80, 80), (PLAIN, 80, 80), (BLOCKS, 200, 127)])
def test_the_chart_keeps_to_its_columns(signs: Signs, columns: int, width: int) -> None:
    hosts = [at_hour(name, 2, 20) for name in HOSTILE]
    often = [backup("often", NOW // SECOND - number * 900, 20) for number in range(1, 700)]
    chart = draw_chart(
        advice_of(*hosts, at_hour("weekly-with-a-long-name", 2, days=range(1, 43), weekdays=(0, 2)), often),
        signs,
        columns,
    )
    assert max(map(len, chart.splitlines())) <= width


def test_plain_signs_are_ascii() -> None:
    assert draw_chart(advice_on("web1", "web2"), PLAIN).isascii()


def test_where_the_bars_stand() -> None:
    long = backup("web1", at_hour("web1", 2, days=(30,))[0].start, 3 * 3600)
    chart = draw_chart(
        advice_of(at_hour("web1", 2, 20), [long], at_hour("late", 23.75, 45), at_hour("db", 5, 60)), BLOCKS
    )
    bars = rows(chart)
    assert bars["web1"] == "····█░░░░░" + "·" * 38
    assert bars["late"] == "█" + "·" * 46 + "▐"
    assert bars["db"] == "·" * 10 + "██" + "·" * 36
    assert bars["prune waits"][4] == "█"
    assert bars["prune waits"][6] == "░"
    assert bars["prune waits"][20] == "·"
    assert "═ free for exclusive work" in chart


def test_each_bar_has_its_hosts_own_time_behind_it() -> None:
    chart = draw_chart(
        advice_of(
            at_hour("ny", 21, 20, zone="America/New_York"),
            at_hour("a", 2, zone="Europe/Berlin"),
            at_hour("b", 4, zone="Europe/Berlin"),
        ),
        BLOCKS,
    )
    (line,) = [line for line in chart.split("\n\n")[0].splitlines() if line.startswith("ny")]
    assert (line[16:64].index("█"), line[65:]) == (6, "21:00"), "three in the morning in Berlin"


@pytest.mark.parametrize(
    ("starts", "every", "text"),
    [
        ((125,), None, "02:05"),
        ((5, 65), 60, "hourly :05"),
        ((5, 125), 120, "2-hourly :05"),
        ((0, 15), 15, "every 15 min"),
    ],
)
def test_starts(starts: tuple[int, ...], every: int | None, text: str) -> None:
    assert describe_starts(starts, every) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ((), "?"),
        (tuple(range(7)), "all"),
        ((0, 1, 2, 3, 4), "Mo-Fr"),
        ((6,), "Su"),
        ((2, 5), "We,Sa"),
        ((0, 1), "Mo,Tu"),
    ],
)
def test_days(days: tuple[int, ...], text: str) -> None:
    assert describe_days(days) == text


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_does_harm(name: str) -> None:
    advice = advice_on(name, "web1")
    for text in (text_of(advice), crontab(advice), timers(advice), draw_svg(advice)):
        assert set("\x1b\x07\r\u202e\u2069\ud800") & set(text) == set()
        assert all(len(line) < 1000 for line in text.splitlines())
        text.encode()
    assert not any(line.startswith(("lines", "* * *")) for line in crontab(advice).splitlines())
    assert dump(advice_object(advice)).isascii()


@pytest.mark.parametrize("name", HOSTILE)
def test_svg_is_sound_whatever_the_names_are(name: str) -> None:
    document = ET.fromstring(draw_svg(advice_on(name, "web1")))
    assert document.tag == f"{SVG}svg"
    assert {element.tag for element in document.iter()} <= {
        f"{SVG}{tag}" for tag in "svg title style rect line text".split()
    }
    bars = [one for one in document.iter(f"{SVG}rect") if one.get("class") in ("usual", "moved")]
    assert len(bars) == 2 + 2 + 2, "two now, two proposed, two in the legend"
    assert all("{" not in (one.get("y") or "") for one in document.iter(f"{SVG}rect"))


def test_svg_draws_what_goes_beyond_midnight_in_two() -> None:
    document = ET.fromstring(draw_svg(advice_of(at_hour("late", 23.5, 60))))
    bars = [(one.get("x"), one.get("width")) for one in document.iter(f"{SVG}rect") if one.get("class") == "usual"]
    assert bars[:2] == [("895.0", "15.0"), ("190.0", "15.0")]


def test_json_holds_the_proposal_and_what_it_rests_on() -> None:
    advice = advice_of(at_hour("web1", 2, 20, zone="Europe/Berlin"), at_hour("web2", 2, 20, zone="Europe/Berlin"))
    told = json.loads(dump(advice_object(advice)))
    assert told["schema"] == "lockctl.advise/1"
    assert told["ends"] == {"summary": 56, "file": 0, "unknown": 0}
    assert told["meeting_seconds_a_day"] == {"now": 1200, "proposed": 0}
    (pair,) = told["overlaps"]["pairs"]
    assert pair == {"hostnames": ["web1", "web2"], "together": 28, "longest_seconds": 1200, "started_together": 28}
    host = told["hosts"][1]
    assert (host["hostname"], host["runs"], host["restic"], host["unplanned"]) == ("web2", 28, "0.18", None)
    (habit,) = host["habits"]
    assert (habit["starts"], habit["timed_runs"], habit["usual_seconds"]) == (["02:00"], 28, 1200)
    assert habit["proposed"]["starts"] == ["02:25"]
    assert habit["proposed"]["on_calendar"] == ["*-*-* 02:25:00"]
    assert told["retry_lock"]["option"] == "25m"
    assert told["prune_window"]["begin_utc"] == "01:45"
    assert {finding["code"] for finding in told["findings"]} >= {"starts-together", "breaker-cure"}
