"""Which machine this is, and what its clocks say, for a memory that must not be taken for another machine's."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from lockctl.clock.boot import Instant
from lockctl.state.memory import Moment

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_IDENTITIES = (
    Path("/etc/machine-id"),
    Path("/sys/class/dmi/id/product_uuid"),
    Path("/sys/firmware/devicetree/base/serial-number"),
)
"""What tells machines apart, as far as it can be read: clones of a disk have one machine-id."""
_INIT_SECONDS = 60.0
"""Within which the kernel has started init."""


@dataclass(frozen=True, slots=True)
class Host:
    """This machine, as the memory knows it: hashes of what tells it from others, and its name for people."""

    identity: tuple[str, ...]
    """One for each of _IDENTITIES, '' where this user may not read it."""
    hostname: str

    def may_be(self, other: Host) -> bool:
        """Whether nothing that both know tells them apart."""
        pairs = zip(self.identity, other.identity, strict=False)
        return all(mine == theirs or not mine or not theirs for mine, theirs in pairs)


def moment_at(instant: Instant, server: int, boot_id: Path = _BOOT_ID) -> Moment:
    """The moment that our clocks call so, and the server's `server` (nanoseconds since 1970).

    Where the boot id cannot be read each run counts for itself: nothing tells that a machine was started in between.
    """
    try:
        name = boot_id.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        name = ""
    started = bool(name) and is_first_start()
    name = name or f"{os.getpid()}-{time.time_ns()}"
    return Moment(name, instant.awake, instant.boot, instant.wall, server / 1e9, started)


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
    return Host(tuple(_digest(path) for path in _IDENTITIES), socket.gethostname())


def _digest(path: Path) -> str:
    """Of a file's bytes, '' where there are none to read."""
    try:
        data = path.read_bytes()
    except OSError:
        return ""
    return hashlib.sha256(data).hexdigest() if data else ""


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
