"""Many repositories in one run, against one run for each: lockctl with itself, in turn.

restic makes the repositories, each with a key that costs what that restic chose. Prints what `list --all` takes over
what a `list` of each takes, one after the other; the same without deriving keys; and what deriving them takes all cores
alone, below which nothing can come. Exits with 1 where a ratio is above what it must not be. Run it with
`./dev bench several`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.measuring.commands import Command, in_turn
from bench.measuring.rows import Row, ratio, status, table
from lockctl.repository.keyfile import open_key_file, parse_key_file
from tests.cli.run import COMMAND
from tests.lab.known import Known
from tests.lab.restic import Repository
from tests.lab.samba import Samba

MUST = 0.25
"""Of the time of one run after the other."""
_EACH = 'set -e; names=$1; shift; for name in $names; do "$@" -r "$name"; done'


def prepare(folder: Path, samba: Samba, number: int) -> Known:
    """So many repositories, by name."""
    repositories = {f"r{one}": Repository(samba, f"r{one}") for one in range(number)}
    for one in repositories.values():
        one.init()
    known = Known(folder)
    known.open(repositories)
    return known


def measure(known: Known, rounds: int, words: Sequence[str]) -> tuple[Row, float]:
    """All at once over one after the other, and the seconds that the latter takes."""
    listing = [*COMMAND, "list", "--json", *words]
    names = " ".join(known.repositories)
    commands = {
        "all": Command([*listing, "--all"], known.variables()),
        "each": Command(["sh", "-c", _EACH, "each", names, *listing], known.variables()),
    }
    taken = in_turn(commands, rounds)
    walls = {name: [run.wall for run in runs] for name, runs in taken.items()}
    name = " ".join(["list of", str(len(known.repositories)), *words])
    print(f"{name}: {median(walls['all']):.1f} s, {median(walls['each']):.1f} s", file=sys.stderr, flush=True)
    return ratio(f"{name}: all at once over one after the other", walls["all"], walls["each"], MUST), median(
        walls["each"]
    )


def derive(known: Known) -> float:
    """Seconds of one core for the keys of all."""
    begun = time.process_time()
    for repository in known.repositories.values():
        (file,) = (repository.path / "keys").iterdir()
        assert open_key_file(parse_key_file(file.name, file.read_bytes()), repository.password) is not None
    return time.process_time() - begun


def main() -> None:
    """Makes the repositories, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("number", type=int, nargs="?", default=40)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with Samba() as samba, tempfile.TemporaryDirectory() as folder:
        known = prepare(Path(folder), samba, options.number)
        row, each = measure(known, options.rounds, [])
        rows = [row, measure(known, options.rounds, ["--metadata-only"])[0]]
        cores, keys = len(os.sched_getaffinity(0)), derive(known)
    print(table(rows))
    share = keys / cores / each
    print(f"\nThe keys alone take {keys:.1f} s of one core: on {cores} cores {share:.2f} of one after the other.")
    sys.exit(status(rows))


if __name__ == "__main__":
    main()
