"""Plays worlds under every rule, and counts: what was at risk how often, what was lost, what was left."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from math import inf, sqrt
from pathlib import Path
from tempfile import mkdtemp

from bench.simulation.hazards import draw
from bench.simulation.rules import rules
from bench.simulation.share import File, Share, Truth, upload_all
from bench.simulation.world import HOUR, Judge, World

AFTER = (1, 2, 24)
"""Hours after a lock's death at which it is counted whether it is still there."""
_Z = 1.96


@dataclass(slots=True)
class Tally:
    """What was counted of one hazard, for each rule. A trial is a world."""

    at_risk: dict[Truth, int] = field(default_factory=lambda: {Truth.LIVE: 0, Truth.LAPSED: 0})
    """Trials in which a look met such a lock while the hazard was there."""
    lost: dict[Truth, Counter[str]] = field(default_factory=lambda: {Truth.LIVE: Counter(), Truth.LAPSED: Counter()})
    """By rule, the trials of those in which at least one such lock was removed."""
    died: Counter[int] = field(default_factory=Counter)
    """By hours, the dead locks that a rule had so much time for."""
    left: dict[int, Counter[str]] = field(default_factory=lambda: {hours: Counter() for hours in AFTER})
    """Those of them that each rule left."""

    def add(self, other: Tally) -> None:
        """Counts both together."""
        for truth in self.at_risk:
            self.at_risk[truth] += other.at_risk[truth]
            self.lost[truth] += other.lost[truth]
        self.died += other.died
        for hours in AFTER:
            self.left[hours] += other.left[hours]


def measure(hazard: str, seed: int, numbers: range) -> Tally:
    """Plays the worlds of these numbers."""
    tally = Tally()
    for number in numbers:
        folder = Path(mkdtemp(prefix="lockctl-simulation-"))
        try:
            _measure_world(draw(hazard, seed, number), folder, tally)
        finally:
            shutil.rmtree(folder)
    return tally


def runs_of(world: World) -> list[tuple[float, Judge]]:
    """When each machine looks that is up then."""
    runs = [(at, judge) for judge in world.judges for at in judge.looks if judge.is_up(at)]
    return sorted(runs, key=lambda run: (run[0], run[1].name))


def play(world: World, rule: str, folder: Path) -> Share:
    """Runs one rule from the first look to the last."""
    share, chosen = Share(world, files_of(world)), rules(folder)[rule]
    for at, judge in runs_of(world):
        chosen.run(share, judge, at)
    return share


def files_of(world: World) -> tuple[File, ...]:
    """All that ever stands in locks/."""
    return tuple(file for owner in world.owners for file in upload_all(owner))


def removed(share: Share, truth: Truth) -> list[File]:
    """The files of which that was true when they were removed."""
    return [f for f in share.files if f.id in share.removed and f.truth(share.removed[f.id]) is truth]


def _measure_world(world: World, folder: Path, tally: Tally) -> None:
    looks = [at for at, _ in runs_of(world)]
    files = files_of(world)
    met = {
        file.truth(at)
        for at in looks
        if world.window[0] <= at < world.window[1]
        for file in files
        if file.appears <= at < file.vanishes
    }
    at_risk = met & tally.at_risk.keys()
    for truth in at_risk:
        tally.at_risk[truth] += 1
    dead = [file for file in files if file.vanishes == inf and file.dies >= looks[0]]
    due = {hours: [f for f in dead if f.dies + hours * HOUR <= looks[-1]] for hours in AFTER}
    tally.died.update({hours: len(files) for hours, files in due.items()})
    for rule in rules(folder):
        share = play(world, rule, folder)
        for truth in at_risk:
            tally.lost[truth][rule] += bool(removed(share, truth))
        for hours in AFTER:
            late = sum(share.removed.get(file.id, inf) > file.dies + hours * HOUR for file in due[hours])
            tally.left[hours][rule] += late


def interval(successes: int, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a probability (Wilson 1927; what statsmodels calls `wilson`)."""
    if not trials:
        return 0.0, 1.0
    share, spread = successes / trials, _Z * _Z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
