"""How often each rule removes a live lock where something is wrong, and how many dead ones it leaves.

Plays histories of a share of which the truth is known. Each hazard is forced, so that a live lock is at risk in every
trial: the figures are conditional, and say nothing of how often a hazard occurs. lockctl's own code judges, plans and
remembers; `restic unlock`, resticprofile and a limit on the file's time judge the same histories. See bench/simulation.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

from bench.simulation.hazards import HAZARDS
from bench.simulation.measure import Tally, measure
from bench.simulation.report import plot, table
from bench.simulation.rules import rules

NAMES = list(rules(Path()))
_BATCH = 25


def simulate(trials: int, seed: int, jobs: int = 1, hazards: Sequence[str] = tuple(HAZARDS)) -> dict[str, Tally]:
    """Plays that many worlds of each hazard. The same numbers but `jobs` give the same tallies."""
    tallies = {hazard: Tally() for hazard in hazards}
    batches = [(h, range(n, min(n + _BATCH, trials))) for h in hazards for n in range(0, trials, _BATCH)]
    names, numbers = [hazard for hazard, _ in batches], [numbers for _, numbers in batches]
    if jobs == 1:
        _gather(tallies, names, map(measure, names, repeat(seed), numbers))
        return tallies
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        _gather(tallies, names, pool.map(measure, names, repeat(seed), numbers))
    return tallies


def _gather(tallies: dict[str, Tally], names: list[str], found: Iterable[Tally]) -> None:
    for hazard, tally in zip(names, found, strict=True):
        tallies[hazard].add(tally)


def main() -> None:
    """Simulates, prints, draws."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--trials", type=int, default=200, help="histories of each hazard")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--markdown", action="store_true", help="print the tables as bench/README.md has them")
    parser.add_argument("--svg", type=Path, help="where to draw the comparison")
    options = parser.parse_args()
    began = time.perf_counter()
    tallies = simulate(options.trials, options.seed, options.jobs)
    print(table(tallies, NAMES, markdown=options.markdown))
    print(f"\nseed {options.seed}, {options.trials} histories of each hazard, {time.perf_counter() - began:.0f} s")
    if options.svg:
        options.svg.write_text(plot(tallies, NAMES), encoding="utf-8")


if __name__ == "__main__":
    main()
