"""Findings as text and as JSON: all that they say, in lines of the width asked for, and harmless."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from lockctl.diagnosis.findings import CURE, Certainty, Finding, Weight
from lockctl.diagnosis.share.doctor import diagnose
from lockctl.render.as_json import dump
from lockctl.render.findings import findings_summary, findings_text
from lockctl.render.findings_json import doctor_object
from tests.unit.diagnosis.share.observing import HOUR, live, observed_of, survey_of
from tests.unit.making import make_file, make_lock

FINDING = Finding(
    "stale-lock",
    Weight.ACT,
    "Something that was seen, and that takes more than one line to tell where lines are short.",
    "What it means.",
    "Run 'lockctl prune --watch', and then wait for as long as it takes.",
    Certainty.LIKELY,
    ("a" * 64,),
)


@pytest.mark.parametrize("width", [40, 80, 100])
def test_lines_are_no_longer_than_asked_for(width: int) -> None:
    text = findings_text([FINDING, replace(FINDING, todo="")], width, colour=False)
    assert max(len(line) for line in text.splitlines()) <= width
    words = " ".join(text.split())
    for said in (FINDING.seen, FINDING.meaning, FINDING.todo):
        assert said in words
    assert text.count("\n\n") == 1


def test_a_finding() -> None:
    assert findings_text([replace(FINDING, seen="What was seen.", todo="")], 80, colour=False).splitlines() == [
        "TO DO: stale-lock (likely, not certain)",
        "  Seen:  What was seen.",
        "  Means: What it means.",
        "  Do:    nothing",
    ]


@pytest.mark.parametrize("width", range(40, 80, 3))
def test_a_command_stays_on_one_line(width: int) -> None:
    assert "'lockctl prune --watch'" in findings_text([FINDING], width, colour=False)


def test_the_option_that_cures_can_be_copied() -> None:
    """Whole, alone on its line."""
    (cure,) = diagnose(observed_of(survey_of(address="rclone:nas:backup")))
    assert CURE in [line.strip() for line in findings_text([cure], 80, colour=False).splitlines()]


def test_colour_is_for_heads_alone() -> None:
    plain = findings_text([FINDING, replace(FINDING, weight=Weight.NOTE)], 80, colour=False)
    coloured = findings_text([FINDING, replace(FINDING, weight=Weight.NOTE)], 80, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert [line.startswith("\x1b[") for line in coloured.splitlines() if "stale-lock" in line] == [True, True]
    assert "\x1b" not in plain


EVIL = "\x1b[2J\u202eweb1\nroot"


def test_names_of_strangers_are_harmless() -> None:
    survey = survey_of(make_file(make_lock(2 * HOUR, hostname=EVIL, username=EVIL), created=2 * HOUR))
    observed = observed_of(replace(survey, address=f"rclone:{EVIL}"))
    findings = diagnose(observed)
    shown = findings_text(findings, 80, colour=False) + findings_summary(findings, observed, 80)
    assert "\\x1b[2J" in shown
    assert not set(shown) & {"\x1b", "\u202e"}
    assert dump(doctor_object(findings, observed)).isascii()


@pytest.mark.parametrize(
    ("survey", "said"),
    [
        (survey_of(), "nas/backup/restic: nothing is wrong. Looked at: 0 files in locks/, clocks,"),
        (survey_of(live("a"), live("b")), "nothing is wrong (1 note). Looked at: 2 files in locks/ of 2 hosts,"),
        (
            survey_of(make_file(make_lock(2 * HOUR), created=2 * HOUR)),
            "restic: 1 to do. Looked at: 1 file in locks/ of",
        ),
    ],
)
def test_the_summary_tells_what_was_looked_at(survey: object, said: str) -> None:
    observed = observed_of(survey)  # type: ignore[arg-type]
    summary = findings_summary(diagnose(observed), observed, 80)
    assert said in " ".join(summary.split())
    assert "the connection (SMB 3.1.1, encrypted)." in " ".join(summary.split())


def test_the_summary_tells_nothing_that_was_not_looked_at() -> None:
    observed = observed_of(survey_of(), may_delete=None, protection=None)
    summary = findings_summary([], observed, 200)
    assert summary.endswith("Looked at: 0 files in locks/, clocks and the journal.")


def test_json() -> None:
    survey = survey_of(make_file(make_lock(2 * HOUR), created=2 * HOUR), address="rclone:nas:backup")
    observed = observed_of(survey, may_delete=False)
    told = json.loads(dump(doctor_object(diagnose(observed), observed)))
    assert list(told) == [
        *("schema", "repository", "clock", "connection", "may_delete", "looks", "watched_seconds", "status", "findings")
    ]
    assert (told["schema"], told["status"], told["may_delete"]) == ("lockctl.doctor/1", 2, False)
    assert told["connection"] == {"dialect": "SMB 3.1.1", "encrypted": True}
    assert [finding["weight"] for finding in told["findings"]] == ["act", "look", "note"]
    first = told["findings"][0]
    assert list(first) == ["code", "weight", "certainty", "seen", "meaning", "todo", "locks"]
    assert (first["code"], first["certainty"], len(first["locks"])) == ("stale-lock", "likely", 1)


def test_json_of_what_is_not_known_is_null() -> None:
    observed = observed_of(survey_of(), may_delete=None, protection=None)
    told = doctor_object([replace(FINDING, todo="")], observed)
    assert (told["connection"], told["may_delete"], told["findings"][0]["todo"]) == (None, None, None)
