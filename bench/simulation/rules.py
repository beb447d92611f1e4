"""The rules: which of the files that stand in locks/ each of them removes. They see what a tool can see, no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bench.simulation.machines import Judge
from lockctl.liveness import process
from lockctl.liveness.evidence import Clocks, Facts, Seen, State, Verdict
from lockctl.liveness.judge import judge
from lockctl.liveness.witnesses import keeps_creation
from lockctl.lock import LockFile
from lockctl.plan import Wish, make_plan
from lockctl.repository.reader import Config
from lockctl.sightings import Memory, Moment
from lockctl.survey import Survey
from lockctl.transport.base import CreationTrial

MINUTE = 60 * 10**9


@dataclass(frozen=True, slots=True)
class Look:
    """What can be seen at one moment: of the share, and on the machine that judges."""

    now: Moment
    clocks: Clocks
    files: Sequence[LockFile]
    directory_changed: int
    trial: CreationTrial
    machine: process.Machine
    judge: Judge


class Rule(Protocol):
    """One rule, with what it remembers of one share."""

    def choose(self, look: Look) -> dict[str, str]:
        """The ids that it removes, each with its reason in words."""


@dataclass(slots=True)
class Lockctl:
    """lockctl's own code, as `prune --yes` runs it."""

    memory: Memory = field(default_factory=Memory)

    def choose(self, look: Look) -> dict[str, str]:
        """What it removes unattended. As in a real run, the experiment is made only where something could go."""
        entries = [file.entry for file in look.files]
        here = any(file.lock is not None and file.lock.hostname == look.machine.hostname for file in look.files)
        findings = process.find(look.files, look.machine) if here else {}
        self.memory = self.memory.look(entries, look.now, process.strangers(findings, look.files)).forget(look.now)
        if self.memory.namesake is not None:
            findings = process.find(look.files, replace(look.machine, namesake=True))
        seen = {str(name): Seen(one.age, one.at_most) for (name, *_), one in self.memory.sightings.items()}
        facts = Facts(look.clocks, look.directory_changed, seen=seen, keeps_creation=keeps_creation(entries))
        verdicts = judge(look.files, facts, findings)
        if not any(verdict.removable or verdict.state is State.DOUBTFUL for verdict in verdicts):
            return {}
        verdicts = judge(look.files, replace(facts, trial=look.trial), findings)
        survey = Survey("", Config(None, None, ""), look.clocks, verdicts, look.trial)
        steps = make_plan(survey, Wish(unattended=True)).steps
        return {verdict.file.id: _said(verdict) for verdict in steps}


def _said(verdict: Verdict) -> str:
    said = "; ".join(f"{witness.name}: {witness.text}" for witness in verdict.witnesses)
    return f"{verdict.state.value}: {verdict.why} [{said}]"


class Unlock:
    """`restic unlock`: older than 30 minutes by its own clock, or of this host name and a PID that does not answer."""

    def choose(self, look: Look) -> dict[str, str]:
        """Skips what it cannot read."""
        return {file.id: "" for file in look.files if _is_stale(file, look)}


def _is_stale(file: LockFile, look: Look) -> bool:
    lock = file.lock
    if lock is None:
        return False
    if look.clocks.local - lock.time_ns > 30 * MINUTE:
        return True
    # A signal to another user's process is refused, which restic takes for silence.
    return lock.hostname == look.judge.name and (lock.pid not in look.machine.started or not look.judge.root)


class ForceInactive:
    """resticprofile's force-inactive-lock: an hour by its own clock."""

    def choose(self, look: Look) -> dict[str, str]:
        """Skips what it cannot read."""
        return {f.id: "" for f in look.files if f.lock is not None and look.clocks.local - f.lock.time_ns > 60 * MINUTE}


class FileTime:
    """A script: older than two hours by last-write time and the server's clock."""

    def choose(self, look: Look) -> dict[str, str]:
        """Looks at nothing but names and times."""
        return {file.id: "" for file in look.files if look.clocks.server - file.entry.written > 120 * MINUTE}


RULES: dict[str, type[Rule]] = {
    "lockctl prune --yes": Lockctl,
    "restic unlock": Unlock,
    "resticprofile, inactive 1 h": ForceInactive,
    "older than 2 h by file time": FileTime,
}
