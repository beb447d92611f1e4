"""The lab does what the other tests rely on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from smbprotocol.exceptions import AccessDenied, SMBConnectionClosed

from lockctl.clock.boot import this_instant
from lockctl.repository.lock import LockFile, Problem
from lockctl.state.machine import moment_at
from lockctl.state.sightings import Sightings
from lockctl.transport.base import Entry
from tests.cli.seeing import ENOUGH
from tests.conftest import NewRepository
from tests.lab.processes import LabError, binary, runs, until
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository
from tests.lab.samba import Samba, stop_recorded
from tests.lab.seal import Owner, aged_lock, lock_bytes, master_of, seal, unseal
from tests.lab.wire import Wire

SECOND = 1_000_000_000
LONG_AGO = 1_700_000_000_123_456_700


def through(proxy: Proxy, samba: Samba) -> Wire:
    return Wire(samba.host, proxy.port, "backup", samba.user, samba.password)


def test_creation_survives_a_set_last_write(samba: Samba) -> None:
    samba.put("backup", "dated", b"x")
    before = samba.times("backup", "dated")
    samba.set_times("backup", "dated", None, LONG_AGO)
    after = samba.times("backup", "dated")
    assert (after.created, after.written) == (before.created, LONG_AGO)


def test_creation_follows_the_last_write_where_it_is_made_up(samba: Samba) -> None:
    samba.put("undated", "dated", b"x")
    samba.set_times("undated", "dated", None, LONG_AGO)
    after = samba.times("undated", "dated")
    # To the second: the fraction is the smallest of several times.
    assert (after.created // SECOND, after.written) == (LONG_AGO // SECOND, LONG_AGO)


def test_read_only_share_shows_the_same_files(samba: Samba) -> None:
    samba.put("backup", "shown", b"x")
    assert samba.times("read-only", "shown") == samba.times("backup", "shown")
    with pytest.raises(AccessDenied):
        samba.put("read-only", "refused", b"x")


def test_wrong_option_is_an_error_and_leaves_nothing() -> None:
    samba = Samba(options={"smb ports": "0"})
    with pytest.raises(LabError):
        samba.start()
    assert not samba.directory.name


def test_samba_ends_with_a_process_that_is_killed() -> None:
    code = (
        "import os; from tests.lab.samba import Samba; s = Samba(); s.start();"
        "print(s._process.pid, s.directory, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    pid, directory = done.stdout.split()
    until(lambda: not psutil.pid_exists(int(pid)) or not runs(psutil.Process(int(pid))), "end of smbd")
    subprocess.run(["rm", "-r", directory], check=True)


def test_samba_that_outlives_is_stopped_by_its_record(tmp_path: Path) -> None:
    record = tmp_path / "record"
    samba = Samba()
    samba.start(outlives=True)
    directory = samba.directory
    samba.detach(record)
    samba.stop()
    assert Wire(samba.host, samba.port, "backup", samba.user, samba.password).times("")
    assert stop_recorded(record)
    assert not directory.exists()
    assert not stop_recorded(record)


def test_demo_shows_a_backup_that_survives() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.lab.demo"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("\n$ lockctl ") == 10
    assert "exit status 0: snapshot " in done.stdout
    assert done.stdout.count("can go after ") == 3, "nobody was asked, and this machine has just begun to look"
    assert "[y/N] y\n" in done.stdout
    assert done.stdout.count("\nremoved ") == 3


def test_a_look_from_before_the_start_of_a_young_machine_counts(tmp_path: Path) -> None:
    """As `seen_for` notes one: nobody waits until the machine that tests has been up for half an hour."""
    entry = Entry("a" * 64, 6, LONG_AGO, LONG_AGO, LONG_AGO, 7)
    files = [LockFile(entry, b"sealed", Problem.SEALED)]
    now = replace(moment_at(this_instant(), time.time_ns()), awake=60.0, boot=60.0)
    passed = {name: getattr(now, name) - ENOUGH for name in ("awake", "boot", "wall", "server")}
    Sightings(tmp_path / "sightings").note("repository", files, replace(now, **passed))
    memory, problem = Sightings(tmp_path / "sightings").note("repository", files, now)
    assert "was made 0 s ago" in problem
    assert memory.seen()[entry.name].at_least == pytest.approx(ENOUGH)


def test_missing_program_is_an_error() -> None:
    with pytest.raises(LabError, match="Debian has it in the package samba"):
        binary("no-such-program", "samba")


def test_seal_opens_again() -> None:
    keys = (os.urandom(32), os.urandom(16), os.urandom(16))
    assert unseal(*keys, seal(*keys, b"plain")) == b"plain"


@pytest.mark.parametrize("version", [1, 2])
def test_restic_reads_what_the_lab_seals(samba: Samba, version: int) -> None:
    repository = Repository(samba, f"format-{version}")
    repository.init(version)
    owner = Owner("web1", "björn", 77, 1000, 1000)
    lock_id = aged_lock(repository, 7200, owner, exclusive=True)
    told = repository.run("cat", "lock", lock_id, "--no-lock").stdout
    assert all(part in told for part in ('"hostname": "web1"', '"username": "björn"', '"gid": 1000', "true"))
    times = samba.times("backup", f"{repository.folder}/locks/{lock_id}")
    assert abs(time.time_ns() - 7200 * SECOND - times.created) < 10 * SECOND
    assert times.created - times.written == 3_000_000


def test_lock_bytes_differ_by_format(repository: Repository) -> None:
    master = master_of(repository.path, repository.password)
    keys = (master.encrypt, master.mac_k, master.mac_r)
    assert unseal(*keys, lock_bytes(master, {"pid": 1}, 1)).startswith(b"{")
    assert unseal(*keys, lock_bytes(master, {"pid": 1}, 2)).startswith(b"\x02")


def test_a_killed_backup_leaves_its_lock(repository: Repository) -> None:
    lock_id = repository.backup_killed()
    assert repository.sound_lock_ids() == {lock_id}
    assert '"exclusive": false' in repository.run("cat", "lock", lock_id, "--no-lock").stdout


def test_a_killed_check_leaves_an_exclusive_lock(repository: Repository) -> None:
    other = repository.backup_killed()
    with repository.locks_aside():
        lock_id = repository.check_killed()
    assert repository.sound_lock_ids() == {lock_id, other}
    assert '"exclusive": true' in repository.run("cat", "lock", lock_id, "--no-lock").stdout


def test_a_running_backup_ends_when_asked(repository: Repository) -> None:
    with repository.running_backup() as backup:
        backup.feed("more\n")
        assert backup.is_alive
        assert repository.sound_lock_ids() == {backup.lock_id}
        done = backup.finish()
        assert not backup.is_alive
    assert done.returncode == 0
    assert "saved" in done.stdout
    assert repository.lock_ids() == []


def test_times_of_a_fresh_lock(new_repository: NewRepository) -> None:
    """What rclone leaves: two clocks that agree, within a second and in any order."""
    repository = new_repository()
    times = repository.samba.times("backup", f"{repository.folder}/locks/{repository.backup_killed()}")
    assert abs(times.created - times.written) < SECOND


def test_proxy_cuts_before_the_server_sees_the_frame(samba: Samba) -> None:
    with Proxy(samba.port) as proxy:
        wire = through(proxy, samba)
        proxy.cut_after(proxy.frames + 2)
        with pytest.raises(SMBConnectionClosed):
            wire.put("cut", b"data")
        assert samba.get("backup", "cut") == b""


def test_proxy_drops_a_reply_after_the_server_acted(samba: Samba) -> None:
    with Proxy(samba.port) as proxy:
        wire = through(proxy, samba)
        proxy.drop_reply_after(proxy.frames + 2)
        with pytest.raises(SMBConnectionClosed):
            wire.put("dropped", b"data")
        assert samba.get("backup", "dropped") == b"data"


def ask_in_vain(wire: Wire) -> None:
    with pytest.raises(SMBConnectionClosed):
        wire.times("")


def test_proxy_is_silent_for_all(samba: Samba) -> None:
    with Proxy(samba.port) as proxy:
        wire = through(proxy, samba)
        proxy.silence_after(proxy.frames + 1)
        replies = proxy.replies
        asked = threading.Thread(target=ask_in_vain, args=(wire,), daemon=True)
        asked.start()
        with socket.create_connection((samba.host, proxy.port), timeout=5) as late:
            until(lambda: proxy.is_silent, "silence")
            late.settimeout(0.2)
            with pytest.raises(TimeoutError):
                late.recv(1)
        assert proxy.replies == replies
    asked.join(timeout=10)
    assert not asked.is_alive()


def test_proxy_calls_back_before_it_forwards(samba: Samba) -> None:
    seen: list[tuple[int, int]] = []
    with Proxy(samba.port) as proxy:
        wire = through(proxy, samba)
        n = proxy.frames + 1
        proxy.on_frame(n, lambda frame: seen.append((frame, proxy.replies)))
        wire.times("")
        wire.close()
    assert seen == [(n, n - 1)]


def test_proxy_delays_each_round_trip(samba: Samba) -> None:
    with Proxy(samba.port, delay=0.03) as proxy:
        wire = through(proxy, samba)
        begin = time.monotonic()
        wire.times("")
        assert 0.09 <= time.monotonic() - begin < 1
        wire.close()
