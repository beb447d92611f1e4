"""One prune of two old locks, disturbed at each of its SMB frames, and what must be true afterwards."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.cli.forking import lockctl_at
from tests.cli.make import HOUR, WEB1, WEB2
from tests.cli.run import Done, lockctl, state_of
from tests.cli.seeing import seen_for
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository, copy_repository
from tests.lab.seal import aged_lock

PARALLEL = 4
AFTER = 2
"""Frames of the last look, at an empty folder: all is done and told by then."""
ROOT_NAMES = "config data index keys locks snapshots".split()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A repository with two old locks that is only ever copied, and how many frames its prune takes."""

    original: Repository
    locks: frozenset[str]
    frames: int

    def copy(self, name: str) -> Repository:
        """The same once more, seen for long enough; creation times are in extended attributes, and come along."""
        copy = copy_repository(self.original.samba, self.original.path, f"{self.original.folder}-{name}")
        seen_for(copy)
        return copy


def prepare(repository: Repository, more: int = 0) -> Prepared:
    """Furnish an empty repository with two locks and so many more, and count the frames of a prune of a copy of it."""
    locks = frozenset(
        {
            aged_lock(repository, 3 * HOUR, WEB1),
            aged_lock(repository, 2 * HOUR, WEB2, exclusive=True),
            *(aged_lock(repository, 4 * HOUR + number, WEB2) for number in range(more)),
        }
    )
    trial = Prepared(repository, locks, 0).copy("count")
    with Proxy(repository.samba.port) as proxy:
        done = lockctl(trial.through(proxy.port), "prune", "--yes")
    assert done.status == 0, done.text
    assert trial.lock_ids() == []
    return Prepared(repository, locks, proxy.frames)


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
