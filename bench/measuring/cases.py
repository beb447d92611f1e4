"""The rows, theme by theme. What is compared runs in turn on the same share, with the same files and the same key."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from bench.measuring.commands import Command, in_turn, run
from bench.measuring.rows import Row, ratio
from bench.measuring.share import KEY, Shared, SmbdMeter
from tests.lab.proxy import Proxy

ROUND_TRIP = 0.05
"""Seconds."""
UNLOCK = ("restic", "unlock")
LOCKCTL = (sys.executable, "-m", "lockctl")
_DERIVE = """
import base64, json, sys
from nacl.bindings import crypto_pwhash_scryptsalsa208sha256_ll, sodium_init
key = json.load(open(sys.argv[1]))
sodium_init()
salt = base64.b64decode(key["salt"])
crypto_pwhash_scryptsalsa208sha256_ll(sys.argv[2].encode(), salt, key["N"], key["r"], key["p"], 64, 2**30)
"""


def starts(rounds: int) -> list[Row]:
    """What is over before anything is looked at."""
    environment = dict(os.environ)
    words = {"pass": (sys.executable, "-c", "pass"), "version": (*LOCKCTL, "--version"), "help": (*LOCKCTL, "--help")}
    taken = in_turn({name: Command(one, environment) for name, one in words.items()}, rounds)
    nothing = [one.wall for one in taken["pass"]]
    return [
        ratio("`--version` ÷ `python -c pass`", [one.wall for one in taken["version"]], nothing, 3),
        ratio("`--help` ÷ `python -c pass`", [one.wall for one in taken["help"]], nothing, 12),
    ]


def few_locks(shared: Shared, rounds: int) -> list[Row]:
    """Five locks: what a run costs by itself."""
    key = next((shared.repository.path / "keys").iterdir())
    environment, nowhere = shared.environment, shared.state / "first"
    listing = (*LOCKCTL, "list", "--json")
    commands = {
        "floor": Command((sys.executable, "-c", _DERIVE, str(key), shared.repository.password), environment),
        "kept": Command(listing, environment),
        "first": Command(listing, {**environment, "LOCKCTL_STATE_DIR": str(nowhere)}, lambda: _forget(nowhere)),
        "plan": Command((*LOCKCTL, "prune", "--dry-run"), environment),
        "restic": Command(UNLOCK, environment, after=shared.assert_locks),
    }
    taken = in_turn(commands, rounds)
    floor = [one.wall for one in taken["floor"]]
    walls = {name: [one.wall for one in runs] for name, runs in taken.items()}
    return [
        ratio("`list --json`, 5 locks ÷ deriving this key alone (libsodium)", walls["kept"], floor, 1.40, 1.15),
        ratio("the same on the first run, with an empty state folder", walls["first"], floor, 1.80),
        ratio("`prune --dry-run`, 5 locks ÷ `restic unlock`", walls["plan"], walls["restic"], 0.55, 0.40),
    ]


def many_locks(shared: Shared, rounds: int) -> list[Row]:
    """A thousand locks that live."""
    plan = Command((*LOCKCTL, "prune", "--dry-run"), shared.environment)
    restic = Command(UNLOCK, shared.environment, after=shared.assert_locks)
    taken = in_turn({"plan": plan, "restic": restic}, rounds)
    walls = {name: [one.wall for one in runs] for name, runs in taken.items()}
    return [ratio("`prune --dry-run`, 1,000 locks ÷ `restic unlock`", walls["plan"], walls["restic"], 0.30, 0.20)]


def slow_link(shared: Shared, restic_rounds: int) -> list[Row]:
    """The same where each round trip takes 50 ms more. restic takes more than a minute there."""
    rows: list[Row] = []
    with Proxy(shared.repository.samba.port, ROUND_TRIP) as proxy:
        environment = shared.through(proxy.port)
        plan = Command((*LOCKCTL, "prune", "--dry-run"), environment)
        turns: list[float] = []
        for _ in range(3):
            before = proxy.turns
            run(plan)
            turns.append(proxy.turns - before)
        rows.append(Row("turns on the wire, `prune --dry-run`, 1,000 locks", tuple(turns), 12, 8))
        if restic_rounds:
            restic = Command(UNLOCK, environment, after=shared.assert_locks)
            taken = in_turn({"plan": plan, "restic": restic}, restic_rounds, warm=False)
            walls = {name: [one.wall for one in runs] for name, runs in taken.items()}
            name = "`prune --dry-run`, 1,000 locks, 50 ms round trip ÷ `restic unlock`"
            rows.append(ratio(name, walls["plan"], walls["restic"], 0.018, 0.012))
    return rows


def removals(shared: Shared, rounds: int) -> list[Row]:
    """A thousand stale locks go; they are put back before each run."""
    prune = (*LOCKCTL, "prune", "--yes", "--quiet")
    commands = {
        "prune": Command(prune, shared.environment, shared.put_back, lambda: shared.assert_locks(0)),
        "restic": Command(UNLOCK, shared.environment, shared.put_back, lambda: shared.assert_locks(0)),
    }
    taken = in_turn(commands, rounds)
    walls = {name: [one.wall for one in runs] for name, runs in taken.items()}
    rows = [ratio("`prune --yes` of 1,000 stale locks ÷ `restic unlock`", walls["prune"], walls["restic"], 0.50, 0.30)]
    with Proxy(shared.repository.samba.port, ROUND_TRIP) as proxy:
        turns: list[float] = []
        for _ in range(3):
            before = proxy.turns
            run(Command(prune, shared.through(proxy.port), shared.put_back, lambda: shared.assert_locks(0)))
            turns.append(proxy.turns - before)
    return [*rows, Row("turns on the wire, `prune --yes` of 1,000 stale locks", tuple(turns), 120, 60)]


def very_many_locks(shared: Shared, few: Shared, count: int, rounds: int) -> list[Row]:
    """Ten thousand locks: what each further one costs, and what all of them take."""
    words = (*LOCKCTL, "list", "--json")
    further: list[float] = []
    served: list[float] = []
    memory: list[float] = []
    run(Command(words, shared.environment))
    for _ in range(rounds):
        base = run(Command(words, few.environment))
        meter = SmbdMeter(shared.repository.samba)
        whole = run(Command(words, shared.environment))
        served.append(whole.wall / meter.read())
        further.append((whole.cpu - base.cpu) / (count - 5) * 1000)
        memory.append(whole.memory / 2**20)
    what = f"`list --json`, {count:,} locks"
    return [
        Row(f"client's CPU for each further lock, {what}", tuple(further), 0.12, 0.06, " ms"),
        Row(f"wall time ÷ CPU of smbd, {what}", tuple(served), 2.5, 1.5),
        Row(f"peak memory, {what}", tuple(memory), 130, 90, " MiB"),
    ]


def against_number(shared: Shared, counts: tuple[int, ...], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of `prune --dry-run` and of `restic unlock`, by the number of locks that live."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for count in counts:
        shared.furnish(count)
        _add(lines, count, shared.environment, rounds)
        shared.assert_locks()
    return lines


def against_round_trip(shared: Shared, trips: tuple[float, ...]) -> dict[str, list[tuple[float, float]]]:
    """The same by the milliseconds of a round trip, once each."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for trip in trips:
        with Proxy(shared.repository.samba.port, trip / 1000) as proxy:
            _add(lines, trip, shared.through(proxy.port), 1)
    return lines


def _add(lines: dict[str, list[tuple[float, float]]], x: float, environment: dict[str, str], rounds: int) -> None:
    commands = {
        "lockctl prune --dry-run": Command((*LOCKCTL, "prune", "--dry-run"), environment),
        "restic unlock": Command(UNLOCK, environment),
    }
    for name, runs in in_turn(commands, rounds, warm=rounds > 1).items():
        lines.setdefault(name, []).append((x, statistics.median(run.wall for run in runs)))


def machine() -> str:
    """What this was measured on."""
    said = [_first_line(words) for words in _VERSIONS]
    python = f"Python {sys.version.split()[0]}"
    key = f"key N={KEY[0]}, r=8, p={KEY[1]}"
    return f"{os.cpu_count()} cores for client and server, {', '.join([python, *said])}; {key}, caches warm"


_VERSIONS = (("smbd", "--version"), ("restic", "version"), ("rclone", "version"))


def _first_line(words: tuple[str, ...]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return " ".join(done.stdout.replace("Version", "Samba").split()[:2])


def _forget(state: Path) -> None:
    shutil.rmtree(state, ignore_errors=True)
