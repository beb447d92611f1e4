"""What lockctl says of real owners in odd states: stopped, in a PID namespace, or dead and their PID in use again.

Hours pass by moving all clocks of the judgement on; nobody waits for them, and the processes are real.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import PIPE, Popen

import psutil
import pytest

from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.errors import FileError
from lockctl.liveness.evidence import State, Verdict, Witness
from lockctl.liveness.process import Machine, look_at_this_machine
from lockctl.removal.plan import Wish, make_plan
from lockctl.repository.lock import Lock
from lockctl.repository.locks import open_repository
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import Login
from lockctl.settings.policy import Policy, Thresholds
from lockctl.state.memory import Memory
from lockctl.survey.assess import assess
from lockctl.survey.observe import observe
from lockctl.transport.base import Choose, Contents, Listing, Protection, Reader, Watch
from lockctl.transport.smb.transport import SmbTransport
from tests.cli.make import quicken
from tests.conftest import NewRepository
from tests.lab.alone import see_no_strangers
from tests.lab.processes import binary, family, kill_started, until
from tests.lab.restic import Repository
from tests.lab.seal import NS

ADDRESS = "lab"
CLOCKS = {"owner-clock", "server-creation", "own-clock"}
SECONDS = 60
ELSEWHERE = Machine("elsewhere", boot=0.0, started={})
LAST_PID = Path("/proc/sys/kernel/ns_last_pid")
"""The kernel gives out the next free PID after this one, in each PID namespace."""
PID_MAX = Path("/proc/sys/kernel/pid_max")
LOWEST_PID = 1000
"""Below are kernel threads and what started with the machine."""
OWN_NAMESPACE = ("unshare", "--pid", "--fork", "--mount-proc")
AS_CHILD = ("sh", "-c", f'echo "$0" >{LAST_PID}; "$@"; exit $?')
"""A shell that is PID 1 and runs its arguments as the PID after its $0."""
CLEAR_SECONDS = 3
"""By which a process has to start after a lock was written, to be another than its owner beyond doubt."""


@dataclass(frozen=True, slots=True)
class Later:
    """A real reader whose server has its clock `seconds` on."""

    reader: Reader
    seconds: int

    def list_directory(self, directory: str) -> Listing:
        return self.reader.list_directory(directory)

    def read_many(self, paths: Sequence[str], limit: int) -> Sequence[bytes | FileError]:
        return self.reader.read_many(paths, limit)

    def begin_files(self, paths: Sequence[str], limit: int) -> Callable[[], Sequence[bytes | FileError]]:
        return self.reader.begin_files(paths, limit)

    def begin_folder(self, directory: str, choose: Choose, limit: int) -> Callable[[], Contents]:
        return self.reader.begin_folder(directory, choose, limit)

    def watch(self, directory: str) -> Watch:
        return self.reader.watch(directory)

    def now(self) -> int:
        return self.reader.now() + self.seconds * NS

    def may_delete(self, directory: str) -> bool | None:
        return self.reader.may_delete(directory)

    def protection(self) -> Protection | None:
        return self.reader.protection()

    def close(self) -> None:
        self.reader.close()


def look(repository: Repository, minutes: int = 0, machine: Callable[[], Machine] = look_at_this_machine) -> Verdict:
    """What `prune --yes` goes by: the verdict on the only lock, with the clocks of all witnesses `minutes` on.

    Our own clocks are where they are, and the memory says that the lock was seen so long ago.
    """
    seconds, samba = minutes * 60, repository.samba
    address = SmbAddress(samba.host, repository.share, repository.folder, samba.port)
    credentials = Login(samba.user, samba.password)
    with closing(SmbTransport(address, credentials, Deadline(SECONDS))) as share:
        opened = open_repository(Later(share, seconds), repository.password, Deadline(SECONDS))
        seen = observe(opened, ADDRESS, machine=machine)
    now = seen.moment
    seen = replace(seen, clocks=replace(seen.clocks, local=seen.clocks.local + seconds * NS))
    before = replace(now, awake=now.awake - seconds, boot=now.boot - seconds, wall=now.wall - seconds)
    survey = assess(seen, Memory().look(seen.files, before).look(seen.files, now), Policy())
    (verdict,) = survey.verdicts
    moved = {witness.name for witness in verdict.witnesses if witness.age is not None and witness.age >= seconds}
    assert moved >= (CLOCKS if seconds else CLOCKS - {"own-clock"})
    goes = verdict.removable and seconds >= Thresholds().gives_up
    assert bool(make_plan(survey, Wish(unattended=True)).steps) is goes
    return verdict


def from_elsewhere(repository: Repository, minutes: int) -> Verdict:
    """The same as another machine sees it, which knows nothing of processes here."""
    return look(repository, minutes, lambda: ELSEWHERE)


def codes(verdict: Verdict) -> list[str]:
    return [reason.code for reason in verdict.reasons]


def process_of(verdict: Verdict) -> Witness:
    """What the process table said."""
    (witness,) = (witness for witness in verdict.witnesses if witness.name == "process")
    return witness


def lock_of(verdict: Verdict) -> Lock:
    assert verdict.file.lock is not None
    return verdict.file.lock


@pytest.fixture(autouse=True)
def no_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restic in somebody else's container, or in that of a test beside this one, would silence the process table."""
    see_no_strangers(os.getpid(), monkeypatch.setattr)


@pytest.fixture
def repository(new_repository: NewRepository) -> Repository:
    """One whose key is quick to derive: it is opened for each look."""
    repository = new_repository()
    quicken(repository)
    return repository


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a restic and its rclone, as a debugger or a freezer does; let them go on at the end."""
    members = family(pid)
    assert {member.name() for member in members} == {"restic", "rclone"}
    for member in members:
        member.suspend()
    until(lambda: all(member.status() == psutil.STATUS_STOPPED for member in members), "stop of restic")
    try:
        yield
    finally:
        for member in members:
            member.resume()


def test_a_laptop_slept_in_the_middle_of_a_backup(repository: Repository) -> None:
    """restic and its rclone are stopped, as all processes are that sleep."""
    with repository.running_backup() as backup:
        with stopped(backup.process.pid):
            for minutes, code in ((10, "owner-alive"), (25, "owner-alive"), (40, "owner-hung")):
                here = look(repository, minutes)
                assert (here.state, here.removable, codes(here)) == (State.ACTIVE, False, [code])
                assert process_of(here).text == f"PID {backup.process.pid} runs on this machine"
            assert_expires_elsewhere(repository)
        assert codes(look(repository)) == ["owner-alive"]
        backup.feed("the second line\n")
        done = backup.finish()
    assert done.returncode == 0, done.stderr
    assert repository.lock_ids() == []
    assert repository.run("dump", "latest", "lab").stdout == "the first line\nthe second line\n"


def assert_expires_elsewhere(repository: Repository) -> None:
    """Other machines know only the clocks: overdue, then given up by every newer restic, then stale."""
    ten, twenty_five, forty = (from_elsewhere(repository, minutes) for minutes in (10, 25, 40))
    assert [verdict.state for verdict in (ten, twenty_five, forty)] == [State.OVERDUE, State.OVERDUE, State.STALE]
    assert [verdict.removable for verdict in (ten, twenty_five, forty)] == [False, False, True]
    assert "given up by itself" not in ten.why
    assert "restic has given up by itself" in twenty_five.why
    assert codes(forty) == ["not-renewed"]


def free_pid() -> int:
    """A PID that nobody has, as far as can be from those that are given out next."""
    highest, last = int(PID_MAX.read_text()) - 1, int(LAST_PID.read_text())
    pid = max(LOWEST_PID, (last + highest // 2) % highest)
    while psutil.pid_exists(pid):
        pid = pid + 1 if pid < highest else LOWEST_PID
    return pid


def test_a_restic_in_a_pid_namespace_is_never_called_dead(repository: Repository) -> None:
    """Its PID is that of nobody here, or that of somebody else: init in a container that starts restic itself."""
    assert os.geteuid() == 0, "a PID namespace is made by root"
    pid = free_pid()
    for within, inside in (((*OWN_NAMESPACE, *AS_CHILD, str(pid - 1)), pid), (OWN_NAMESPACE, 1)):
        with replace(repository, within=within).running_backup() as backup:
            for minutes, state in ((0, State.ACTIVE), (10, State.OVERDUE)):
                seen = look(repository, minutes)
                assert lock_of(seen).pid == inside
                assert (seen.state, seen.removable) == (state, False)
                assert process_of(seen).says is None
                assert "PID namespace" in process_of(seen).text
            done = backup.finish()
        assert done.returncode == 0, done.stderr
        assert repository.lock_ids() == []


def test_a_restic_killed_in_a_pid_namespace_is_gone(repository: Repository) -> None:
    """Once no restic runs in a namespace, every PID can be seen again, and there is nobody with that one."""
    assert os.geteuid() == 0, "a PID namespace is made by root"
    pid = free_pid()
    replace(repository, within=(*OWN_NAMESPACE, *AS_CHILD, str(pid - 1))).backup_killed()
    until(lambda: not look_at_this_machine().hidden, "end of the namespace", SECONDS)
    for minutes, state in ((2, State.ACTIVE), (10, State.DEAD)):
        seen = look(repository, minutes)
        assert (seen.state, seen.removable) == (state, state is State.DEAD)
        assert process_of(seen).says == "gone"
        assert process_of(seen).text == f"no process with PID {pid} runs on this machine"


@contextmanager
def another_with(pid: int) -> Iterator[None]:
    """Another process that has this very PID."""

    def take() -> Popen[str] | None:
        last = LAST_PID.read_text()
        LAST_PID.write_text(str(pid - 1))
        # It ends when its input does, which is also when this process ends, however that ends.
        process = Popen([binary("cat", "coreutils")], stdin=PIPE, text=True)
        LAST_PID.write_text(last)  # what was used a moment ago, by a test beside this one too, is not used again
        if process.pid == pid:
            return process
        end(process)
        return None

    def end(process: Popen[str]) -> None:
        kill_started(process)
        process.communicate()

    # The PID stays taken until init has buried the whole session of who had it.
    process = until(take, f"process with the PID {pid}", SECONDS)
    try:
        yield
    finally:
        end(process)


def test_a_pid_that_another_process_took_is_gone(repository: Repository) -> None:
    assert os.geteuid() == 0, "only root says which PID comes next"
    repository.backup_killed()
    before = look(repository)
    pid, written = lock_of(before).pid, lock_of(before).time_ns / NS
    assert process_of(before).text == f"no process with PID {pid} runs on this machine"
    # The start of a process is counted on this clock.
    until(lambda: psutil.boot_time() + boottime() > written + CLEAR_SECONDS, "moment that is certainly later")
    with another_with(pid):
        for minutes, state in ((2, State.ACTIVE), (10, State.DEAD)):
            seen = look(repository, minutes)
            assert (seen.state, seen.removable) == (state, state is State.DEAD)
            assert process_of(seen).says == "gone"
            assert process_of(seen).text == f"PID {pid} on this machine is another process, started later"
            assert "owner-gone" in codes(seen)
