"""A survey: what every command starts from. Lists, reads, gathers witnesses, judges; changes nothing on the share."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lockctl.configuration import Configuration
from lockctl.deadline import boottime
from lockctl.liveness import process
from lockctl.liveness.evidence import Clocks, Facts, Seen, State, Verdict, Witness
from lockctl.liveness.judge import judge
from lockctl.liveness.probe import Answers, ask_probes
from lockctl.liveness.witnesses import keeps_creation
from lockctl.lock import LockFile
from lockctl.repository.reader import Config, Found, Repository
from lockctl.sightings import Memory, Sightings, moment_at
from lockctl.transport.base import CreationTrial

WORK = ("backup", "prune", "check", "forget")
"""What restic's users start, and locks can keep from starting."""


@dataclass(frozen=True, slots=True)
class Survey:
    """All that one look at a repository showed."""

    address: str
    config: Config
    clocks: Clocks
    verdicts: tuple[Verdict, ...]
    trial: CreationTrial | None

    @property
    def blocked(self) -> dict[str, list[str]]:
        """For each kind of work, the ids of the locks that keep it from starting."""
        return {work: [v.file.id for v in self.verdicts if work in v.blocks] for work in WORK}

    @property
    def unread(self) -> list[Verdict]:
        """The locks that the server did not let us read."""
        return [verdict for verdict in self.verdicts if verdict.state is State.UNREADABLE]


def take_survey(
    repository: Repository,
    address: str,
    *,
    trial: CreationTrial | None = None,
    trust_clock: str | None = None,
    memory: Path | None = None,
    configuration: Configuration | None = None,
    answers: Answers | None = None,
    wall: Callable[[], int] = time.time_ns,
    machine: Callable[[], process.Machine] = process.look_at_this_machine,
) -> Survey:
    """Looks once. `memory` is the folder of what this machine has seen before.

    `answers` are those of probes in looks before, where this one need not ask again so soon.

    Raises the transport's errors, WrongPassword, DamagedKey, DamagedConfig.
    """
    settings = configuration or Configuration()
    found = repository.find_locks()
    config = repository.config
    clocks = Clocks(local=wall() - int((boottime() - found.arrived) * 1e9), server=found.now)
    here = _see_machine(found.files, machine, settings.this_host)
    sightings = Sightings(memory, config.sha256, address) if memory is not None else None
    known, findings = _remember(found, here, sightings, trial)
    trial = trial or known.trial
    facts = _gather(found, clocks, known, trial, trust_clock, settings)
    verdicts = judge(found.files, facts, findings)
    doubted = [verdict.file for verdict in verdicts if verdict.state is not State.ACTIVE]
    probed = ask_probes(doubted, settings.probes, recent=answers)
    if probed:
        both = {id_: (*findings.get(id_, ()), *probed.get(id_, ())) for id_ in {*findings, *probed}}
        verdicts = judge(found.files, facts, both)
    return Survey(address, config, clocks, tuple(sorted(verdicts, key=_oldest_first)), trial)


def _remember(
    found: Found, here: process.Machine | None, sightings: Sightings | None, trial: CreationTrial | None
) -> tuple[Memory, dict[str, Sequence[Witness]]]:
    """Notes what stands there, and what this machine's processes say of it. Without a memory other witnesses stand."""
    findings = process.find(found.files, here) if here is not None else {}
    known = Memory()
    if sightings is not None:
        entries, now = [file.entry for file in found.files], moment_at(found.arrived)
        strangers = process.strangers(findings, found.files)
        try:
            known = sightings.note(entries, now, trial, strangers)
        except OSError:
            known = sightings.recall(entries, now, trial, strangers)
    if here is not None and known.namesake is not None:
        findings = process.find(found.files, replace(here, namesake=True))
    return known, findings


def _gather(
    found: Found,
    clocks: Clocks,
    known: Memory,
    trial: CreationTrial | None,
    trust_clock: str | None,
    settings: Configuration,
) -> Facts:
    """All that the judgement may use."""
    seen = {str(name): Seen(sighting.age, sighting.at_most) for (name, *_), sighting in known.sightings.items()}
    kept = keeps_creation((*(file.entry for file in found.files), *found.others))
    return Facts(clocks, found.changed, trial, trust_clock, settings.thresholds, seen, kept)


def _see_machine(
    files: Sequence[LockFile], machine: Callable[[], process.Machine], aliases: Sequence[str]
) -> process.Machine | None:
    """Reads the process table, and only where a lock was written here."""
    names = {process.own_hostname(), *aliases}
    if not any(file.lock is not None and file.lock.hostname in names for file in files):
        return None
    return replace(machine(), aliases=frozenset(aliases))


def _oldest_first(verdict: Verdict) -> tuple[float, str]:
    return (-(verdict.age or verdict.claimed_age or 0.0), verdict.file.id)
