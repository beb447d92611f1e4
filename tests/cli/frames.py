"""One prune of some old locks, disturbed at each of its SMB frames, and what must be true afterwards."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from tests.cli.forking import lockctl_at
from tests.cli.make import HOUR, WEB1, WEB2
from tests.cli.run import Done, lockctl, state_of
from tests.cli.seeing import seen_for
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository, copy_repository
from tests.lab.seal import Owner, aged_lock

PARALLEL = 4
MOST_FRAMES = 2000
"""More than any of these prunes takes."""
OF_A_BATCH = 6
"""Frames at which the removal of one batch is disturbed, where there are several."""
ROOT_NAMES = "config data index keys locks snapshots".split()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A repository with old locks that is only ever copied, and what its prune did while nobody disturbed it."""

    original: Repository
    locks: frozenset[str]
    left_open: tuple[int, ...] = ()
    """How many intents the journal had without outcome when each frame of it went on."""

    @property
    def frames(self) -> range:
        """The numbers of all its frames."""
        return range(1, len(self.left_open) + 1)

    @property
    def removing(self) -> list[int]:
        """The numbers of some frames of each batch: its first, its last, and such as lie between them."""
        chosen: list[int] = []
        for left_open, batch in groupby(self.frames, lambda n: self.left_open[n - 1]):
            numbers = list(batch) if left_open else []
            last = len(numbers) - 1
            chosen += sorted({numbers[last * step // (OF_A_BATCH - 1)] for step in range(OF_A_BATCH) if numbers})
        return chosen

    def copy(self, name: str) -> Repository:
        """The same once more, seen for long enough; creation times are in extended attributes, and come along."""
        copy = copy_repository(self.original.samba, self.original.path, f"{self.original.folder}-{name}")
        seen_for(copy)
        return copy


def prepare(repository: Repository, locks: int = 2) -> Prepared:
    """Furnish an empty repository with so many locks, and watch a prune of a copy of it."""
    owners = [WEB1, WEB2, *(Owner(f"web{number}") for number in range(3, locks + 1))]
    made = [aged_lock(repository, (2 + n) * HOUR, one, exclusive=one is WEB2) for n, one in enumerate(owners)]
    undisturbed = Prepared(repository, frozenset(made))
    trial = undisturbed.copy("undisturbed")
    left_open: list[int] = []

    def note(_: int) -> None:
        left_open.append(len(open_intents_of(trial)))

    with Proxy(repository.samba.port) as proxy:
        for n in range(1, MOST_FRAMES):
            proxy.on_frame(n, note)
        done = lockctl(trial.through(proxy.port), "prune", "--yes")
    assert done.status == 0, done.text
    assert trial.lock_ids() == []
    assert proxy.frames == len(left_open)
    return replace(undisturbed, left_open=tuple(left_open))


def at_each(numbers: Sequence[int], check: Callable[[int], None], parallel: int = PARALLEL) -> None:
    """Call `check` for each number, some at a time, and fail with all that failed."""

    def one(number: int) -> str:
        try:
            check(number)
        except Exception as error:  # noqa: BLE001 - all are collected, and told at the end
            return f"at frame {number}: {type(error).__name__}: {error}"
        return ""

    with ThreadPoolExecutor(parallel) as pool:
        wrong = [text for text in pool.map(one, numbers) if text]
    assert not wrong, f"{len(wrong)} of {len(numbers)}\n" + "\n".join(wrong)


def journal_of(repository: Repository) -> list[dict[str, Any]]:
    """The lines of the journal that are whole."""
    path = state_of(repository) / "journal.jsonl"
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def intents_of(repository: Repository) -> list[tuple[str, str | None]]:
    """The locks of which the journal has an intent, in turn, each with its outcome."""
    lines = journal_of(repository)
    outcomes = {line["key"]: line["outcome"] for line in lines if line["type"] == "outcome"}
    return [(line["id"], outcomes.get(line["key"])) for line in lines if line["type"] == "intent"]


def open_intents_of(repository: Repository) -> list[str]:
    """The locks of whose intents the journal does not tell what came."""
    return [lock_id for lock_id, outcome in intents_of(repository) if outcome is None]


def all_done(repository: Repository, locks: frozenset[str]) -> bool:
    """Whether this one run told of each lock that it removed it: then what befell it later changes nothing."""
    return sorted(intents_of(repository)) == [(lock_id, "removed") for lock_id in sorted(locks)]


def assert_nothing_lost(repository: Repository, locks: frozenset[str]) -> None:
    """Each lock stands in `locks/`, or its bytes are in an intent of the journal."""
    kept: set[str] = set()
    for line in journal_of(repository):
        if line["type"] == "intent" and hashlib.sha256(base64.b64decode(line["data"])).hexdigest() == line["id"]:
            kept.add(line["id"])
    assert locks <= kept | repository.sound_lock_ids()


def assert_told_truly(repository: Repository, locks: frozenset[str]) -> None:
    """Each intent has its outcome, and for each lock the outcomes fit what stands in `locks/`."""
    standing = set(repository.lock_ids())
    intents = intents_of(repository)
    assert None not in [outcome for _, outcome in intents]
    for lock_id in locks:
        told = [outcome for one, outcome in intents if one == lock_id]
        assert set(told[:-1]) <= {"kept"}, told
        if lock_id in standing:
            assert told[-1:] in ([], ["kept"]), told
        else:
            assert told[-1:] in (["removed"], ["unknown"]), told


def assert_finished(repository: Repository, locks: frozenset[str], n: int = 0) -> Done:
    """The next prune goes through, removes what is left, and leaves a history without gaps."""
    done = lockctl_at(n, repository, "prune", "--yes")
    assert done.status == 0, done.text
    assert repository.lock_ids() == []
    assert sorted(path.name for path in repository.path.iterdir()) == ROOT_NAMES
    assert_told_truly(repository, locks)
    assert lockctl_at(n, repository, "history", "--json").status == 0
    return done


def tidy(repository: Repository) -> None:
    """Remove a copy and its state folder."""
    shutil.rmtree(repository.path, ignore_errors=True)
    shutil.rmtree(state_of(repository), ignore_errors=True)
