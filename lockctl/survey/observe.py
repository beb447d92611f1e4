"""One look: lists and reads locks/, reads this machine's clocks and processes. Changes nothing on the share."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from lockctl.clock.boot import boottime
from lockctl.liveness import process
from lockctl.liveness.evidence import Clocks, State
from lockctl.liveness.probe import Answers, ask_probes
from lockctl.repository.lock import LockFile
from lockctl.repository.opening import Repository
from lockctl.settings.file import Configuration
from lockctl.state.memory import Memory
from lockctl.state.sightings import Sightings, moment_at
from lockctl.survey.assess import assess
from lockctl.survey.values import Look, Policy, Survey


def observe(
    repository: Repository,
    address: str,
    this_host: Sequence[str] = (),
    *,
    wall: Callable[[], int] = time.time_ns,
    machine: Callable[[], process.Machine] = process.look_at_this_machine,
) -> Look:
    """Looks once. `this_host` are further names of this machine.

    Raises the transport's errors, WrongPassword, DamagedKey, DamagedConfig.
    """
    found = repository.find_locks()
    config = repository.config
    clocks = Clocks(local=wall() - int((boottime() - found.arrived) * 1e9), server=found.now)
    here = _see_machine(found.files, machine, this_host)
    findings = process.find(found.files, here) if here is not None else {}
    moment = moment_at(found.arrived, found.now)
    return Look(address, config, clocks, moment, found.files, found.changed, found.others, findings)


def take_survey(
    repository: Repository,
    address: str,
    *,
    trust_clock: str | None = None,
    sightings: Sightings | None = None,
    configuration: Configuration | None = None,
    answers: Answers | None = None,
    wall: Callable[[], int] = time.time_ns,
) -> Survey:
    """Looks, remembers what stands there, and judges; asks the probes of those about which there is doubt.

    `answers` are those of probes in looks before, where this one need not ask again so soon. Raises as `observe` does.
    """
    settings = configuration or Configuration()
    look = observe(repository, address, settings.this_host, wall=wall)
    memory, forgetful = Memory().look(look.files, look.moment), ""
    if sightings is not None:
        # The id alone does not do: a copy of a repository has the same one.
        memory, forgetful = sightings.note(f"{look.config.sha256}\n{address}", look.files, look.moment)
    policy = Policy(settings.thresholds, trust_clock)
    survey = assess(look, memory, policy, forgetful=forgetful)
    doubted = [verdict.file for verdict in survey.verdicts if verdict.state is not State.ACTIVE]
    probed = ask_probes(doubted, settings.probes, recent=answers)
    return assess(look, memory, policy, probed, forgetful=forgetful) if probed else survey


def _see_machine(
    files: Sequence[LockFile], machine: Callable[[], process.Machine], aliases: Sequence[str]
) -> process.Machine | None:
    """Reads the process table, and only where a lock was written here."""
    names = {process.own_hostname(), *aliases}
    if not any(file.lock is not None and file.lock.hostname in names for file in files):
        return None
    return replace(machine(), aliases=frozenset(aliases))
