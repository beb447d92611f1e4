"""One look: lists and reads locks/, reads this machine's clocks and processes. Changes nothing on the share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lockctl.liveness import process
from lockctl.liveness.evidence import Clocks
from lockctl.repository.lock import LockFile
from lockctl.repository.locks import Repository
from lockctl.state.machine import moment_at
from lockctl.survey.values import Look


def observe(
    repository: Repository,
    address: str,
    this_host: Sequence[str] = (),
    machine: Callable[[], process.Machine] = process.look_at_this_machine,
) -> Look:
    """Looks once. `this_host` are further names of this machine.

    Raises the transport's errors, WrongPassword, DamagedKey, DamagedConfig.
    """
    found = repository.find_locks()
    config = repository.config
    clocks = Clocks(local=int(found.arrived.wall * 1e9), server=found.now)
    here = _see_machine(found.files, machine, this_host)
    findings = process.find(found.files, here) if here is not None else {}
    moment = moment_at(found.arrived, found.now)
    return Look(address, config, clocks, moment, found.files, found.changed, found.others, findings)


def _see_machine(
    files: Sequence[LockFile], machine: Callable[[], process.Machine], aliases: Sequence[str]
) -> process.Machine | None:
    """Reads the process table, and only where a lock was written here."""
    names = {process.own_hostname(), *aliases}
    if not any(file.lock is not None and file.lock.hostname in names for file in files):
        return None
    return replace(machine(), aliases=frozenset(aliases))
