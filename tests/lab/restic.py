"""Real restic repositories on the lab's Samba, through real rclone, and the locks that restic leaves."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import psutil

from tests.lab.processes import LabError, binary, kill_started, until
from tests.lab.samba import PASSWORD, Samba

DEADLINE_SECONDS = 120
FOREIGN_PREFIXES = ("RESTIC_", "RCLONE_", "LOCKCTL_", "AWS_")
ATTEMPTS = 5


@functools.cache
def obscured(password: str) -> str:
    """A password in the form of rclone's configuration, made by rclone itself; it never is an argument."""
    command = [binary("rclone", "rclone"), "obscure", "-"]
    done = subprocess.run(command, input=password, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


def is_sound(path: Path) -> bool:
    """Whether a file holds all of a lock: its name is the SHA-256 of its bytes."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    except FileNotFoundError:
        return False


@dataclass(frozen=True, slots=True)
class Repository:
    """A folder of a share, as restic sees it through an rclone remote with the name `lab`.

    `port` is a proxy's, where restic should go through one; else restic talks to Samba itself. `within` is the command
    that runs restic's, such as unshare with its options. `restic` and `rclone` are paths of programs; else those of the
    PATH are taken.
    """

    samba: Samba
    folder: str = "repo"
    share: str = "backup"
    password: str = PASSWORD
    port: int | None = None
    within: tuple[str, ...] = ()
    restic: str | None = None
    rclone: str | None = None

    @property
    def address(self) -> str:
        """The address that restic and lockctl understand."""
        return f"rclone:lab:{self.share}/{self.folder}"

    @property
    def smb_address(self) -> str:
        """lockctl's own form of the address."""
        port = self.port or self.samba.port
        return f"smb://{self.samba.user}@{self.samba.host}:{port}/{self.share}/{self.folder}"

    @property
    def path(self) -> Path:
        """Where the repository lies on this machine."""
        return self.samba.share_path(self.share) / self.folder

    @property
    def variables(self) -> dict[str, str]:
        """What restic, rclone and lockctl need in their environment to open this repository."""
        configuration = self.samba.directory / "rclone.conf"
        configuration.touch()
        return {
            "RESTIC_REPOSITORY": self.address,
            "RESTIC_PASSWORD": self.password,
            "RESTIC_CACHE_DIR": str(self.samba.directory / "restic-cache"),
            "RCLONE_CONFIG": str(configuration),
            "RCLONE_CONFIG_LAB_TYPE": "smb",
            "RCLONE_CONFIG_LAB_HOST": self.samba.host,
            "RCLONE_CONFIG_LAB_PORT": str(self.port or self.samba.port),
            "RCLONE_CONFIG_LAB_USER": self.samba.user,
            "RCLONE_CONFIG_LAB_PASS": obscured(self.samba.password),
        }

    @property
    def env(self) -> dict[str, str]:
        """This process's environment, but of settings for restic, rclone and lockctl only `variables`."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_PREFIXES)}
        return {**kept, **self.variables}

    def through(self, port: int) -> Repository:
        """The same repository behind a proxy."""
        return replace(self, port=port)

    def init(self, version: int = 2) -> None:
        """Make the repository in format `version` with real restic."""
        self.samba.make_folder(self.share, str(Path(self.folder).parent))
        self.run("init", "--repository-version", str(version))

    def run(
        self, *args: str, check: bool = True, seconds: float = DEADLINE_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run restic to its end; `LabError` with its output where it fails and `check` is set."""
        process = self.start(*args)
        try:
            output, errors = process.communicate(timeout=seconds)
        finally:
            kill_started(process)
        if check and process.returncode != 0:
            raise LabError(f"restic {' '.join(args)} exited with {process.returncode}: {output}{errors}")
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def start(
        self, *args: str, stdin: int = subprocess.DEVNULL, stderr: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start restic in a session of its own; the caller waits for its end or calls `kill_started`."""
        restic = self.restic or binary("restic", "restic")
        rclone = self.rclone or binary("rclone", "rclone")
        command = [*self.within, restic, "-o", f"rclone.program={rclone}", *args]
        return subprocess.Popen(
            command,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=self.env,
            text=True,
            start_new_session=True,
        )

    def lock_ids(self) -> list[str]:
        """The names in `locks/`, sorted, from the disk."""
        return self.samba.names(self.share, f"{self.folder}/locks")

    def sound_lock_ids(self) -> set[str]:
        """The names in `locks/` of files that are complete."""
        return {name for name in self.lock_ids() if is_sound(self.path / "locks" / name)}

    def backup_killed(self) -> str:
        """Kill a real backup and its rclone hard while it reads its input; returns the lock it leaves."""
        with self.running_backup() as backup:
            return backup.lock_id

    def check_killed(self) -> str:
        """A real `restic check`, killed hard right after it locked; returns the exclusive lock it leaves.

        restic refuses an exclusive lock beside any other: see `locks_aside`.
        """
        for _ in range(ATTEMPTS):
            before = set(self.lock_ids())
            process = self.start("check")
            try:
                self._stop_when_locked(process)
            finally:
                kill_started(process)
                process.communicate()
            # Not before: where it was quick, its rclone was at removing the lock again.
            left = self.sound_lock_ids() - before
            if left:
                return left.pop()
        raise LabError(f"restic check was faster than the lab, {ATTEMPTS} times")

    @contextmanager
    def running_backup(self) -> Iterator[RunningBackup]:
        """A real backup that holds its lock and waits for input; killed hard unless `finish` ended it."""
        before = set(self.lock_ids())
        process = self.start("backup", "--stdin", "--stdin-filename", "lab", stdin=subprocess.PIPE)
        try:
            _feed(process, "the first line\n")
            until(lambda: _is_drained(process), "backup that reads its input", DEADLINE_SECONDS)
            lock_id = until(lambda: self.sound_lock_ids() - before, "lock of the backup").pop()
            yield RunningBackup(process, lock_id)
        finally:
            kill_started(process)
            process.communicate()

    @contextmanager
    def locks_aside(self) -> Iterator[None]:
        """Keep the locks that stand out of restic's sight; their times, attributes and ids stay as they are.

        restic does not lock beside an exclusive lock, nor exclusively beside any. On a share that fails now
        and then several do stand, and this is how the lab gets there.
        """
        locks = self.path / "locks"
        aside = self.path.with_name(f"{self.path.name}.locks-aside")
        aside.mkdir()
        names = self.lock_ids()
        for name in names:
            (locks / name).rename(aside / name)
        try:
            yield
        finally:
            for name in names:
                (aside / name).rename(locks / name)
            aside.rmdir()

    def _stop_when_locked(self, process: subprocess.Popen[str]) -> None:
        """Suspend restic as soon as it says that it goes on with its lock in hand."""
        seen: list[str] = []
        for line in process.stdout or ():
            seen.append(line)
            if line.startswith("load indexes"):
                psutil.Process(process.pid).suspend()
                return
        raise LabError(f"restic check did not lock: {''.join(seen)}{process.communicate()[1]}")


@dataclass(frozen=True, slots=True)
class RunningBackup:
    """A restic that waits for more input. `lock_id` is its first lock: it writes new ones, every 5 min."""

    process: subprocess.Popen[str]
    lock_id: str

    @property
    def is_alive(self) -> bool:
        """Whether restic still runs."""
        return self.process.poll() is None

    def feed(self, text: str) -> None:
        """Give the backup more input."""
        _feed(self.process, text)

    def finish(self, seconds: float = DEADLINE_SECONDS) -> subprocess.CompletedProcess[str]:
        """End the input, wait for restic's own end and return its exit status and output."""
        output, errors = self.process.communicate(timeout=seconds)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, output, errors)


def _input(process: subprocess.Popen[str]) -> IO[str]:
    if process.stdin is None:
        raise LabError("this restic has no input")
    return process.stdin


def _feed(process: subprocess.Popen[str], text: str) -> None:
    stdin = _input(process)
    stdin.write(text)
    stdin.flush()


def _is_drained(process: subprocess.Popen[str]) -> bool:
    """Whether restic has read all that stands in its input: it does so with its lock in hand only."""
    if process.poll() is not None:
        raise LabError(f"restic backup ended: {process.communicate()[1]}")
    waiting = fcntl.ioctl(_input(process), termios.FIONREAD, b"\0" * 4)
    return waiting == b"\0" * 4


def copy_repository(samba: Samba, template: Path, folder: str, share: str = "backup") -> Repository:
    """A repository made by copying another's files on the disk: quicker than `init`, which derives keys."""
    repository = Repository(samba, folder, share)
    shutil.copytree(template, repository.path)
    samba.give(repository.path)
    return repository
