"""Where a scene is played: a Samba and a repository of its own, hosts with names, and a restic that is recorded."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.lab.processes import kill_started
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository, RunningBackup
from tests.lab.samba import Samba
from tests.lab.scenes.locks import Known, LockWatch
from tests.lab.scenes.recording import Recording
from tests.lab.seal import NS, Master, Owner, format_of, lock_bytes, lock_of, master_of, put_lock

HERE = "web1"
"""The machine whose restic is recorded."""
THERE = Owner("db1", pid=30412)
"""Another one, of which no process runs here."""
RCLONE_VERY_VERBOSE = "rclone.args=serve restic --stdio --b2-hard-delete -vv"
PLAIN = {"TZ": "UTC", "LANG": "C.UTF-8", "RESTIC_CACHE_DIR": "/var/cache", "RCLONE_CONFIG": "/var/cache/rclone.conf"}
SOURCE = "/srv"
# A name and folders of its own for one process and its children: nothing of the machine that plays shows in a log.
MACHINE = 'hostname "$0"; mount --bind "$1" /srv; mount --bind "$2" /var/cache; shift 2; exec "$@"'


@dataclass
class Stage:
    """One play of one scene. Needs root: host names and mounts are namespaces' own."""

    repository: Repository
    watch: LockWatch
    master: Master
    proxy: Proxy
    lines: list[bytes] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    """Seconds since `begun`, one for each line."""
    runs: list[dict[str, Any]] = field(default_factory=list)
    locks: list[dict[str, Any]] = field(default_factory=list)
    sealed: dict[str, bytes] = field(default_factory=dict)
    """The whole bytes of each lock that was put."""
    begun: str = ""
    _first: float = 0
    _pids: set[int] = field(default_factory=set)

    @property
    def source(self) -> Path:
        """What the recorded restic sees in /srv."""
        return self.repository.samba.directory / "source"

    @property
    def cache(self) -> Path:
        """What every restic sees in /var/cache."""
        return self.repository.samba.directory / "restic-cache"

    def at(self, host: str) -> Repository:
        """The repository as restic on this host sees it."""
        folders = (str(self.source), str(self.cache))
        within = ("unshare", "--uts", "--mount", "--", "sh", "-c", MACHINE, host, *folders)
        return replace(self.repository, within=within)

    def put(
        self,
        age: float,
        owner: Owner = THERE,
        *,
        lives: bool = False,
        exclusive: bool = False,
        cut_to: int | None = None,
        claims: float | None = None,
    ) -> str:
        """A lock made here: `age` seconds old by the clocks of server and owner, unless that one `claims` else."""
        now = time.time_ns()
        lock = lock_of(now - int((age if claims is None else claims) * NS), owner, exclusive)
        sealed = lock_bytes(self.master, lock, format_of(self.repository.path, self.master))
        known = Known(owner.hostname, owner.pid, owner.username, exclusive, lock["time"], lives, len(sealed))
        name = hashlib.sha256(sealed).hexdigest()
        self.sealed[name] = sealed
        self.watch.tell(name, known)
        created = now - int(age * NS)
        return put_lock(self.repository, sealed, created, created - 3_000_000, cut_to)

    def begin(
        self,
        *args: str,
        host: str = HERE,
        stdin: int = subprocess.DEVNULL,
        through: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> Recording:
        """Start the restic that is recorded, `through` the proxy or not; `env` adds to its environment."""
        at = self.at(host)
        if through:
            at = at.through(self.proxy.port)
        recording = Recording([*at.within, "restic", *args], {**at.env, **PLAIN, **(env or {})}, stdin)
        if not self.begun:
            self.begun = recording.begun.isoformat(timespec="milliseconds")
            self._first = recording.begun.timestamp()
        self._pids.add(recording.process.pid)
        return recording

    def end(self, recording: Recording, seconds: float = 120) -> int | None:
        """Wait for its end, or kill it after `seconds`; keep what it printed, and what the share holds then."""
        status = recording.wait(seconds)
        if status is None:
            self.note(recording)
            kill_started(recording.process)  # type: ignore[arg-type]
            recording.wait(10)
        else:
            self.note(recording)
        self.lines += recording.lines
        self.arrived += [round(one.timestamp() - self._first, 3) for one in recording.arrived]
        command = recording.process.args
        assert isinstance(command, list)
        self.runs.append({"command": " ".join(command[command.index("restic") :]), "exit": status})
        return status

    def note(self, recording: Recording) -> None:
        """Describe the locks as they are now."""
        text = b"".join([*self.lines, *recording.lines]).decode(errors="replace")
        self.locks = self.watch.describe(text, self._pids)

    def play(
        self,
        *args: str,
        host: str = HERE,
        seconds: float = 180,
        through: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> int | None:
        """Run restic to its end and keep all of it."""
        return self.end(self.begin(*args, host=host, through=through, env=env), seconds)

    @contextmanager
    def other_backup(self, host: str = THERE.hostname) -> Iterator[RunningBackup]:
        """A real backup from another host, that is not recorded."""
        with self.at(host).running_backup() as backup:
            yield backup


@contextmanager
def stage(size: str = "") -> Iterator[Stage]:
    """A new one; with `size`, such as `4m`, the share can hold no more than that."""
    with ExitStack() as stack:
        samba = stack.enter_context(Samba())
        if size:
            _limit(stack, samba, size)
        _fill(samba.directory / "source")
        repository = Repository(samba, "restic")
        repository.init()
        master = master_of(repository.path, repository.password)
        watch = LockWatch(repository.path / "locks", master)
        stack.callback(watch.stop)
        proxy = stack.enter_context(Proxy(samba.port))
        yield Stage(repository, watch, master, proxy)


def _limit(stack: ExitStack, samba: Samba, size: str) -> None:
    share = samba.share_path()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "lab", str(share)], check=True)
    stack.callback(lambda: subprocess.run(["umount", "--lazy", str(share)], check=True))
    samba.give(share)


def _fill(source: Path) -> None:
    (source / "mail").mkdir(parents=True)
    cache = source.with_name("restic-cache")
    cache.mkdir()
    (cache / "rclone.conf").touch()
    (source / "accounts.db").write_bytes(os.urandom(300_000))
    (source / "notes.txt").write_text("what has to be kept\n" * 40, encoding="utf-8")
    for number in range(3):
        (source / "mail" / f"{number}.eml").write_bytes(os.urandom(2_000))
