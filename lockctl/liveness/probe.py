"""The user's own probe commands: whether the owner of a lock on another host lives.

No shell, ever: `{host}`, `{pid}` and `{username}` are replaced where they are a whole argument, and a host name that
could be taken for an option or holds anything strange is never passed on. Exit status 0 means alive and 3 gone. All
else is no answer: 1 is what ping, ssh, `kill -0` without permission and every traceback exit with.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from math import inf

from lockctl.background import AT_END, Background
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


class Commands:
    """Commands at work, each in a process group of its own. Whoever leaves ends them all, and so does a run's end."""

    def __init__(self) -> None:
        self._at_work: set[subprocess.Popen[bytes]] = set()
        self._is_left = False
        self._lock = threading.Lock()

    def __enter__(self) -> Commands:
        """Itself."""
        AT_END.add(self.end)
        return self

    def __exit__(self, *_: object) -> None:
        AT_END.discard(self.end)
        self.end()

    def end(self) -> None:
        """None is at work any more, and none begins."""
        with self._lock:
            self._is_left = True
            for process in self._at_work:
                _end(process)

    def run(self, command: Sequence[str], seconds: float) -> int | None:
        """Its exit status, or None where it did not start or did not end in time: then it is ended."""
        # Passwords are in the environment, and none of a probe's business.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)}
        quiet = subprocess.DEVNULL
        try:
            with self._lock:
                if self._is_left:
                    return None
                process = subprocess.Popen(
                    command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
                )
                self._at_work.add(process)
        except (OSError, ValueError):
            return None
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            process.wait()
            return None
        finally:
            with self._lock:
                self._at_work.discard(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Whatever it has started goes with it."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def ask_probes(
    files: Sequence[LockFile],
    probes: Sequence[Probe],
    run: Run | None = None,
    recent: Answers | None = None,
    seconds: float = inf,
) -> dict[str, tuple[Witness, ...]]:
    """What the probes say of each lock's owner, by the lock's id. One owner is asked once, for `seconds` at most.

    `recent` holds the answers of looks before, and gets those of this one; without it all are asked anew. What comes
    meanwhile, such as a signal, ends the probes.
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
        with Commands() as commands:
            new = _ask_all(asked, run or commands.run, seconds)
        recent.update({owner: (now, witness) for owner, witness in new.items()})
        answers |= new
    return {f.id: (answers[f.lock.owner],) for f in files if f.lock is not None and f.lock.owner in answers}


def _ask_all(asked: Mapping[object, tuple[Probe, Lock]], run: Run, seconds: float) -> dict[object, Witness]:
    """By owner. In threads that hold up no end of this run."""
    waiting, said = list(asked.items()), dict[object, Witness]()

    def work() -> None:
        while waiting:
            try:
                owner, (probe, lock) = waiting.pop()
            except IndexError:
                return  # another thread was quicker
            said[owner] = _ask(replace(probe, timeout=min(probe.timeout, seconds)), lock, run)

    threads = [Background(work) for _ in range(min(AT_ONCE, len(asked)))]
    for thread in threads:
        thread.wait(None)
        thread.result()
    return said


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
