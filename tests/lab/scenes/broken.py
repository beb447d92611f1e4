"""Scenes with a lock that cannot be read as it stands."""

from __future__ import annotations

import hashlib
import os
import time

from tests.corpus import Truth
from tests.lab.scenes.script import NOTHING, scene
from tests.lab.scenes.stage import SOURCE, THERE, Stage
from tests.lab.seal import Master, lock_bytes, lock_of

CUT_BYTES = 60
FRESH_SECONDS = 70
STALE_SECONDS = 7300
LOOK = "see whether it is still being written; prune it when it is old; start again"
PASSES_BY = {"0.14.0": NOTHING}
"""restic 0.14 goes on beside a lock that it cannot read."""


@scene(Truth.LOCK_CUT, LOOK, verdicts=PASSES_BY)
def lock_cut(stage: Stage) -> None:
    """A lock that is cut short, and stays so."""
    stage.put(STALE_SECONDS, cut_to=CUT_BYTES)
    stage.play("backup", SOURCE)


@scene(Truth.LOCK_CUT, "wait for its owner and start again", verdicts=PASSES_BY)
def lock_cut_of_live(stage: Stage) -> None:
    """The same, but its owner lives and is slow to write."""
    stage.put(1, cut_to=CUT_BYTES, lives=True)
    stage.play("backup", SOURCE)


@scene(Truth.LOCK_CUT, LOOK, verdicts=PASSES_BY)
def lock_cut_json(stage: Stage) -> None:
    """The same with --json."""
    stage.put(STALE_SECONDS, cut_to=CUT_BYTES)
    stage.play("backup", "--json", SOURCE)


@scene(Truth.LOCK_CUT, LOOK, verdicts=PASSES_BY)
def lock_cut_before_prune(stage: Stage) -> None:
    """prune meets the same."""
    stage.put(STALE_SECONDS, cut_to=CUT_BYTES)
    stage.play("prune")


@scene(Truth.SUCCESS, "nothing")
def lock_cut_for_seconds(stage: Stage) -> None:
    """A lock is completed some seconds after it was first seen, through the same handle's name."""
    lock = lock_of(time.time_ns(), THERE)
    sealed = lock_bytes(stage.master, lock)
    path = stage.repository.path / "locks" / hashlib.sha256(sealed).hexdigest()
    path.write_bytes(sealed[:CUT_BYTES])
    stage.repository.samba.give(path)
    recording = stage.begin("backup", "-v", SOURCE)
    recording.wait(7)
    path.write_bytes(sealed)
    stage.end(recording)


@scene(Truth.SUCCESS, "nothing")
def lock_empty(stage: Stage) -> None:
    """An empty lock: restic since 0.15.1 takes no notice of it."""
    stage.put(STALE_SECONDS, cut_to=0)
    stage.play("backup", SOURCE)


@scene(Truth.SUCCESS, "nothing")
def lock_empty_before_prune(stage: Stage) -> None:
    """The same before prune."""
    stage.put(STALE_SECONDS, cut_to=0)
    stage.play("prune")


@scene(Truth.LOCK_ALTERED, LOOK, verdicts=PASSES_BY)
def lock_altered(stage: Stage) -> None:
    """One byte of a lock is another."""
    _alter(stage, stage.put(STALE_SECONDS))
    stage.play("backup", SOURCE)


@scene(Truth.LOCK_ALTERED, LOOK, verdicts=PASSES_BY)
def lock_altered_json(stage: Stage) -> None:
    """The same with --json."""
    _alter(stage, stage.put(STALE_SECONDS))
    stage.play("backup", "--json", SOURCE)


@scene(Truth.LOCK_UNDECODABLE, "see where it came from", verdicts=PASSES_BY)
def lock_of_other_key(stage: Stage) -> None:
    """A sound lock of another repository, that this one's key does not open."""
    _put_foreign(stage)
    stage.play("backup", SOURCE)


@scene(Truth.LOCK_UNDECODABLE, "see where it came from", verdicts=PASSES_BY)
def lock_of_other_key_json(stage: Stage) -> None:
    """The same with --json."""
    _put_foreign(stage)
    stage.play("backup", "--json", SOURCE)


def _put_foreign(stage: Stage) -> None:
    sealed = lock_bytes(Master(os.urandom(32), os.urandom(16), os.urandom(16)), lock_of(time.time_ns(), THERE))
    stage.repository.samba.put("backup", f"restic/locks/{hashlib.sha256(sealed).hexdigest()}", sealed)


@scene(Truth.SUCCESS, "nothing")
def not_a_lock(stage: Stage) -> None:
    """A file in locks/ whose name is none of restic's, which takes no notice of it."""
    stage.repository.samba.put("backup", "restic/locks/Thumbs.db", b"pictures")
    stage.play("backup", SOURCE)


def _alter(stage: Stage, name: str) -> None:
    path = stage.repository.path / "locks" / name
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
