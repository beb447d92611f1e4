"""What `--cache-objects=false` costs: restic's work with it and without it, on one share, in turn.

Prints for each piece of work how long it takes with the option, over how long without it, and how many requests go to
the share; exits with 1 where a ratio is above what it must not be. Run it with `./dev bench cache_objects`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.measuring.commands import Command, in_turn
from bench.measuring.rows import Row, ratio, status, table
from tests.cli.make import quicken
from tests.lab.breaker import CURE, SERVE
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository
from tests.lab.samba import Samba

ROUND_TRIP = 0.02
"""Seconds, of the slow link."""
SNAPSHOTS = 20
"""That stand in the repository before: each with an index and packs of its own."""
FILES, FILE_BYTES = 500, 32 * 1024
CHANGED = 10
"""Files, between two snapshots."""
MUST = 1.5
"""Nobody would take the option for more."""
WAYS: Mapping[str, str] = {"without": SERVE, "with": CURE}


@dataclass
class Work:
    """A piece of restic's work, which begins on `kept`: the repository is put back as it was before each run."""

    name: str
    words: Sequence[str]
    kept: Path
    counts: dict[str, list[int]] = field(default_factory=lambda: {way: [] for way in WAYS})
    turns: dict[str, list[int]] = field(default_factory=lambda: {way: [] for way in WAYS})


@dataclass(frozen=True)
class Bench:
    """A repository, and restic's cache for it."""

    repository: Repository
    cache: Path
    rounds: int

    def measure(self, work: Work, proxy: Proxy | None) -> Row:
        """The times with the option over those without; through the proxy, requests and turns are counted too."""
        link = "loopback" if proxy is None else f"{ROUND_TRIP * 1000:.0f} ms round trip"
        taken = in_turn({way: self._command(work, way, proxy) for way in WAYS}, self.rounds)
        walls = {way: [run.wall for run in runs] for way, runs in taken.items()}
        row = ratio(f"{work.name}, {link}: seconds", walls["with"], walls["without"], MUST)
        seconds = " → ".join(f"{median(walls[way]):.2f}" for way in WAYS)
        print(f"{row.name}: {seconds}, ratio {row.median:.3f}", file=sys.stderr, flush=True)
        return row

    def _command(self, work: Work, way: str, proxy: Proxy | None) -> Command:
        target = self.repository if proxy is None else self.repository.through(proxy.port)
        before = [0, 0]

        def begin() -> None:
            self._put_back(work)
            if proxy is not None:
                before[:] = proxy.frames, proxy.turns

        def end() -> None:
            if proxy is not None:
                work.counts[way].append(proxy.frames - before[0])
                work.turns[way].append(proxy.turns - before[1])

        words = [str(self.repository.restic or "restic"), "-o", f"rclone.args={WAYS[way]}"]
        if self.repository.rclone:
            words += ["-o", f"rclone.program={self.repository.rclone}"]
        environment = {**target.env, "RESTIC_CACHE_DIR": str(self.cache)}
        return Command([*words, *work.words], environment, begin, end)

    def _put_back(self, work: Work) -> None:
        for kept, place in ((work.kept, self.repository.path), (work.kept.with_suffix(".cache"), self.cache)):
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(kept, place)
        self.repository.samba.give(self.repository.path)

    def keep(self, kept: Path) -> Path:
        """A copy of the repository and of restic's cache as they are now."""
        self.cache.mkdir(exist_ok=True)
        shutil.copytree(self.repository.path, kept)
        shutil.copytree(self.cache, kept.with_suffix(".cache"))
        return kept


def write_files(folder: Path, count: int, seed: int) -> None:
    """Files that nothing can make smaller, the same for each seed."""
    chance = random.Random(seed)
    for number in range(count):
        path = folder / f"{number % 10}" / f"{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(FILE_BYTES))


@contextmanager
def prepared(options: argparse.Namespace) -> Iterator[tuple[Bench, list[Work], Samba]]:
    """An empty repository and one with snapshots, and what is done with them."""
    with Samba() as samba, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        repository = Repository(samba, restic=options.restic, rclone=options.rclone)
        repository.init()
        quicken(repository)
        bench = Bench(repository, folder / "cache", options.rounds)
        empty = bench.keep(folder / "empty")
        files = folder / "files"
        write_files(files, FILES, 0)
        for number in range(SNAPSHOTS):
            write_files(files, CHANGED, number)
            repository.run("backup", str(files), "--cache-dir", str(bench.cache))
        full = bench.keep(folder / "full")
        backup = ["backup", str(files)]
        works = [
            Work("first backup", backup, empty),
            Work("backup without changes", backup, full),
            Work("check", ["check"], full),
            Work("check --read-data", ["check", "--read-data"], full),
        ]
        yield bench, works, samba


def counted(works: Sequence[Work]) -> str:
    """Requests to the share and turns on the wire, without the option and with it: lines of Markdown."""
    lines = ["| | requests without | with | turns without | with |", "| --- | ---: | ---: | ---: | ---: |"]
    for work in works:
        cells = [f"{median(kind[way]):.0f}" for kind in (work.counts, work.turns) for way in WAYS]
        lines.append(f"| {work.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Makes the repositories, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--restic", help="a program; else that of the PATH")
    parser.add_argument("--rclone", help="a program; else that of the PATH")
    options = parser.parse_args()
    with prepared(options) as (bench, works, samba), Proxy(samba.port, ROUND_TRIP) as proxy:
        rows = [bench.measure(work, link) for work in works for link in (None, proxy)]
    print(f"{FILES} files of {FILE_BYTES >> 10} KiB, {SNAPSHOTS} snapshots before\n")
    print(table(rows))
    print(counted(works))
    sys.exit(status(rows))


if __name__ == "__main__":
    main()
