"""The rules: what each removes when it is run at one moment. They see what a tool can see, no more."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from bench.simulation.share import Share
from bench.simulation.world import Judge
from lockctl.removal.plan import Wish, make_plan, narrow
from lockctl.repository.lock import LockFile
from lockctl.settings.policy import Policy
from lockctl.state.machine import Host
from lockctl.state.sightings import Sightings
from lockctl.survey.assess import assess
from lockctl.survey.values import Look, Survey

MINUTE = 60 * 10**9
OURS, PERSON = "lockctl prune --yes", "lockctl, and yes"
UNLOCK, OTHER_USER = "restic unlock", "unlock, other user"


class Rule(Protocol):
    """One rule, with what it remembers."""

    def run(self, share: Share, judge: Judge, at: float) -> None:
        """Runs it on that machine."""


class Lockctl:
    """lockctl's own code: look, memory on disk, judgement, plan, a second look, narrowing."""

    def __init__(self, folder: Path, *, unattended: bool) -> None:
        self._folder = folder
        self._wish = Wish(unattended=unattended)
        self._pause = 1.0 if unattended else 60.0
        self._last: dict[str, float] = {}

    def run(self, share: Share, judge: Judge, at: float) -> None:
        """Once, to the end."""
        if any(self._last.get(judge.name, at) < moment <= at for moment in judge.forgets):
            shutil.rmtree(self._folder / judge.name)
        self._last[judge.name] = at
        survey = self._survey(share, judge, at)
        plan = make_plan(survey, self._wish)
        later = at + self._pause
        if plan.steps and judge.is_up(later):
            second = self._survey(share, judge, later)
            for verdict in narrow(plan, second).steps:
                share.remove(verdict.file.id, later)

    def _survey(self, share: Share, judge: Judge, at: float) -> Survey:
        look = share.look(judge, at)
        sightings = Sightings(self._folder / judge.name, Host((judge.name,), judge.name))
        memory, forgetful = sightings.note(look.address, look.files, look.moment)
        return assess(look, memory, Policy(), forgetful=forgetful)


class Unlock:
    """`restic unlock`: older than 30 minutes by its own clock, or of this host name and a PID that does not answer."""

    def __init__(self, *, as_owner: bool) -> None:
        self._as_owner = as_owner

    def run(self, share: Share, judge: Judge, at: float) -> None:
        """Skips what it cannot read."""
        look = share.look(judge, at)
        running = share.machine(judge, at).started
        for file in look.files:
            # A signal to another user's process is refused, which restic takes for silence.
            silent = file.lock is not None and (file.lock.pid not in running or not self._as_owner)
            here = file.lock is not None and file.lock.hostname == judge.name
            if _age(file, look) > 30 * MINUTE or (here and silent):
                share.remove(file.id, at)


class Resticprofile:
    """force-inactive-lock of 1 h: before work that a lock blocks it runs `unlock`, where the one that restic named is
    older by our clock. The work is a `prune`, which any lock blocks.
    """

    def run(self, share: Share, judge: Judge, at: float) -> None:
        """restic names the first that it reads."""
        look = share.look(judge, at)
        named = min((file for file in look.files if file.lock is not None), key=lambda file: file.id, default=None)
        if named is not None and _age(named, look) >= 60 * MINUTE:
            Unlock(as_owner=True).run(share, judge, at)


class FileTime:
    """A script: older than two hours by last-write time and the server's clock."""

    def run(self, share: Share, judge: Judge, at: float) -> None:
        """Looks at nothing but names and times."""
        look = share.look(judge, at)
        for file in look.files:
            if look.clocks.server - file.entry.written > 120 * MINUTE:
                share.remove(file.id, at)


def rules(folder: Path) -> dict[str, Rule]:
    """All of them, new; `folder` is for what they remember. PERSON is one that always says yes."""
    return {
        OURS: Lockctl(folder / "unattended", unattended=True),
        PERSON: Lockctl(folder / "person", unattended=False),
        UNLOCK: Unlock(as_owner=True),
        OTHER_USER: Unlock(as_owner=False),
        "resticprofile 1 h": Resticprofile(),
        "file time > 2 h": FileTime(),
    }


def _age(file: LockFile, look: Look) -> int:
    """Nanoseconds by the owner's clock and ours, 0 for what cannot be read."""
    return look.clocks.local - file.lock.time_ns if file.lock is not None else 0
