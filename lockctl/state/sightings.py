"""Sightings: the memory of each repository, a file of its own in the state folder.

Where it cannot be kept the other witnesses stand, and a run that nobody attends has to say so: it would wait for ever.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from lockctl.clock.boot import boottime
from lockctl.state.files import folder_lock, make_folder, name_of, read_regular, remove_left_over, write_whole
from lockctl.state.memory import Memory, Moment, Shown, Sighting

MAX_REPOSITORIES = 200
"""Repositories that are remembered; the one that nobody looked at for longest is forgotten first."""
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_IDENTITIES = (
    Path("/etc/machine-id"),
    Path("/sys/class/dmi/id/product_uuid"),
    Path("/sys/firmware/devicetree/base/serial-number"),
)
"""What tells machines apart, as far as it can be read: clones of a disk have one machine-id."""
_INIT_SECONDS = 60.0
"""Within which the kernel has started init."""
_LOCK_SECONDS = 2.0
_FLEETING = {"tmpfs": "a tmpfs, which is emptied at each start", "overlay": "a container, and goes with it"}
"""File systems that do not outlive what made them."""


@dataclass(frozen=True, slots=True)
class Host:
    """This machine, as the memory knows it: a hash of what tells it from others, and its name for people."""

    identity: str
    hostname: str


class Sightings:
    """The memories below `folder`, as one run uses them."""

    def __init__(self, folder: Path, machine: Host | None = None) -> None:
        self._folder = folder
        self._machine = machine or this_machine()
        self._problems: dict[str, str] = {}
        """By repository, what was wrong when this run looked for the first time."""

    def note(self, repository: str, files: Sequence[Shown], now: Moment) -> tuple[Memory, str]:
        """Notes that these files stand there now. Returns what is known then, and why earlier looks are not, or ''.

        `repository` is whatever tells it from others. Never raises: without a memory all is seen for the first time.
        """
        path = self._folder / name_of(repository)
        try:
            make_folder(self._folder)
            new = not self._list()
            # Two runs at once must not lose each other's first sight of a lock.
            with folder_lock(self._folder, _LOCK_SECONDS):
                memory = self._recall(path, repository, new).look(files, now)
                write_whole(path, _encode(memory, self._machine))
                self._forget_oldest()
                remove_left_over(self._folder)
        except OSError as error:
            memory = self._recall(path, repository, new=False).look(files, now)
            return memory, f"cannot write {self._folder}: {error.strerror}. Give a folder that can be kept: --state-dir"
        return memory, self._problems[repository]

    def _recall(self, path: Path, repository: str, new: bool) -> Memory:
        """What the file holds, if it is there, sound and this machine's."""
        memory, problem = Memory(), ""
        try:
            memory, machine = _decode(read_regular(path))
            if machine.identity != self._machine.identity:
                problem = f"{self._folder} was another machine's ({machine.hostname}). Give each a folder of its own"
                memory = Memory()
        except FileNotFoundError:
            problem = self._newness() if new else ""
        except OSError as error:
            problem = f"{path} could not be read, and starts anew: {error.strerror}"
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            problem = f"{path} could not be read, and starts anew"
        self._problems.setdefault(repository, problem)
        return memory

    def _newness(self) -> str:
        lies = _FLEETING.get(file_system(self._folder))
        where = f" It lies in {lies}." if lies else ""
        hint = "If it was the first, all is well; else that folder is not kept: see --state-dir, or use --watch"
        return f"{self._folder} was made by this run.{where} {hint}"

    def _list(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if len(path.name) == 64]

    def _forget_oldest(self) -> None:
        kept = sorted(self._list(), key=lambda path: path.lstat().st_mtime)
        for path in kept[: max(0, len(kept) - MAX_REPOSITORIES)]:
            path.unlink(missing_ok=True)


def moment_at(boot: float, server: int) -> Moment:
    """The moment when the boot-time clock said `boot` and the server's `server` (nanoseconds since 1970).

    Without a boot id each run counts for itself.
    """
    try:
        boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        boot_id = f"{os.getpid()}-{time.time_ns()}"
    ago = boottime() - boot
    return Moment(boot_id, time.monotonic() - ago, boot, time.time() - ago, server / 1e9, is_first_start())


def is_first_start(proc: Path = Path("/proc")) -> bool:
    """Whether a new boot id means that this machine was started.

    Some containers get one each time they start, and see the uptime of their host: there init is younger than that.
    """
    try:
        fields = (proc / "1/stat").read_text(errors="replace").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # starttime in proc(5), counted from the boot
    except (OSError, ValueError, IndexError):
        return False
    return started < _INIT_SECONDS


def this_machine() -> Host:
    """This machine. A container has what its host has, and its volumes stay with that."""
    found = []
    for path in _IDENTITIES:
        with suppress(OSError):
            found.append(path.read_bytes())
    return Host(hashlib.sha256(b"\0".join(found)).hexdigest(), socket.gethostname())


def file_system(folder: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> str:
    """The type of the file system that this folder is on, '' where that cannot be seen (mountinfo in proc(5))."""
    try:
        device = folder.stat().st_dev
        lines = mountinfo.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    mounts = (line.split() for line in lines if " - " in line)
    number = f"{os.major(device)}:{os.minor(device)}"
    return next((words[words.index("-") + 1] for words in mounts if words[2] == number), "")


def _encode(memory: Memory, machine: Host) -> bytes:
    looked = astuple(memory.looked)[:5] if memory.looked is not None else None
    locks = {name: [one.instance[1:], one.stood, one.absent] for name, one in memory.sightings.items()}
    fields = {"machine": astuple(machine), "looked": looked, "complete": memory.complete, "locks": locks}
    return json.dumps(fields).encode("ascii")


def _decode(data: bytes) -> tuple[Memory, Host]:
    """The memory in this file, and whose it is. Raises ValueError, TypeError or KeyError where it is damaged."""
    fields = json.loads(data)
    identity, hostname = fields["machine"]
    boot_id, *times = fields["looked"]
    awake, boot, wall, server = (_finite(one) for one in times)
    sightings = {
        str(name): Sighting(
            (str(name), int(size), int(written)), _finite(stood), None if absent is None else _finite(absent)
        )
        for name, ((size, written), stood, absent) in fields["locks"].items()
    }
    looked = Moment(str(boot_id), awake, boot, wall, server)
    return Memory(looked, bool(fields["complete"]), sightings), Host(str(identity), str(hostname))


def _finite(value: Any) -> float:
    number = float(value)
    if not isfinite(number):
        raise ValueError("not a moment that ever was")
    return number
