"""`lockctl doctor`: what a user is told of real repositories, and with which status; and that nothing is changed."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.make import HOUR, WEB1, WEB2, WEB3, one_of_each
from tests.cli.run import Done, assert_same_in_json, history, lockctl, smb_environment, start, state_of
from tests.cli.running import running
from tests.cli.seeing import seen_for
from tests.conftest import NewRepository
from tests.contract.wires import OtherClient
from tests.lab.processes import until
from tests.lab.restic import Repository
from tests.lab.samba import Samba
from tests.lab.seal import Owner, aged_lock, lock_bytes, lock_of, master_of, put_lock

WATCHING = "1 lock file is not whole or cannot be read: watching for 6 s ..."


def codes(done: Done) -> dict[str, str]:
    """By its code, how much each finding of a `--json` run matters."""
    assert done.json["schema"] == "lockctl.doctor/1"
    assert done.status == done.json["status"]
    return {finding["code"]: finding["weight"] for finding in done.json["findings"]}


def finding_of(done: Done, code: str) -> dict[str, Any]:
    (found,) = [finding for finding in done.json["findings"] if finding["code"] == code]
    return dict(found)


def all_of(repository: Repository) -> dict[str, tuple[int, int, bytes]]:
    """All files and folders of a repository, as they stand."""
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes() if path.is_file() else b"")
        for path in (repository.path, *repository.path.rglob("*"))
    }


@pytest.fixture
def healthy(repository: Repository) -> Repository:
    """Three hosts at work."""
    for age, owner in ((10, WEB1), (200, WEB2), (299, WEB3)):
        aged_lock(repository, age, owner)
    return repository


def test_three_hosts_at_work_are_nothing_to_look_at(healthy: Repository) -> None:
    before = all_of(healthy)
    done = lockctl(healthy, "doctor")
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.startswith("NOTE: rclone-cache (likely, not certain)\n")
    assert '    -o rclone.args="serve restic --stdio --b2-hard-delete --cache-objects=false"\n' in done.stdout
    summary = " ".join(done.stdout.split("\n\n")[-1].split())
    assert ": nothing is wrong (1 note). Looked at: 3 files in locks/ of 3 hosts, clocks, permission" in summary
    assert "(SMB 3.1.1, encrypted)" in summary
    assert all_of(healthy) == before
    assert max(len(line) for line in done.stdout.splitlines()) <= 82


def test_a_real_backup_at_work_is_nothing_to_look_at(repository: Repository) -> None:
    with repository.running_backup() as backup:
        done = lockctl(repository, "doctor", "--json")
        assert done.status == 0
        assert set(codes(done)) == {"rclone-cache"}
        assert backup.finish().returncode == 0


def test_an_empty_repository_is_one_line(repository: Repository) -> None:
    done = lockctl(smb_environment(repository), "doctor")
    assert (done.status, done.stderr) == (0, "")
    assert "\n\n" not in done.stdout
    assert "nothing is wrong. Looked at: 0 files in locks/" in " ".join(done.stdout.split())


def test_a_repository_on_a_path(healthy: Repository) -> None:
    done = lockctl(healthy, "doctor", "--json", "-r", str(healthy.path))
    assert done.json["connection"] is None
    assert done.json["may_delete"] is True
    assert set(codes(done)) <= {"rclone-cache", "renewal-missed"}


def test_a_lock_of_each_kind(repository: Repository) -> None:
    made = one_of_each(repository)
    before = all_of(repository)
    done = lockctl(repository, "doctor", "--json")
    told = codes(done)
    assert {code for code, weight in told.items() if weight == "act"} == {
        *("lock-damaged", "lock-undecodable", "stale-lock", "superseded-lock")
    }
    assert {code for code, weight in told.items() if weight == "look"} == {
        *("lock-half-written", "doubtful-lock", "owner-clock-off")
    }
    assert {code for code, weight in told.items() if weight == "note"} == {
        *("rclone-cache", "renewal-missed", "foreign-file")
    }
    assert done.status == 2
    weights = [finding["weight"] for finding in done.json["findings"]]
    assert weights == sorted(weights, key=["act", "look", "note"].index)
    for code, state in (("stale-lock", "stale"), ("lock-half-written", "writing"), ("lock-damaged", "damaged")):
        assert finding_of(done, code)["locks"] == [made[state]]
    assert all_of(repository) == before
    assert (done.json["looks"], done.json["watched_seconds"] >= 6) == (3, True)
    assert WATCHING in done.stderr


def test_quiet_tells_only_what_is_to_do(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    aged_lock(repository, 900, WEB2)
    done = lockctl(repository, "doctor", "--quiet")
    assert (done.status, done.stderr) == (2, "")
    assert done.stdout.count("TO DO: ") == 1
    assert "NOTE" not in done.stdout
    assert "Looked at" not in done.stdout


def test_quiet_tells_nothing_where_nothing_is_to_do(healthy: Repository) -> None:
    done = lockctl(healthy, "doctor", "-q")
    assert (done.status, done.text) == (0, "")


def test_what_this_machine_has_seen_for_long_is_certain(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1, exclusive=True)
    assert finding_of(lockctl(repository, "doctor", "--json"), "stale-lock")["certainty"] == "likely"
    seen_for(repository)
    told = finding_of(lockctl(repository, "doctor", "--json"), "stale-lock")
    assert told["certainty"] == "certain"
    assert "It blocks everybody" in told["meaning"]
    assert "restic check" in told["todo"]


@pytest.mark.parametrize(("whole", "code"), [(False, "lock-growing"), (True, "lock-completed")])
def test_a_lock_that_is_written_meanwhile(repository: Repository, whole: bool, code: str) -> None:
    now = time.time_ns()
    sealed = lock_bytes(master_of(repository.path, repository.password), lock_of(now, WEB1))
    lock_id = put_lock(repository, sealed, now, now, cut_to=60)
    with running(repository, "doctor", "--json") as doctor:
        doctor.said(WATCHING)
        with (repository.path / "locks" / lock_id).open("ab") as file:
            file.write(sealed[60:] if whole else sealed[60:80])
        assert doctor.end() == (0 if whole else 1)
        until(lambda: doctor.out or None, "its output")
        told = Done(0 if whole else 1, "\n".join(doctor.out))
    assert finding_of(told, code)["locks"] == [lock_id]
    assert "lock-half-written" not in codes(told)


def test_a_share_that_is_read_only(repository: Repository, new_repository: NewRepository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    read_only = Repository(repository.samba, repository.folder, "read-only", repository.password)
    done = lockctl(read_only, "doctor", "--json", state_dir=state_of(repository))
    assert done.json["may_delete"] is False
    assert codes(done)["may-not-delete"] == "look"
    assert "as a user who may delete" in finding_of(done, "stale-lock")["todo"]


def test_another_user_who_may_not_delete(healthy: Repository, samba: Samba) -> None:
    for path in (healthy.path, *healthy.path.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    address = healthy.smb_address.replace(f"//{samba.user}@", "//games@")
    done = lockctl(smb_environment(healthy), "doctor", "--json", "-r", address)
    assert {code: weight for code, weight in codes(done).items() if weight != "note"} == {"may-not-delete": "look"}


def test_a_server_that_makes_creation_times_up(new_repository: NewRepository) -> None:
    repository = new_repository("undated")
    aged_lock(repository, 10, WEB1)
    assert "no-own-creation" in codes(lockctl(repository, "doctor", "--json"))


def test_a_clock_that_is_wrong(repository: Repository) -> None:
    aged_lock(repository, -HOUR, Owner("ahead"), created_age=10)
    done = lockctl(repository, "doctor", "--json")
    assert codes(done)["owner-clock-off"] == "act"
    assert "the clock of ahead is 1 h ahead of the server's" in finding_of(done, "owner-clock-off")["seen"]


def test_a_journal_that_is_damaged_is_told_once(healthy: Repository) -> None:
    state = state_of(healthy)
    state.mkdir(mode=0o700, exist_ok=True)
    (state / "journal.jsonl").write_text("no journal\n", encoding="utf-8")
    done = lockctl(healthy, "doctor", "--json")
    assert codes(done)["journal-damaged"] == "look"
    assert done.stderr == ""


def test_a_journal_that_others_can_write(healthy: Repository) -> None:
    state = state_of(healthy)
    state.mkdir(mode=0o700, exist_ok=True)
    (state / "journal.jsonl").touch()
    (state / "journal.jsonl").chmod(0o666)
    done = lockctl(healthy, "doctor", "--json")
    assert codes(done)["journal-unusable"] == "act"
    assert done.stderr == ""


def test_an_owner_that_came_back(repository: Repository) -> None:
    """Told as the first of all, once as something to do, and for a week as something to look at."""
    removed = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    back = aged_lock(repository, 0, WEB1)
    done = lockctl(repository, "doctor", "--json")
    assert codes(done)["owner-came-back"] == "act"
    assert finding_of(done, "owner-came-back")["locks"] == [removed, back]
    assert done.stderr == ""
    assert history(repository)[0]["returned_as"] == back
    again = lockctl(repository, "doctor", "--json")
    assert codes(again)["owner-came-back"] == "look"


def test_without_the_password(healthy: Repository) -> None:
    done = lockctl(healthy, "doctor", "--json", "--metadata-only")
    assert codes(done) == {"rclone-cache": "note", "owners-unknown": "note"}


def test_errors_are_told_apart_from_findings(repository: Repository, tmp_path: Path) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    wrong = tmp_path / "password"
    wrong.write_text("wrong", encoding="utf-8")
    done = lockctl(repository, "doctor", "--json", "--password-file", str(wrong))
    assert_same_in_json(done, 12, "wrong-password")
    assert_same_in_json(lockctl(repository, "doctor", "--json", "-r", str(tmp_path)), 10, "no-repository")
    assert_same_in_json(lockctl({}, "doctor", "--json"), 2, "usage")


def test_its_time_is_bounded(repository: Repository) -> None:
    aged_lock(repository, 20, WEB1, cut_to=60)
    done = lockctl(repository, "doctor", "--json", "--timeout", "4s")
    assert codes(done) == {"lock-half-written": "look", "rclone-cache": "note"}
    assert done.seconds < 4
    assert done.json["watched_seconds"] >= 1


def test_it_can_be_interrupted_while_it_watches(repository: Repository) -> None:
    aged_lock(repository, 20, WEB1, cut_to=60)
    with running(repository, "doctor") as doctor:
        doctor.said(WATCHING)
        doctor.process.send_signal(signal.SIGINT)
        assert doctor.end() == 130
    assert doctor.out == []


def test_a_terminal_gets_colour_and_its_own_width(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    done = lockctl(repository, "doctor", tty=True)
    assert done.status == 2
    assert "\x1b[1;31mTO DO: stale-lock\x1b[0m (likely, not certain)" in done.stdout
    plain = lockctl(repository, "doctor", "--no-color", tty=True)
    assert "\x1b" not in plain.stdout


@pytest.mark.parametrize("for_long", [True, False])
def test_a_lock_that_another_program_has_open(repository: Repository, for_long: bool) -> None:
    """And shares with nobody: for an instant that is nothing."""
    lock_id = aged_lock(repository, 20, WEB1)
    client = OtherClient(repository.samba)
    try:
        handle = client.open(f"{repository.folder}/locks/{lock_id}", 0)
        with running(repository, "doctor", "--json") as doctor:
            doctor.said(WATCHING)
            if not for_long:
                handle.close()
            status = doctor.end()
            until(lambda: doctor.out or None, "its output")
            told = codes(Done(status, "\n".join(doctor.out)))
    finally:
        client.close()
    assert told == ({"lock-unreadable": "act", "rclone-cache": "note"} if for_long else {"rclone-cache": "note"})


def test_restic_works_while_it_looks(repository: Repository) -> None:
    """Its looks hinder nobody: real restic makes and removes locks beside it."""
    aged_lock(repository, 20, WEB1, cut_to=60)
    doctor = start(repository, "doctor", "--json")
    repository.run("list", "keys")
    assert doctor.wait(60) == 1
    doctor.communicate()
    assert len(repository.lock_ids()) == 1
