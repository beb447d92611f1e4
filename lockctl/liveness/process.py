"""What this machine's own processes say of the locks that were written here.

A PID counts only on the machine that wrote the lock, and only where all its processes can be seen; where that is not
certain the process table says nothing, and says why. Nothing is signalled and nothing is changed.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from lockctl.clock.duration import describe_duration
from lockctl.liveness.evidence import Witness
from lockctl.repository.lock import Lock, LockFile

SHARED_NAMES = frozenset(
    "localhost localhost.localdomain raspberrypi debian ubuntu fedora archlinux alpine kali nixos openwrt "
    "dietpi homeassistant truenas freenas tower diskstation unraid openmediavault rocky centos vagrant docker-desktop "
    "linuxkit server nas backup pi (none)".split()
)
"""Host names that many machines have because nobody changed them."""
_FIRST_PID_NAMESPACE = "pid:[4026531836]"
"""PROC_PID_INIT_INO in the kernel's include/linux/proc_ns.h."""
_KTHREADD = 2
"""The PID of the kernel thread that starts all others."""
_HIDES = re.compile(r"hidepid=(?!0|off)")
_EFFECTIVE = re.compile(r"^CapEff:\s+([0-9a-f]+)$", re.MULTILINE)
_CAP_SYS_PTRACE = 19
"""include/uapi/linux/capability.h"""
_SLACK = 2.0
"""Seconds by which a process's start may come out late: it is counted in clock ticks from a boot in whole seconds."""
_RESTART_SLACK = 300.0
"""Seconds by which the wall clock may have been corrected since this machine started."""


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine at one moment. `started` maps a PID to its start and `boot` is the last one, in seconds since 1970.

    `blind` says why the process table cannot be relied upon, '' where it can, and `hidden` why something may run here
    that it does not show; `nested` are PIDs as processes in other PID namespaces see their own, `restics` those of
    processes whose name has restic in it, and `system` those of init and the kernel's own threads.
    """

    hostname: str
    boot: float
    started: Mapping[int, float]
    blind: str = ""
    nested: frozenset[int] = frozenset()
    restics: frozenset[int] = frozenset()
    aliases: frozenset[str] = frozenset()
    """Further names of this machine that its user vouches for, even where others share them."""
    hidden: str = ""
    system: frozenset[int] = frozenset()


def own_hostname() -> str:
    """The name that a restic on this machine writes into its locks."""
    return socket.gethostname()


def look_at_this_machine(proc: Path = Path("/proc")) -> Machine:
    """Reads the process table once. Never raises: what cannot be seen makes it say nothing."""
    try:
        boot = psutil.boot_time()
    except (OSError, RuntimeError):  # hidden (ProcSubset= in systemd.exec(5)); a process's start is counted from it
        return Machine(own_hostname(), 0.0, {}, "/proc/stat cannot be read")
    started: dict[int, float] = {}
    nested: set[int] = set()
    restics: set[int] = set()
    system: set[int] = set()
    hidden = ""
    # psutil remembers processes by PID, and would take one that got a PID since the last look for the one before.
    psutil.process_iter.cache_clear()
    for process in psutil.process_iter(["name", "create_time", "ppid", "status"]):
        if process.info["status"] == psutil.STATUS_ZOMBIE:
            continue  # it has ended, and only its parent does not know yet
        started[process.pid] = process.info["create_time"] or 0.0
        if process.pid == 1 or _KTHREADD in (process.pid, process.info["ppid"]):
            system.add(process.pid)
        inner = _inner_pid(proc, process.pid)
        is_restic = "restic" in (process.info["name"] or "")
        if is_restic:
            restics.add(process.pid)
        if inner is not None:
            nested.add(inner)
            hidden = "a restic runs here in a PID namespace of its own" if is_restic else hidden
    return Machine(
        own_hostname(),
        boot,
        started,
        _blindness(proc),
        frozenset(nested),
        frozenset(restics),
        hidden=hidden,
        system=frozenset(system),
    )


def find(files: Iterable[LockFile], machine: Machine) -> dict[str, Sequence[Witness]]:
    """What the processes and the last restart say of each lock's owner, by the lock's id."""
    return {file.id: _ask(file.lock, machine) for file in files if file.lock is not None}


def _ask(lock: Lock, machine: Machine) -> Sequence[Witness]:
    if lock.hostname != machine.hostname and lock.hostname not in machine.aliases:
        return ()
    if not lock.pid:
        return (Witness("process", None, "the lock names no PID"),)
    if lock.hostname.lower() in SHARED_NAMES and lock.hostname not in machine.aliases:
        return (Witness("process", None, f"many machines are called {lock.hostname}: PIDs say nothing"),)
    return (_ask_processes(lock, machine), _ask_restart(lock, machine))


def _ask_processes(lock: Lock, machine: Machine) -> Witness:
    if machine.blind:
        return Witness("process", None, f"PIDs say nothing: {machine.blind}")
    if lock.pid in machine.nested:
        return Witness("process", None, f"a process in another PID namespace here has PID {lock.pid}")
    if lock.pid in machine.system:
        return Witness("process", None, f"PID {lock.pid} is the system's own here: that restic ran in a container")
    start = machine.started.get(lock.pid)
    alive = start is not None and start <= lock.time_ns / 1e9 + _SLACK
    if machine.hidden and not alive:
        return Witness("process", None, f"PIDs say nothing: {machine.hidden}")
    if start is None:
        return Witness("process", "gone", f"no process with PID {lock.pid} runs on this machine")
    if alive:
        return Witness("process", "alive", f"PID {lock.pid} runs on this machine")
    if lock.pid in machine.restics:
        # The wall clock may have been set since: then a start that seems later proves nothing.
        return Witness("process", None, f"PID {lock.pid} is a restic here that seems to have started later")
    return Witness("process", "gone", f"PID {lock.pid} on this machine is another process, started later")


def _ask_restart(lock: Lock, machine: Machine) -> Witness:
    if machine.blind:
        return Witness("restart", None, f"a restart says nothing: {machine.blind}")
    if machine.hidden:
        return Witness("restart", None, f"a restart says nothing: {machine.hidden}")
    if lock.pid in machine.restics:
        return Witness("restart", None, f"a restic runs here with PID {lock.pid}: a restart says nothing")
    before = machine.boot - lock.time_ns / 1e9
    if before > _RESTART_SLACK:
        return Witness(
            "restart", "gone", f"this machine was restarted {describe_duration(before)} after the lock's last renewal"
        )
    return Witness("restart", None, "this machine has not been restarted since the lock's last renewal")


def _blindness(proc: Path) -> str:
    """Why not all processes can be seen from here, or ''."""
    with suppress(OSError):
        if "microsoft" in (proc / "sys/kernel/osrelease").read_text().lower():
            return "Windows shares this host name (WSL)"
    try:
        if str((proc / "self/ns/pid").readlink()) != _FIRST_PID_NAMESPACE:
            return "lockctl itself runs in a container"
        mounts = (proc / "self/mountinfo").read_text()
    except OSError:
        return "/proc cannot be read"
    hides = any(" - proc " in line and _HIDES.search(line) for line in mounts.splitlines())
    if hides and not _may_see_all(proc):
        return "other users' processes are hidden (hidepid)"
    return ""


def _may_see_all(proc: Path) -> bool:
    """Whether hidepid hides nothing from us: it asks for this capability, which root can lack (proc(5))."""
    with suppress(OSError, ValueError):
        found = _EFFECTIVE.search((proc / "self/status").read_text(errors="replace"))
        return found is not None and bool(int(found[1], 16) >> _CAP_SYS_PTRACE & 1)
    return False


def _inner_pid(proc: Path, pid: int) -> int | None:
    """The PID that a process in another PID namespace has there, or None for one of ours (NSpid in proc(5))."""
    try:
        status = (proc / str(pid) / "status").read_text(errors="replace")
    except OSError:
        return None  # ended since the listing
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            pids = line.split()[1:]
            return int(pids[-1]) if len(pids) > 1 else None
    return None
