"""`lockctl metrics`: what Prometheus gets of real repositories, and how it is written."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1, WEB2, WEB3, one_of_each
from tests.cli.run import COMMAND, ROOT, Done, environment, finish, lockctl, smb_environment, start, state_of
from tests.cli.seeing import seen_for
from tests.lab.processes import until
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock
from tests.promtool import check_metrics, samples, values


def metrics(repository: Repository, *words: str, status: int = 0) -> str:
    """The text, of which promtool finds nothing to say."""
    done = lockctl(repository, "metrics", *words)
    assert (done.status, done.stderr != "") == (status, status not in (0, 3)), done.text
    check_metrics(done.stdout)
    return done.stdout


def test_a_lock_of_each_kind(repository: Repository) -> None:
    one_of_each(repository)
    seen_for(repository)
    text = metrics(repository)
    told = {state: sum(values(text, "lockctl_locks", state=state)) for state in ("stale", "superseded", "foreign")}
    assert told == {"stale": 1, "superseded": 1, "foreign": 1}
    assert values(text, "lockctl_locks", state="active", kind="exclusive") == [1]
    assert sum(values(text, "lockctl_locks")) == 10
    assert values(text, "lockctl_blocked", work="backup", repository=repository.address) == [1]
    assert values(text, "lockctl_oldest_lock_age_seconds")[0] >= 3 * HOUR
    assert values(text, "lockctl_up") == [1]
    assert abs(values(text, "lockctl_last_success_timestamp_seconds")[0] - time.time()) < 60


def test_an_empty_repository(repository: Repository) -> None:
    text = metrics(repository)
    assert values(text, "lockctl_locks", state="stale", kind="shared") == [0]
    assert "lockctl_oldest_lock_age_seconds" not in text
    assert "lockctl_last_removal_timestamp_seconds" not in text


def test_counters_come_from_the_journal(repository: Repository) -> None:
    gone, restored = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 3 * HOUR, WEB2)
    seen_for(repository)
    assert values(metrics(repository), "lockctl_removed_total", state="stale") == [0]
    assert lockctl(repository, "prune", "--yes").status == 0
    assert lockctl(repository, "restore", restored).status == 0
    aged_lock(repository, 0, WEB1)
    done = lockctl(repository, "metrics")
    check_metrics(done.stdout)
    assert f"ERROR: the owner of lock {gone[:8]}, which was removed at " in done.stderr
    text = metrics(repository)
    assert values(text, "lockctl_removed_total", state="stale") == [2]
    assert values(text, "lockctl_restored_total") == [1]
    assert values(text, "lockctl_owners_returned_total") == [1]
    assert abs(values(text, "lockctl_last_removal_timestamp_seconds")[0] - time.time()) < 60
    assert sum(values(text, "lockctl_locks")) == 2, "what was put back is counted"
    assert values(text, "lockctl_oldest_lock_age_seconds")[0] < 60, "and is not old"


def test_a_repository_that_cannot_be_read_has_no_zeros(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    before = values(metrics(repository), "lockctl_last_success_timestamp_seconds")
    (repository.path / "locks").chmod(0)
    try:
        text = metrics(repository, status=13)
    finally:
        (repository.path / "locks").chmod(0o700)
    assert values(text, "lockctl_up") == [0]
    assert "lockctl_locks" not in text
    assert "lockctl_blocked" not in text
    assert "clock_offset" not in text
    later = values(text, "lockctl_last_success_timestamp_seconds")
    assert 0 <= later[0] - before[0] < 1 or later[0] == pytest.approx(before[0], abs=1)
    assert values(text, "lockctl_last_run_timestamp_seconds")[0] > later[0]
    assert values(text, "lockctl_removed_total", state="stale") == [0], "the journal was read"


def test_one_that_was_never_read(repository: Repository) -> None:
    done = lockctl({**repository.env, "RESTIC_PASSWORD": "wrong"}, "metrics", state_dir=state_of(repository))
    assert done.status == 12
    check_metrics(done.stdout)
    names = {name for name, _ in samples(done.stdout)}
    known = {"lockctl_build_info", "lockctl_up", "lockctl_last_run_timestamp_seconds", "lockctl_journal_sound"}
    assert names == known
    assert "lockctl: " in done.stderr


def test_a_lock_that_cannot_be_read(repository: Repository) -> None:
    closed = aged_lock(repository, 60, WEB1)
    (repository.path / "locks" / closed).chmod(0)
    text = metrics(repository, status=3)
    assert values(text, "lockctl_locks", state="unreadable", kind="unknown") == [1]
    assert values(text, "lockctl_up") == [1]


def test_a_journal_that_cannot_be_read_counts_nothing(repository: Repository) -> None:
    metrics(repository)
    (state_of(repository) / "journal.jsonl").mkdir()
    done = lockctl(repository, "metrics")
    check_metrics(done.stdout)
    assert done.status == 0
    assert values(done.stdout, "lockctl_journal_sound") == [0]
    assert "lockctl_removed_total" not in done.stdout
    assert "journal.jsonl" in done.stderr


def test_without_a_key_nothing_is_said_of_owners(repository: Repository) -> None:
    aged_lock(repository, 60, WEB3, exclusive=True)
    text = metrics(repository, "--metadata-only")
    assert 'kind="exclusive"' not in text
    assert "lockctl_owner_clock_offset_seconds" not in text
    assert "lockctl_exclusive_lock_held_seconds" not in text


def test_no_password_in_an_address(repository: Repository) -> None:
    address = repository.smb_address.replace("@", f":{repository.samba.password}@")
    done = lockctl(smb_environment(repository), "metrics", "-r", address)
    check_metrics(done.stdout)
    assert done.status == 0
    assert repository.samba.password not in done.stdout
    assert values(done.stdout, "lockctl_up", repository=repository.smb_address) == [1]


@pytest.mark.parametrize("name", ['a"b', "a\\b", "ö", '"} 1', "\\"])
def test_a_path_of_any_kind(repository: Repository, tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(repository.path)
    done = lockctl(repository, "metrics", "-r", str(tmp_path / name))
    check_metrics(done.stdout)
    assert values(done.stdout, "lockctl_up") == [1]


def test_it_is_utf_8_whatever_the_terminal_has(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "ö").symlink_to(repository.path)
    variables = {**environment(repository), "PYTHONIOENCODING": "ascii"}
    command = [*COMMAND, "metrics", "-r", str(tmp_path / "ö")]
    done = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    check_metrics(done.stdout.decode("utf-8"))
    assert "/ö".encode() in done.stdout


def write(repository: Repository, path: Path, umask: int = 0o077) -> Done:
    """Writes the text file, with a umask of somebody who is careful."""
    old = os.umask(umask)
    try:
        return lockctl(repository, "metrics", "--textfile", str(path))
    finally:
        os.umask(old)


def test_a_textfile_that_the_exporter_can_read(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "lockctl.prom"
    for _ in range(2):
        done = write(repository, path)
        assert (done.status, done.text) == (0, "")
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"
    check_metrics(path.read_text(encoding="utf-8"))
    assert path.read_text().endswith("\n")


def test_a_textfile_says_too_that_the_repository_cannot_be_read(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "lockctl.prom"
    assert write(repository, path).status == 0
    (repository.path / "config").chmod(0)
    try:
        assert write(repository, path).status == 13
    finally:
        (repository.path / "config").chmod(0o600)
    assert values(path.read_text(), "lockctl_up") == [0]


def test_a_reader_sees_it_whole_at_every_moment(repository: Repository, tmp_path: Path) -> None:
    """It is read again and again while it is written a few times over."""
    path = tmp_path / "lockctl.prom"
    assert write(repository, path).status == 0
    seen = {path.stat().st_ino}
    processes = [start(repository, "metrics", "--textfile", str(path)) for _ in range(3)]
    while any(process.poll() is None for process in processes):
        text = path.read_text()
        seen.add(path.stat().st_ino)
        assert text.startswith("# HELP lockctl_build_info ")
        assert text.endswith("\n")
        assert len(values(text, "lockctl_owners_returned_total")) == 1
    assert [finish(process).status for process in processes] == [0, 0, 0]
    assert list(tmp_path.iterdir()) == [path]


def test_interrupted_it_leaves_the_file_as_it_was(repository: Repository, tmp_path: Path) -> None:
    path = tmp_path / "lockctl.prom"
    path.write_text("as it was\n")
    with Proxy(repository.samba.port) as proxy:
        proxy.silence_after(1)
        process = start(repository.through(proxy.port), "metrics", "--textfile", str(path))
        until(lambda: proxy.is_silent, "first message")
        process.send_signal(signal.SIGTERM)
        assert finish(process).status == 143
    assert path.read_text() == "as it was\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["folder", "fifo", "no folder", "device", "circle"])
def test_where_it_cannot_be_written(repository: Repository, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "lockctl.prom"
    match kind:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "no folder":
            path = tmp_path / "none/lockctl.prom"
        case "device":
            path.symlink_to("/dev/null")
        case _:
            path.symlink_to(path)
    before = sorted(tmp_path.iterdir())
    done = lockctl(repository, "metrics", "--textfile", str(path))
    assert done.status in (1, 2)
    assert str(path) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_link_stays_one(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path = tmp_path / "lockctl.prom"
    path.symlink_to("real/lockctl.prom")
    assert write(repository, path).status == 0
    assert path.is_symlink()
    check_metrics((tmp_path / "real/lockctl.prom").read_text())
