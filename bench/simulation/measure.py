"""Lets every rule judge one history, each on its own copy of what stands there, and counts what was true."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import isfinite

from bench.simulation.clocks import HOUR
from bench.simulation.files import File, Truth
from bench.simulation.history import History
from bench.simulation.machines import NAMESAKE
from bench.simulation.rules import RULES, Look, Rule
from bench.simulation.share import play
from lockctl.liveness.evidence import Clocks
from lockctl.liveness.process import Machine
from lockctl.sightings import Moment

AFTER = (1, 2, 24)
"""Hours after which dead locks are counted."""
MAX_EXAMPLES = 12


@dataclass(slots=True)
class Score:
    """What one rule did. Keys of `live` and `left` say what it happened to, those of `lapsed` what came of it."""

    lock_hours: int = 0
    live: Counter[str] = field(default_factory=Counter)
    unknowable: int = 0
    """Of these, those for which no witness of today tells the owner's machine from the judge's."""
    lapsed: Counter[str] = field(default_factory=Counter)
    dead: int = 0
    temporary: int = 0
    left: dict[int, Counter[str]] = field(default_factory=lambda: {hours: Counter() for hours in AFTER})
    examples: list[str] = field(default_factory=list)
    """Of the others, what each witness said, where the rule tells."""

    def add(self, other: Score) -> None:
        """Adds what the same rule did elsewhere."""
        self.lock_hours += other.lock_hours
        self.live += other.live
        self.unknowable += other.unknowable
        self.lapsed += other.lapsed
        self.dead += other.dead
        self.temporary += other.temporary
        for hours in AFTER:
            self.left[hours] += other.left[hours]
        self.examples = (self.examples + other.examples)[:MAX_EXAMPLES]


@dataclass(slots=True)
class Tally:
    """What was found in some histories. `old_enough` are the dead locks that got that many hours old."""

    shares: int = 0
    live_hours: int = 0
    lapsed_hours: int = 0
    dead: int = 0
    temporary: int = 0
    old_enough: Counter[int] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    scores: dict[str, Score] = field(default_factory=lambda: {name: Score() for name in RULES})

    def add(self, other: Tally) -> None:
        """Adds what was found in other histories."""
        self.shares += other.shares
        self.live_hours += other.live_hours
        self.lapsed_hours += other.lapsed_hours
        self.dead += other.dead
        self.temporary += other.temporary
        self.old_enough += other.old_enough
        self.met += other.met
        for name, score in other.scores.items():
            self.scores[name].add(score)


@dataclass(slots=True)
class View:
    """What stands in locks/ where one rule is used."""

    rule: Rule
    score: Score
    standing: dict[str, File] = field(default_factory=dict)
    removed: dict[str, float] = field(default_factory=dict)
    """By id, when the rule removed it."""
    changed: float = 0.0


def measure(seed: int, number: int, every: float, days: float) -> Tally:
    """Plays one share and lets every rule judge it."""
    history = play(seed, number, every, days)
    tally = Tally(shares=1, met=history.met)
    views = [View(rule(), tally.scores[name]) for name, rule in RULES.items()]
    truly: dict[str, File] = {}
    changed = 0.0
    for index, moment in enumerate(history.moments):
        changed = history.changes[index] or changed
        machine = see_machine(history, moment)
        _enter(truly, history.arrivals[index], moment)
        _count_truth(tally, truly, moment)
        for view in views:
            _enter(view.standing, history.arrivals[index], moment)
            view.changed = max(changed, view.changed)
            _judge(history, view, moment, machine)
    _count_dead(history, tally, views)
    return tally


def _enter(standing: dict[str, File], arrived: list[File], moment: float) -> None:
    standing.update({file.shown.id: file for file in arrived})
    for id_ in [id_ for id_, file in standing.items() if file.vanishes <= moment]:
        del standing[id_]


def _count_truth(tally: Tally, files: dict[str, File], moment: float) -> None:
    for file in files.values():
        truth = file.truth(moment)
        tally.live_hours += truth is Truth.LIVE
        tally.lapsed_hours += truth is Truth.LAPSED
        if truth is Truth.LIVE:
            host = file.owner.host
            tally.met.update((host.place, f"clock {host.clock.kind}", f"restic {file.owner.version}", host.way))
        if file.trouble:
            tally.met[file.trouble] += 1


def _judge(history: History, view: View, moment: float, machine: Machine) -> None:
    view.score.lock_hours += len(view.standing)
    for id_, why in view.rule.choose(_look(history, view, moment, machine)).items():
        file = view.standing.pop(id_)
        view.removed[id_] = moment
        view.changed = moment
        match file.truth(moment):
            case Truth.LIVE:
                unknowable = why.startswith("dead:") and file.owner.host.place == NAMESAKE
                view.score.unknowable += unknowable
                view.score.live[_scenario(history, file, moment)] += 1
                if why and not unknowable:
                    example = f"{_scenario(history, file, moment)}; renewed {moment - file.appears:.0f} s ago: {why}"
                    view.score.examples.append(example)
            case Truth.LAPSED:
                view.score.lapsed[_outcome(file)] += 1
            case Truth.DEAD if file.temporary:
                view.score.temporary += 1
            case Truth.DEAD:
                view.score.dead += 1


def _look(history: History, view: View, moment: float, machine: Machine) -> Look:
    judge, server = history.judge, history.server
    booted = judge.booted(moment)
    changed = history.set_back.get(view.changed) or server.clock.nanoseconds(view.changed)
    return Look(
        Moment(str(booted), moment - booted, judge.clock.seconds(moment)),
        Clocks(judge.clock.nanoseconds(moment), server.clock.nanoseconds(moment)),
        [file.look(moment) for file in view.standing.values()],
        changed,
        server.trial,
        machine,
        judge,
    )


def see_machine(history: History, moment: float) -> Machine:
    """The process table of the judge's machine, as lockctl.liveness.process reads it: by the wall clock of now."""
    judge = history.judge
    wall = judge.clock.seconds(moment)
    boot = wall - (moment - judge.booted(moment))
    running = [process for process in history.processes if process.begins <= moment < process.ends]
    started = dict.fromkeys(judge.daemons, boot)
    started.update({process.pid: wall - (moment - process.begins) for process in running})
    nested = frozenset(process.inner for process in running if process.inner is not None)
    hidden = "a restic runs here in a PID namespace of its own" if nested else ""
    restics = frozenset(process.pid for process in running if process.restic)
    return Machine(judge.name, boot, started, "", nested, restics, hidden=hidden, system=frozenset(range(1, 120)))


def _scenario(history: History, file: File, moment: float) -> str:
    """What is particular about an owner and its share, in words."""
    host, server, judge = file.owner.host, history.server, history.judge
    parts = [host.place] if host.place != "ordinary" else []
    parts += [f"clock {host.clock.kind}"] if host.clock.kind != "right" else []
    parts += [f"judge's clock {judge.clock.kind}"] if judge.clock.kind != "right" else []
    parts += [f"server: {server.kind}, clock {server.clock.kind}"]
    parts += ["restic 0.9.6"] if file.owner.version == "0.9.6" else []
    parts += [f"{file.trouble or 'late'}, not renewed for a while"] if moment - file.appears > 450 else []
    parts += ["still being written"] if moment < file.complete else []
    return ", ".join(parts)


def _outcome(file: File) -> str:
    """What came of an owner that had lost its lease and then its lock."""
    trouble = file.trouble or "late"
    version = file.owner.version
    if file.returns is None:
        return f"{trouble}, never came back"
    if trouble != "asleep":
        return f"{trouble}, restic {version}: came back and went on without a lock until it wrote a new one"
    came = {
        "0.16": "looked for its lock and stopped, where it could have gone on",
        "0.15": "had given up by itself",
    }.get(version, "went on without a lock until it wrote a new one")
    return f"{trouble}, restic {version}: {came}"


def _count_dead(history: History, tally: Tally, views: list[View]) -> None:
    for file in (file for arrived in history.arrivals for file in arrived if isfinite(file.dies)):
        if file.temporary:
            tally.temporary += 1
            continue
        tally.dead += 1
        for hours in AFTER:
            limit = file.dies + hours * HOUR
            if limit > history.span - HOUR:
                continue
            tally.old_enough[hours] += 1
            for view in views:
                if view.removed.get(file.shown.id, limit + 1) > limit:
                    view.score.left[hours][_why_left(history, file)] += 1


def _why_left(history: History, file: File) -> str:
    host, server, judge = file.owner.host, history.server, history.judge
    parts = [file.cause, f"server: {server.kind}"]
    parts += [host.place] if host.on_judge else []
    parts += [f"server's clock {server.clock.kind}"] if server.clock.kind != "right" else []
    parts += [f"judge's clock {judge.clock.kind}"] if judge.clock.kind != "right" else []
    parts += (
        ["judge restarted within the time"] if any(0 <= boot - file.dies <= 2 * HOUR for boot in judge.boots) else []
    )
    return ", ".join(parts)
