"""`lockctl run`, as a user runs it: what passes through, and when restic is started again."""

from __future__ import annotations

import select
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import COMMAND, ROOT, environment, lockctl, state_of
from tests.cli.seeing import seen_for
from tests.lab.breaker import HalfListed
from tests.lab.processes import binary, kill_started, newer_restic, until
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

NOWHERE = {"PATH": "/usr/bin:/bin"}
"""An environment that names no repository."""
REAL_BACKUP = ("backup", __file__)


def restic_of(repository: Repository) -> tuple[str, ...]:
    return (binary("restic", "restic"), "-o", f"rclone.program={binary('rclone', 'rclone')}")


def test_output_and_status_are_the_commands_own() -> None:
    script = r"printf 'a\0b\377'; printf 'err\r\n' >&2; exit 7"
    done = subprocess.run(
        [*COMMAND, "run", "--", "sh", "-c", script], env=NOWHERE, capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (7, b"a\0b\xff", b"err\r\n")


def test_one_file_for_both_keeps_the_order(tmp_path: Path) -> None:
    script = "for i in 1 2 3 4 5 6 7 8 9; do echo out$i; echo err$i >&2; done"
    with (tmp_path / "both").open("wb") as both:
        command = [*COMMAND, "run", "--", "sh", "-c", script]
        subprocess.run(command, env=NOWHERE, stdout=both, stderr=subprocess.STDOUT, check=True, timeout=60)
    expected = "".join(f"out{i}\nerr{i}\n" for i in range(1, 10))
    assert (tmp_path / "both").read_text() == expected


def test_options_of_the_command_stay_its_own() -> None:
    done = lockctl(NOWHERE, "run", "sh", "-c", "echo $0 $1", "--json", "-q")
    assert (done.status, done.stdout) == (0, "--json -q\n")


@pytest.mark.parametrize(
    ("command", "status"), [("kill -9 $$", 137), ("exit 130", 130), ("exit 0", 0), ("kill -TERM $$", 143)]
)
def test_the_status_of_one_that_a_signal_ended(command: str, status: int) -> None:
    assert lockctl(NOWHERE, "run", "--", "sh", "-c", command).status == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_reach_the_command(number: signal.Signals) -> None:
    script = f"trap 'echo heard; exit 5' {number.name.removeprefix('SIG')}; echo ready; while :; do sleep 0.1; done"
    with started("run", "--", "sh", "-c", script, number=number, handler=signal.SIG_DFL) as process:
        says(process, "ready")
        process.send_signal(number)
        says(process, "heard")
        assert process.wait(60) == 5


def test_what_nohup_ignores_is_ignored() -> None:
    """The command lives on when the terminal goes, as it would without lockctl."""
    with started("run", "--", "cat", number=signal.SIGHUP, handler=signal.SIG_IGN) as process:
        assert process.stdin is not None
        process.stdin.write("a line\n")
        process.stdin.flush()
        says(process, "a line")
        process.send_signal(signal.SIGHUP)
        process.stdin.write("another\n")
        process.stdin.close()
        says(process, "another")
        assert process.wait(60) == 0


@contextmanager
def started(*words: str, number: int, handler: signal.Handlers) -> Iterator[subprocess.Popen[str]]:
    """lockctl at work, that was started with `handler` for this signal, whatever this process has; ended in the end."""
    process = subprocess.Popen(
        [*COMMAND, *words],
        env=NOWHERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, number, handler),
    )
    try:
        yield process
    finally:
        kill_started(process)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def says(process: subprocess.Popen[str], text: str) -> None:
    """Waits for its next line."""
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], 60)[0], f"it does not say {text!r}"
    assert process.stdout.readline() == f"{text}\n"


def test_no_command_and_one_that_is_not_there() -> None:
    done = lockctl(NOWHERE, "run")
    assert done.status == 2
    assert "Write it behind '--'" in done.stderr
    done = lockctl(NOWHERE, "run", "--", "no-such-command")
    assert (done.status, done.stdout) == (127, "")
    assert done.stderr == "lockctl: cannot start no-such-command: No such file or directory. See the word after '--'\n"


def test_something_that_holds_the_output_open_does_not_hold_up_the_end() -> None:
    done = lockctl(NOWHERE, "run", "--", "sh", "-c", "sleep 50 >/dev/null & exit 3", seconds=30)
    assert done.status == 3


def test_a_failure_is_explained_where_nothing_may_be_done(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1, exclusive=True)
    done = lockctl(repository, "run", "--", *restic_of(repository), *REAL_BACKUP)
    assert done.status == 1
    assert "repository is already locked exclusively by PID 4209 on web1" in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("lockctl: restic ended because web1 (PID 4209, root) had locked the repository exclusively")


def test_a_stale_lock_that_was_seen_for_long_goes_before_the_start(repository: Repository) -> None:
    stale = aged_lock(repository, 2 * HOUR, WEB1, exclusive=True)
    seen_for(repository)
    done = lockctl(repository, "run", "--prune-stale", "--", *restic_of(repository), *REAL_BACKUP)
    assert done.status == 0, done.text
    assert "snapshot " in done.stdout
    assert f"removed {stale[:8]}" in done.stderr
    assert f"removed {stale[:8]}" not in done.stdout, "that is the command's"
    assert repository.lock_ids() == []


def test_what_is_removed_is_told_however_silent_all_else_is(repository: Repository) -> None:
    stale = aged_lock(repository, 2 * HOUR, WEB1, exclusive=True)
    seen_for(repository)
    done = lockctl(repository, "run", "-q", "--prune-stale", "--", "true")
    assert (done.status, done.stdout) == (0, "")
    assert done.stderr.splitlines()[0].startswith(f"removed {stale[:8]} (web1, PID 4209, root)")


def test_a_stale_lock_that_was_just_seen_first_stays(repository: Repository) -> None:
    stale = aged_lock(repository, 2 * HOUR, WEB1, exclusive=True)
    command = ("run", "--prune-stale", "--for", "3s", "--", *restic_of(repository), *REAL_BACKUP)
    done = lockctl(repository, *command)
    assert done.status == 1
    assert "lockctl: not started again: that lock is stale, and may not go yet" in done.stderr
    assert repository.lock_ids() == [stale]


def test_a_live_lock_in_the_way_is_never_a_reason_to_start_again(repository: Repository) -> None:
    live = aged_lock(repository, 60, WEB1, exclusive=True)
    command = ("run", "--prune-stale", "--restart-on-breaker", "3", "--", *restic_of(repository), *REAL_BACKUP)
    done = lockctl(repository, *command)
    assert done.status == 1
    assert "lockctl: not started again: its owner is at work" in done.stderr
    assert done.stderr.count("already locked") == 1, "it ran once"
    assert repository.lock_ids() == [live]


def test_a_restic_that_misreads_a_sound_lock_is_started_again(repository: Repository) -> None:
    """The failure itself: restic would go on for a quarter of an hour, and a new one succeeds at once."""
    lockctl_run = ("run", "--restart-on-breaker", "1", "--")
    within = ("env", f"LOCKCTL_STATE_DIR={state_of(repository)}", *COMMAND, *lockctl_run)
    half = HalfListed(replace(repository, within=within, restic=newer_restic()))
    half.run(threading.Event())
    assert half.status == 0, half.text
    assert half.seconds < 120
    assert "more than declared Content-Length" in half.text
    assert "that lock is sound, and this restic will not come to read it: it is ended" in half.text
    assert half.text.count("snapshot ") >= 1
    assert half.is_sound, "the other client's lock is still there"
    assert repository.lock_ids() == [half.lock_id], "both restics took theirs away"


def test_without_a_restart_it_is_left_to_itself(repository: Repository) -> None:
    script = "echo 'unable to create lock in backend: circuit breaker open for file <lock/c6632a542a>' >&2; exit 1"
    done = lockctl(repository, "run", "--", "sh", "-c", script)
    assert done.status == 1
    assert "Remove nothing. Start the backup again" in done.stderr.splitlines()[-1]


def test_the_cure_is_put_into_the_command() -> None:
    done = lockctl(NOWHERE, "run", "--rclone-no-object-cache", "--", "restic", "backup", "--help-me")
    assert done.status in (1, 127), "restic itself refuses, or is not in this PATH"
    done = lockctl(NOWHERE, "run", "--rclone-no-object-cache", "--", "sh", "-c", "exit 0")
    assert done.status == 2
    assert "--cache-objects=false" in done.stderr


def test_a_backup_with_the_cure(repository: Repository) -> None:
    command = ("run", "--rclone-no-object-cache", "--", *restic_of(repository), *REAL_BACKUP)
    done = lockctl(repository, *command)
    assert done.status == 0, done.text


def test_a_connection_that_cannot_be_had_does_not_keep_it_from_running(repository: Repository) -> None:
    variables = environment(repository) | {"RESTIC_REPOSITORY": "smb://nobody@127.0.0.1:1/backup/repo"}
    variables["LOCKCTL_SMB_PASSWORD"] = "wrong"
    done = lockctl(variables, "run", "--prune-stale", "--", "sh", "-c", "echo ran")
    assert (done.status, done.stdout) == (0, "ran\n")
    assert "lockctl: nothing was pruned: " in done.stderr


def test_waiting_between_two_starts_ends_with_a_signal(repository: Repository) -> None:
    script = "echo 'unable to create lock in backend: circuit breaker open for file <lock/c6632a542a>' >&2; exit 1"
    words = [*COMMAND, "run", "--restart-on-breaker", "1000", "--", "sh", "-c", script]
    with subprocess.Popen(words, env=environment(repository), stderr=subprocess.PIPE, text=True) as process:
        seen: list[str] = []
        reader = threading.Thread(target=lambda: seen.extend(process.stderr or ()), daemon=True)
        reader.start()
        until(lambda: any("starting it again" in line for line in list(seen)) or None, "a second start", 60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 143
        reader.join(10)
    assert not any("Traceback" in line for line in seen)


def test_lockctl_may_be_installed_anew_meanwhile(repository: Repository, tmp_path: Path) -> None:
    """A backup takes hours: what lockctl needs after it is loaded before it."""
    copy = tmp_path / "site"
    shutil.copytree(ROOT / "lockctl", copy / "lockctl")
    breaker = "circuit breaker open for file <lock/c6632a542a>"
    script = f"rm -r {copy}/lockctl; echo 'unable to create lock in backend: {breaker}' >&2; exit 6"
    command = [*COMMAND, "run", "--restart-on-breaker", "1", "--for", "0s"]
    variables = environment(repository) | {"PYTHONPATH": str(copy)}
    done = subprocess.run(
        [*command, "--", "sh", "-c", script], env=variables, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 6, done.stderr
    assert "0 s are over (--for)" in done.stderr


@pytest.mark.parametrize("end", ["kill -9 $$", "echo 'signal terminated received, cleaning up' >&2; exit 1"])
def test_one_that_somebody_ended_is_not_repeated(repository: Repository, end: str) -> None:
    line = "Load(<lock/c6632a542a>, 0, 0) returned error, retrying after 1s: server replied with more than declared"
    script = f"for i in 1 2 3; do echo '{line} Content-Length' >&2; done; {end}"
    done = lockctl(repository, "run", "--restart-on-breaker", "3", "--", "sh", "-c", script)
    assert done.status in (1, 137)
    assert done.stderr.count("retrying after") == 3, done.stderr
