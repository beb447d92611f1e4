"""`lockctl advise`: what it makes of real backups, and of weeks of them, over SMB."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.make import HOUR, WEB1, named_lock
from tests.cli.run import assert_fails, assert_same_in_json, environment, lockctl, start
from tests.lab.restic import Repository
from tests.lab.seal import Owner, aged_lock
from tests.lab.snapshots import NEWER, Backup, put_snapshot, put_snapshots

DAY = 86400
BERLIN = 3600
EVIL = "\x1b[31mred\u202e\n* * * * * root /bin/evil"


def nightly(
    host: str, hour: float, minutes: float, days: Iterable[int] = range(1, 22), offset: int = 0, version: str = NEWER
) -> list[Backup]:
    """Backups at this hour of the host's day, so many days ago."""
    today = int(time.time()) // DAY * DAY
    begins = [today - day * DAY + hour * HOUR - offset for day in days]
    return [Backup(host, begin, begin + minutes * 60, offset, version) for begin in begins]


@pytest.fixture
def three_at_two(repository: Repository) -> Repository:
    """Three hosts that back up at two each night, one of them where it is two an hour earlier."""
    put_snapshots(repository, nightly("web1", 2, 20) + nightly("web2", 2, 25) + nightly("berlin", 3, 10, offset=BERLIN))
    return repository


def test_real_backups(repository: Repository, tmp_path: Path) -> None:
    """Debian's restic writes no end: the time of the snapshot's file stands for it."""
    for host in ("web1", "web2"):
        repository.run("backup", "--host", host, "--tag", "nightly", __file__)
    done = lockctl(repository, "advise", "--json")
    assert done.status == 0, done.text
    assert done.json["snapshots"] == {
        "listed": 2,
        "used": 2,
        "older": 0,
        "not_read": 0,
        "damaged": 0,
        "unreadable": 0,
        "future": 0,
        "copied": 0,
    }
    assert [(host["hostname"], host["runs"], host["unplanned"]) for host in done.json["hosts"]] == [
        ("web1", 1, "too-few-runs"),
        ("web2", 1, "too-few-runs"),
    ]
    assert done.json["ends"]["unknown"] == 0
    assert done.json["repository"]["format"] == 2


def test_three_hosts_are_kept_apart(three_at_two: Repository, tmp_path: Path) -> None:
    picture = tmp_path / "chart.svg"
    done = lockctl(three_at_two, "advise", "--svg", str(picture))
    assert done.status == 0, done.text
    assert done.stdout.startswith("3 hosts, 63 runs of the last 42 d in rclone:lab:backup/")
    assert max(map(len, done.stdout.splitlines()[1:])) <= 80
    assert "started within 60 s of each other" in done.stdout
    assert "--cache-objects=false" in done.stdout
    assert "░" not in done.stdout.split("Proposed:")[1].split("usual")[0], "none ever took longer"
    assert done.stderr.strip() == f"the chart was written to {picture}"
    assert ET.parse(picture).getroot().tag.endswith("svg")
    told = lockctl(three_at_two, "advise", "--json").json
    proposed = {host["hostname"]: host["habits"][0]["proposed"]["starts"] for host in told["hosts"]}
    assert proposed == {"web2": ["02:00"], "web1": ["01:35"], "berlin": ["03:30"]}
    assert told["meeting_seconds_a_day"] == {"now": 30 * 60, "proposed": 0}
    assert told["retry_lock"]["longest_wait_seconds"] == 25 * 60


def test_lines_for_crontabs_and_timers(three_at_two: Repository) -> None:
    lines = lockctl(three_at_two, "advise", "--cron", "--quiet").stdout.splitlines()
    assert [line for line in lines if not line.startswith("#") and line][:3] == [
        "30 3 * * * restic backup --retry-lock 35m /home",
        "35 1 * * * restic backup --retry-lock 35m /home",
        "0 2 * * * restic backup --retry-lock 35m /home",
    ]
    timers = lockctl(three_at_two, "advise", "--systemd").stdout
    assert timers.count("OnCalendar=") == 4
    assert "OnCalendar=*-*-* 01:35:00" in timers


def test_locks_now_and_those_that_were_removed(repository: Repository) -> None:
    put_snapshots(repository, nightly("web1", 2, 20))
    first, _ = aged_lock(repository, 3 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, Owner("web1", pid=77))
    done = lockctl(repository, "rm", first, tty=True, stdin="y\n")
    assert done.status == 0, done.text
    aged_lock(repository, 60, Owner("web3"), exclusive=True)
    told = lockctl(repository, "advise", "--json").json
    assert told["locks_left"] == [{"hostname": "web1", "removed": 1, "standing": 1}]
    assert {"exclusive-now", "locks-left-behind"} <= {finding["code"] for finding in told["findings"]}
    assert len(repository.lock_ids()) == 2, "nothing was removed"


def test_what_is_wrong_with_a_snapshot_ends_nothing(three_at_two: Repository) -> None:
    folder = three_at_two.path / "snapshots"
    now = time.time()
    (folder / ("a" * 64)).write_bytes(b"cut")
    (folder / "notes.txt").write_bytes(b"not a snapshot")
    (folder / ("b" * 64)).write_bytes(os.urandom(300 * 1024))
    three_at_two.samba.give(folder)
    put_snapshot(three_at_two, {"time": "no time"}, now)
    ahead, old = Backup("ahead", now + 3 * DAY, now + 3 * DAY + 60), Backup("old", now - 99 * DAY, now)
    put_snapshots(three_at_two, [ahead, old])
    found = lockctl(three_at_two, "advise", "--json").json["snapshots"]
    assert found == {
        "listed": 68,
        "used": 63,
        "older": 1,
        "not_read": 1,
        "damaged": 2,
        "unreadable": 0,
        "future": 1,
        "copied": 0,
    }
    assert "2 are damaged" in " ".join(lockctl(three_at_two, "advise").stdout.split())


def test_since(three_at_two: Repository) -> None:
    told = lockctl(three_at_two, "advise", "--since", "10d", "--json").json
    assert told["runs"] in (27, 30)
    assert told["snapshots"]["older"] == 63 - told["runs"]


def test_a_terminal_has_progress_and_a_pipe_has_none(three_at_two: Repository) -> None:
    assert "reading snapshots: 63 of 63" in lockctl(three_at_two, "advise", tty=True).stdout
    assert "reading" not in lockctl(three_at_two, "advise").stderr


def test_plain_characters_where_the_locale_has_no_others(three_at_two: Repository) -> None:
    variables = {**environment(three_at_two), "PYTHONIOENCODING": "ascii"}
    done = lockctl(variables, "advise")
    assert (done.status, done.stdout.isascii()) == (0, True)
    assert "....#" in done.stdout


def test_names_of_others_do_no_harm(repository: Repository) -> None:
    put_snapshots(repository, nightly(EVIL, 2, 20) + nightly("x" * 10_000, 2, 20))
    named_lock(repository, EVIL)
    for words in ((), ("--cron",), ("--systemd",), ("--json",)):
        done = lockctl(repository, "advise", *words)
        assert done.status == 0, done.text
        assert "\x1b" not in done.text
        assert "\u202e" not in done.text
        assert not any(line.startswith("* * * * *") for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--metadata-only",), "advise reads snapshots, which --metadata-only cannot open"),
        (("--cron", "--systemd"), "exclude each other"),
        (("--since", "1y"), "has months or years"),
    ],
)
def test_usage(repository: Repository, words: tuple[str, ...], said: str) -> None:
    assert_fails(lockctl(repository, "advise", *words), 2, said)


def test_a_chart_that_cannot_be_written(three_at_two: Repository, tmp_path: Path) -> None:
    done = lockctl(three_at_two, "advise", "--svg", str(tmp_path / "no-folder" / "a.svg"))
    assert_fails(done, 1, "cannot write", "No such file or directory")


def test_a_wrong_password(repository: Repository) -> None:
    variables = {**environment(repository), "RESTIC_PASSWORD": "another"}
    assert_fails(lockctl(variables, "advise"), 12, "wrong password")
    assert_same_in_json(lockctl(variables, "advise", "--json"), 12, "wrong-password")


def test_snapshots_that_nobody_may_list(repository: Repository) -> None:
    (repository.path / "snapshots").rmdir()
    assert_fails(lockctl(repository, "advise"), 1, "snapshots")


def test_whoever_reads_may_have_seen_enough(three_at_two: Repository) -> None:
    process = start(three_at_two, "advise")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""
