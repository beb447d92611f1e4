"""How long `lockctl advise` takes over very many snapshots, and what memory: whole commands over SMB.

Prints a line for each run, and exits with 1 where the median takes longer, or any run more memory, than it may. Run it
with `./dev bench snapshots`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from statistics import median

from tests.cli.make import quicken
from tests.cli.run import COMMAND, ROOT, environment
from tests.lab.restic import Repository
from tests.lab.samba import Samba
from tests.lab.snapshots import Backup, put_snapshots

MOST_SECONDS, MOST_MIB = 20.0, 200
DAYS = 41


def make_backups(number: int, hosts: int) -> list[Backup]:
    """So many, all of them within the six weeks that `advise` looks back, and of so many hosts."""
    now, pause = time.time(), DAYS * 86400 / max(1, number // hosts)
    starts = (now - 600 - pause * (one // hosts) - one % hosts * 60 for one in range(number))
    return [Backup(f"host{one % hosts:04}", start, start + 300, 3600) for one, start in enumerate(starts)]


def measure(repository: Repository) -> tuple[float, int]:
    """Seconds and MiB of one run."""
    began = time.monotonic()
    process = subprocess.Popen(
        [*COMMAND, "advise", "--json"], env=environment(repository), cwd=ROOT, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"advise ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - began, usage.ru_maxrss // 1024


def main() -> None:
    """Makes the snapshots, and reads them a few times."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--number", type=int, default=50_000)
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with Samba() as samba:
        repository = Repository(samba, "snapshots")
        repository.init()
        quicken(repository)
        put_snapshots(repository, make_backups(options.number, options.hosts))
        runs = [measure(repository) for _ in range(options.rounds)]
    for seconds, mib in runs:
        print(f"{options.number:,} snapshots of {options.hosts} hosts: {seconds:.1f} s, {mib} MiB")
    slow = median(seconds for seconds, _ in runs) > MOST_SECONDS
    sys.exit(1 if slow or max(mib for _, mib in runs) > MOST_MIB else 0)


if __name__ == "__main__":
    main()
