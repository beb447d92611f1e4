"""How often each rule removes a live lock, and how many dead ones it leaves, on simulated histories of a share.

Plays hundreds of clients on dozens of hosts, of which the truth is known, and lets lockctl, `restic unlock`,
resticprofile and a limit on the file's time judge the same histories once an hour. What goes wrong is far more frequent
than in most networks: the figures compare rules, and foretell nothing. Prints a table; see bench/simulation.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path

from bench.simulation.clocks import MINUTE
from bench.simulation.measure import Tally, measure
from bench.simulation.report import plot, table

OURS = "lockctl prune --yes"


def simulate(lock_hours: int, seed: int, jobs: int = 1, every: float = 60.0, days: float = 10.0) -> Tally:
    """Plays shares until lockctl has judged that many lock-hours. The same numbers but `jobs` give the same tally."""
    one = partial(measure, seed, every=every * MINUTE, days=days)
    tally = Tally()
    if jobs == 1:
        _gather(map(one, count()), tally, lock_hours)
        return tally
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        # In batches: map reads all of an endless series at once.
        for first in count(0, 4 * jobs):
            if _gather(pool.map(one, range(first, first + 4 * jobs)), tally, lock_hours):
                return tally
    raise AssertionError("an endless series ended")


def _gather(found: Iterator[Tally], tally: Tally, lock_hours: int) -> bool:
    for one in found:
        tally.add(one)
        if tally.scores[OURS].lock_hours >= lock_hours:
            return True
    return False


def main() -> None:
    """Simulates, prints, draws."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hours", type=int, default=1_000_000, help="lock-hours to judge at least")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--every", type=float, default=60.0, help="minutes between two judgements")
    parser.add_argument("--svg", type=Path, help="where to draw the comparison")
    options = parser.parse_args()
    began = time.perf_counter()
    tally = simulate(options.hours, options.seed, options.jobs, options.every)
    print(table(tally))
    print(f"\nseed {options.seed}, {tally.shares} shares, {time.perf_counter() - began:.0f} s")
    if options.svg:
        options.svg.write_text(plot(tally), encoding="utf-8")


if __name__ == "__main__":
    main()
