"""The proposal as crontab lines and systemd units, which the programs that read them have to accept."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from lockctl.diagnosis.schedule.advice import Advice
from lockctl.render.proposal import crontab, timers
from tests.unit.diagnosis.schedule.backups import NOW, advice_of, at_hour, backup

HOURLY = [one for hour in range(8, 18) for one in at_hour("desk", hour, 2)]
QUARTERLY = [backup("quick", NOW - number * 900, 20, version=(0, 17)) for number in range(1, 96 * 7)]
MIXED = advice_of(
    at_hour("web1", 2, 20),
    at_hour("web2", 2, 20, zone="Asia/Kathmandu"),
    at_hour("weekly", 3, 60, days=range(1, 43), weekdays=(6,)),
    at_hour("working", 5, 20, weekdays=range(5)),
    at_hour("second", 6, days=range(2, 42, 2)),
    at_hour("old", 7, version=None),
    HOURLY,
)
QUICK = advice_of(at_hour("web1", 2, 20), QUARTERLY)


def lines_of(advice: Advice) -> list[str]:
    """Without comments."""
    return [line for line in crontab(advice).splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(
    ("snapshots", "line"),
    [
        (at_hour("a", 2.1, 20), "6 2 * * * restic backup --retry-lock 25m /home"),
        (at_hour("a", 3, 20, days=range(1, 43), weekdays=(6,)), "0 3 * * 0 restic backup --retry-lock 25m /home"),
        (at_hour("a", 3, 20, weekdays=range(5)), "0 3 * * 1,2,3,4,5 restic backup --retry-lock 25m /home"),
        (HOURLY, "0 8,9,10,11,12,13,14,15,16,17 * * * restic backup --retry-lock 15m /home"),
        (QUARTERLY, "0,15,30,45 * * * * restic backup --retry-lock 15m /home"),
        (
            [backup("a", NOW - number * 300, 2) for number in range(1, 288 * 7)],
            "0,5,10,15,20,25,30,35,40,45,50,55 * * * * restic backup --retry-lock 5m /home",
        ),
        (at_hour("a", 2, 20, version=(0, 15)), "0 2 * * * restic backup /home"),
        (
            at_hour("a", 2, seconds=600, paths=("/etc", "/my files")),
            "0 2 * * * restic backup --retry-lock 15m /etc '/my files'",
        ),
    ],
    ids="daily weekly working-days hourly quarters five-minutes old paths".split(),
)
def test_crontab_lines(snapshots: list[object], line: str) -> None:
    assert lines_of(advice_of(snapshots))[0] == line  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "path",
    ["/a\nb", "/a%b", "relative", "--password-command=reboot", "C:\\Users", "/$(reboot)", "/a;b", "/ä", "/a'b", ""],
)
def test_paths_that_are_not_plain_are_left_to_the_administrator(path: str) -> None:
    advice = advice_of(at_hour("a", 2, paths=("/etc", path)))
    assert lines_of(advice)[0].endswith("--retry-lock 15m PATHS")
    assert "ExecStart=/usr/bin/restic backup --retry-lock 15m PATHS\n" in timers(advice)


def test_every_line_has_five_fields_and_one_command_that_a_shell_reads_as_it_stands() -> None:
    lines = lines_of(MIXED)
    assert len(lines) == 7
    for line in lines:
        *fields, command = line.split(" ", 5)
        assert all(re.fullmatch(r"\*|\d+(,\d+)*", field) for field in fields), line
        assert shlex.split(command)[:2] in (["restic", "backup"], ["restic", "prune"])


def test_comments_say_whose_line_it_is_and_what_it_rests_on() -> None:
    comments = [line for line in crontab(MIXED).splitlines() if line.startswith("#")]
    assert "# web1: 02:00, as now; it takes 20 min, 20 min at most (28 runs)" in comments
    assert any("second: 06:00" in line for line in comments)
    assert any("no fixed days of the week" in line for line in comments)
    assert any("older than 0.16" in line for line in comments)


def test_nothing_to_propose_is_said() -> None:
    for text in (crontab(advice_of()), timers(advice_of(at_hour("new", 2, days=range(1, 4))))):
        assert "\n# Nothing to propose: no host has run 5 times or more at a fixed hour." in text
        assert [line for line in text.splitlines() if line and not line.startswith("#")] == []


def units(text: str) -> dict[str, str]:
    """By the place that a comment names, what stands below it."""
    parts = re.split(
        r"^# (\S+): /etc/systemd/system/(\S+)$", text.replace("# one host:", "# one-host:"), flags=re.MULTILINE
    )
    return {f"{host}/{name}": body for host, name, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True)}


@pytest.mark.parametrize("advice", [MIXED, QUICK], ids=["mixed", "quick"])
def test_systemd_accepts_every_unit(tmp_path: Path, advice: Advice) -> None:
    """The comments of the next host end up in a unit too: they must do no harm there."""
    found = units(timers(advice))
    hosts = {one.habit.host for one in advice.placements if one.weekdays}
    assert {name.split("/")[0] for name in found} == hosts | ({"one-host"} if advice.window else set())
    for name, body in found.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        # restic need not be where the tests run.
        path.write_text(body.replace("/usr/bin/restic", "/bin/true"))
    for folder in sorted(tmp_path.iterdir()):
        command = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(folder.iterdir()))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        ours = [line for line in done.stderr.splitlines() if "restic" in line or str(folder) in line]
        assert (done.returncode, ours) == (0, []), folder.name


@pytest.mark.parametrize(
    ("advice", "read"),
    [
        (
            MIXED,
            {
                "*-*-* 02:00:00",
                "Sun *-*-* 03:00:00",
                "Mon..Fri *-*-* 05:00:00",
                "*-*-* 08,09,10,11,12,13,14,15,16,17:00:00",
                "*-*-* 07:00:00",
            },
        ),
        (QUICK, {"*-*-* *:05:00", "*-*-* *:20:00", "*-*-* *:35:00", "*-*-* *:50:00"}),
    ],
    ids=["mixed", "quick"],
)
def test_systemd_reads_the_times_as_they_are_meant(advice: Advice, read: set[str]) -> None:
    times = re.findall(r"^OnCalendar=(.*)$", timers(advice), re.MULTILINE)
    done = subprocess.run(["systemd-analyze", "calendar", *times], capture_output=True, text=True, check=True)
    normal = re.findall(
        r"^ *Normalized form: (.*)$", done.stdout.replace("Original form", "Normalized form"), re.MULTILINE
    )
    assert read <= set(normal)
