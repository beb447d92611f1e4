"""What restics do: start, renew every five minutes, finish, crash, sleep, hang, lose the network; by version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import inf

from bench.simulation.clocks import HOUR, MINUTE
from bench.simulation.files import LEASE, File, Owner
from bench.simulation.history import History, Process
from bench.simulation.machines import VERSIONS, Host

PERIOD = 300.0
"""Seconds between renewals."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a client cannot renew."""

    begin: float
    end: float
    kind: str


class Step(Enum):
    """What a client does next."""

    RENEW = "renew"
    LEAVE = "leave"
    """Stops, and removes its lock."""
    ABANDON = "abandon"
    """Stops, and its lock stays."""


@dataclass(frozen=True, slots=True)
class Work:
    """One run: who, when, and how it ends ('' for well)."""

    owner: Owner
    begins: float
    ends: float
    ending: str
    gaps: tuple[Gap, ...]


def play_host(history: History, host: Host) -> None:
    """All runs on one host, each of its clients one after the other."""
    for client in range(host.clients):
        moment = history.random.expovariate(1 / HOUR)
        while moment < history.span:
            if any(begin <= moment < end for begin, end in history.server.down):
                moment += 30 * MINUTE
                continue
            work = draw_work(history, host, client, moment)
            end = play_work(history, work)
            if host.on_judge:
                _note_processes(history, work, end)
            moment = max(end, moment) + history.random.expovariate(1 / (2.5 * HOUR)) + MINUTE


def draw_work(history: History, host: Host, client: int, begins: float) -> Work:
    """One run, from minutes to many hours."""
    random = history.random
    ends = begins + min(random.lognormvariate(8.6, 1.1), 40 * HOUR)
    version = random.choices(tuple(VERSIONS), tuple(VERSIONS.values()))[0]
    hostname = host.name
    if "random name" in host.place:
        hostname = f"{random.getrandbits(48):012x}"
    pid = random.randint(1, 60) if host.contained else random.randint(400, 32767)
    while host.on_judge and not host.contained and pid in history.judge.daemons:
        pid += 1
    owner = Owner(host, hostname, pid, version, client == 0 and random.random() < 0.1)
    gaps = [Gap(begin, end, "server away") for begin, end in history.server.down]
    ending = "killed" if random.random() < 0.08 else ""
    if host.place == "laptop" and random.random() < 0.4:
        begin = random.uniform(begins, ends)
        gaps.append(Gap(begin, begin + MINUTE * 10 ** random.uniform(0.6, 2.8), "asleep"))
    if random.random() < 0.06:
        begin = random.uniform(begins, ends)
        gaps.append(Gap(begin, begin + random.uniform(5, 45) * MINUTE, "cut off"))
    if random.random() < 0.005:
        begin = random.uniform(begins, ends)
        ends, ending = begin + random.uniform(0.5, 20) * HOUR, "killed, had hung"
        gaps.append(Gap(begin, ends, "hung"))
    return _crash(Work(owner, begins, ends, ending, tuple(sorted(gaps, key=lambda gap: gap.begin))))


def _crash(work: Work) -> Work:
    """No work outlives a crash of its host; none ends well asleep or cut off."""
    ends, ending = work.ends, work.ending
    for gap in work.gaps:
        if gap.begin <= ends < gap.end and not ending:
            if gap.kind == "asleep":
                ends = gap.end + MINUTE
            else:
                ending = "could not remove its lock"
    for crash in sorted(work.owner.host.crashes):
        if work.begins < crash < ends:
            return Work(work.owner, work.begins, crash, "host crashed", work.gaps)
    return Work(work.owner, work.begins, ends, ending, work.gaps)


def play_work(history: History, work: Work) -> float:
    """Uploads all its lock files; returns when it ended."""
    random = history.random
    renewed = work.begins
    while True:
        at, trouble = _awake(work.gaps, renewed + PERIOD + random.uniform(0, 2), random.uniform(0.5, 40))
        step = next_step(work.owner.version, at - renewed, trouble)
        stops = min(renewed + LEASE, at) if step is Step.ABANDON else at
        if work.ends <= stops:
            _end(history, work, renewed, trouble)
            return work.ends
        if step is not Step.RENEW:
            _stop(history, work, renewed, stops, step, trouble)
            return stops
        _renew(history, work, renewed, at, trouble)
        renewed = at


def _awake(gaps: Sequence[Gap], at: float, delay: float) -> tuple[float, str]:
    """The first moment from `at` on in no gap, and what kept it; sleep outweighs the network."""
    trouble = ""
    for gap in gaps:
        if gap.begin <= at < gap.end:
            at = gap.end + delay
            trouble = trouble if trouble == "asleep" else gap.kind
    return at, trouble


def next_step(version: str, since: float, trouble: str) -> Step:
    """What an owner does that can renew again `since` seconds after it last did.

    From 0.15 on it stops by itself after 22½ minutes; from 0.16 on it looks after a sleep whether its lock still
    stands, and goes on if so. Older ones know of nothing and go on.
    """
    if since <= LEASE or version in ("0.9.6", "0.14") or trouble == "hung":
        return Step.RENEW
    if version == "0.16" and trouble == "asleep":
        return Step.RENEW
    return Step.LEAVE if trouble == "asleep" else Step.ABANDON


def _renew(history: History, work: Work, renewed: float, at: float, trouble: str) -> None:
    """A new file at `at`; then the one before goes, mostly."""
    random = history.random
    if random.random() < 0.0005:
        history.abandon(work.owner, at - 5, "upload cut short")
    stays = random.random() < 0.001
    file = history.upload(work.owner, renewed, inf if stays else at + random.uniform(0.05, 2), work.begins)
    if file is None:
        return
    file.trouble = trouble
    if at - renewed > LEASE:
        file.returns = at
    if stays:
        _die(history, file, at, "superseded")


def _stop(history: History, work: Work, renewed: float, at: float, step: Step, trouble: str) -> None:
    """An owner that lost its lease stops by itself, and removes its lock where it can."""
    file = history.upload(work.owner, renewed, at + 1 if step is Step.LEAVE else inf, work.begins)
    if file is None:
        return
    file.trouble = trouble
    if step is Step.LEAVE:
        file.returns = at
    else:
        _die(history, file, at, "gave up, cut off")


def _end(history: History, work: Work, renewed: float, trouble: str) -> None:
    """Its last file: removed, unless it ended badly."""
    ending = work.ending or ("could not remove its lock" if history.random.random() < 0.01 else "")
    file = history.upload(work.owner, renewed, inf if ending else work.ends, work.begins)
    if ending == "killed" and history.random.random() < 0.03:
        history.abandon(work.owner, work.ends, "upload cut short")
    if file is None:
        return
    file.trouble = trouble if any(gap.begin <= work.ends and gap.end > renewed + PERIOD for gap in work.gaps) else ""
    if ending:
        _die(history, file, work.ends, ending)


def _die(history: History, file: File, moment: float, cause: str) -> None:
    file.dies, file.cause = moment, cause
    history.met[cause] += 1


def _note_processes(history: History, work: Work, end: float) -> None:
    """Its process on the judge's machine, and perhaps another that gets its PID later."""
    random, owner = history.random, work.owner
    if owner.host.contained:
        outer = random.randint(400, 32767)
        history.processes.append(Process(outer, work.begins, end, owner.pid))
        return
    history.processes.append(Process(owner.pid, work.begins, end))
    if work.ending and random.random() < 0.3:
        begins = end + random.uniform(1, 5 * HOUR)
        ends = min([begins + random.uniform(1, 24 * HOUR), *(b for b in history.judge.boots if b > begins)])
        history.processes.append(Process(owner.pid, begins, ends, None, random.random() < 0.1))
        history.met["PID taken by another process"] += 1
