"""How fast lockctl is, beside restic and beside what cannot be done faster: whole commands, on one share, in turn.

Prints a table with the median and the spread of each row, draws two charts, and exits with 1 where a row misses what
it must reach. Caches are warm: a round that is not measured goes before. Run it with `./dev bench speed`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.measuring import cases
from bench.measuring.chart import draw
from bench.measuring.rows import Row, status, table
from bench.measuring.share import STALE, Shared
from tests.lab.samba import Samba

CHARTS = Path(__file__).parent
MANY = 10_000


def draw_charts(shared: Shared) -> None:
    """Time against the number of locks, and against the round trip."""
    by_number = cases.against_number(shared, (5, 50, 500, 1000, 5000), 3)
    title = "Seconds of a whole command, by the number of locks"
    (CHARTS / "number.svg").write_text(draw(title, "locks", by_number, cases.machine()), encoding="utf-8")
    shared.furnish(200)
    by_trip = cases.against_round_trip(shared, (1, 5, 20, 50, 100))
    title = "Seconds of a whole command with 200 locks, by the length of a round trip"
    (CHARTS / "roundtrip.svg").write_text(draw(title, "milliseconds", by_trip, cases.machine()), encoding="utf-8")


def main() -> None:
    """Makes the shares, measures all rows, prints and draws."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="of each command that takes less than some seconds")
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes, and draw nothing")
    options = parser.parse_args()
    rows: list[Row] = []

    def say(found: list[Row]) -> None:
        rows.extend(found)
        for row in found:
            print(f"{row.name}: {row.median:.3f}{row.unit} ({row.verdict})", file=sys.stderr, flush=True)

    with Samba() as samba, tempfile.TemporaryDirectory() as state:
        say(cases.starts(options.rounds))
        few = Shared(samba, "few", Path(state) / "few")
        few.furnish(5)
        say(cases.few_locks(few, options.rounds))
        many = Shared(samba, "many", Path(state) / "many")
        many.furnish(1000)
        say(cases.many_locks(many, options.rounds))
        say(cases.slow_link(many, 0 if options.quick else 1))
        many.furnish(1000, STALE)
        say(cases.removals(many, max(3, options.rounds // 2)))
        many.furnish(MANY)
        say(cases.very_many_locks(many, few, MANY, max(3, options.rounds // 2)))
        if not options.quick:
            draw_charts(few)
    print(cases.machine())
    print(table(rows))
    sys.exit(status(rows))


if __name__ == "__main__":
    main()
