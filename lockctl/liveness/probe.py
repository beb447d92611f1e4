"""The user's own probe commands: whether the owner of a lock on another host lives.

No shell, ever: `{host}`, `{pid}` and `{username}` are replaced where they are a whole argument, and a host name that
could be taken for an option or holds anything strange is never passed on. Exit status 0 means alive and 3 gone. All
else is no answer: 1 is what ping, ssh, `kill -0` without permission and every traceback exit with.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase

from lockctl.clock.boot import boottime
from lockctl.liveness.evidence import Witness
from lockctl.repository.lock import Lock, LockFile
from lockctl.settings.policy import Probe

AT_ONCE = 8
"""Hosts that are asked at the same time."""
MAX_ASKED = 64
"""Owners that are asked at one look."""
_HOST = re.compile(r"[A-Za-z0-9._:][A-Za-z0-9._:-]{0,252}")
_USER = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._@\\-]{0,63}")

_SECRETS = ("RESTIC_", "RCLONE_", "LOCKCTL_")

REMEMBERED = 60.0
"""Seconds for which looks that follow each other closely do with one answer."""

Answers = dict[object, tuple[float, Witness]]
"""By owner, when it was asked, in seconds of the boot-time clock, and what the probe said."""
Run = Callable[[Sequence[str], float], int | None]


def run_command(command: Sequence[str], seconds: float) -> int | None:
    """Its exit status, or None where it did not start or did not end in time."""
    # Passwords are in the environment, and none of a probe's business.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)}
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(
            command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    return done.returncode


def ask_probes(
    files: Sequence[LockFile], probes: Sequence[Probe], run: Run = run_command, recent: Answers | None = None
) -> dict[str, tuple[Witness, ...]]:
    """What the probes say of each lock's owner, by the lock's id. One owner is asked once.

    `recent` holds the answers of looks before, and gets those of this one; without it all are asked anew.
    """
    recent = {} if recent is None else recent
    now = boottime()
    answers = {owner: witness for owner, (at, witness) in recent.items() if now - at < REMEMBERED}
    asked: dict[object, tuple[Probe, Lock]] = {}
    for file in files:
        probe = find_probe(file.lock, probes) if file.lock is not None else None
        if file.lock is not None and probe is not None and file.lock.owner not in answers and len(asked) < MAX_ASKED:
            asked.setdefault(file.lock.owner, (probe, file.lock))
    if asked:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            said = pool.map(lambda pair: _ask(pair[0], pair[1], run), asked.values())
            new = dict(zip(asked, said, strict=True))
        recent.update({owner: (now, witness) for owner, witness in new.items()})
        answers |= new
    return {f.id: (answers[f.lock.owner],) for f in files if f.lock is not None and f.lock.owner in answers}


def find_probe(lock: Lock, probes: Sequence[Probe]) -> Probe | None:
    """The first probe for this lock's host."""
    return next((p for p in probes if any(fnmatchcase(lock.hostname, pattern) for pattern in p.hosts)), None)


def _ask(probe: Probe, lock: Lock, run: Run) -> Witness:
    if not _HOST.fullmatch(lock.hostname) or not _USER.fullmatch(lock.username or "root"):
        return Witness("probe", None, "the probe was not run: the lock's host or user name is not one")
    values = {"{host}": lock.hostname, "{pid}": str(lock.pid), "{username}": lock.username}
    match run([values.get(word, word) for word in probe.command], probe.timeout):
        case 0:
            return Witness("probe", "alive", f"the probe of {lock.hostname} says that PID {lock.pid} lives")
        case 3:
            return Witness("probe", "gone", f"the probe of {lock.hostname} says that PID {lock.pid} is gone")
        case None:
            return Witness("probe", None, f"the probe of {lock.hostname} did not start or did not end in time")
        case status:
            return Witness("probe", None, f"the probe of {lock.hostname} gave no answer (exit status {status})")
