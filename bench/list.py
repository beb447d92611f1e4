"""Whole commands, timed in turn in one run: `lockctl list --json` beside `restic list locks` through rclone.

Prints seconds (minimum, median, maximum) and the ratio of the medians. Run it with `./dev bench list`.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from tests.lab.restic import Repository
from tests.lab.samba import Samba
from tests.lab.seal import aged_lock

HOUR = 3600.0


def seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """How long one run of a command takes. Raises CalledProcessError where it fails."""
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return time.perf_counter() - started


def time_in_turn(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], rounds: int
) -> dict[str, list[float]]:
    """Each command once a round, in turn, so that a noisy moment meets all of them. One round goes before."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            spent = seconds(command, environment)
            if number:
                taken[name].append(spent)
    return taken


def report(taken: Mapping[str, Sequence[float]]) -> str:
    """A line for each command."""
    return "\n".join(
        f"{name:<32} min {min(values):.3f} s   median {statistics.median(values):.3f} s   max {max(values):.3f} s"
        for name, values in taken.items()
    )


def main() -> None:
    """Makes a repository with locks on a throwaway Samba and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--locks", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    lockctl = [sys.executable, "-m", "lockctl"]
    with Samba() as samba, tempfile.TemporaryDirectory() as state:
        repository = Repository(samba)
        repository.init()
        for number in range(options.locks):
            aged_lock(repository, HOUR + number)
        environment = {**repository.env, "LOCKCTL_STATE_DIR": state}
        listing = {
            "lockctl list --json": [*lockctl, "list", "--json"],
            "restic list locks": ["restic", "list", "locks"],
        }
        taken = time_in_turn(listing, environment, options.rounds)
        print(f"{options.locks} locks on loopback, {options.rounds} rounds")
        print(report(taken))
        ours, theirs = (statistics.median(values) for values in taken.values())
        print(f"ratio of the medians: {ours / theirs:.2f} (bar: at most 1.20)")
        starts = {"lockctl --version": [*lockctl, "--version"], "lockctl --help": [*lockctl, "--help"]}
        print(report(time_in_turn(starts, environment, options.rounds)))


if __name__ == "__main__":
    main()
