"""Scenes in which a lock is listed while its owner still writes it, and is read when it is whole."""

from __future__ import annotations

from collections.abc import Mapping

from tests.corpus import Truth
from tests.lab.processes import until
from tests.lab.scenes.recording import Recording
from tests.lab.scenes.script import BREAKER, Verdict, scene
from tests.lab.scenes.stage import RCLONE_VERY_VERBOSE, SOURCE, Stage

DELAY_SECONDS = 0.2
"""Of each way to the server and back."""
LISTED_SECONDS = 0.9
"""From the request of a listing on: it has been answered then, and nothing was read yet."""
CUT_BYTES = 60
FRESH_SECONDS = 5
NEAR_SECONDS = 200.0
LONGEST_SECONDS = 20 * 60.0
LOG = "rclone.log"
TO_LOG = f"{RCLONE_VERY_VERBOSE} --log-file=/var/cache/{LOG}"
SELDOM = {"RESTIC_PROGRESS_FPS": "0.02"}
"""A status each 50 s, where restic else prints one each second."""
AGAIN = "start again; remove nothing"
RETRIED = {"0.14.0": Verdict(Truth.BREAKER_NEAR, "nothing: it went on by itself")}
"""restic 0.14 gives up reading after ten tries, and goes on."""


def _begin(
    stage: Stage, *args: str, rclone: str = TO_LOG, env: Mapping[str, str] | None = None
) -> tuple[Recording, str]:
    """The recorded restic, and the lock that it lists half and finds whole."""
    name = stage.put(FRESH_SECONDS, lives=True, cut_to=CUT_BYTES)
    stage.proxy.delay = DELAY_SECONDS
    log = stage.cache / LOG
    recording = stage.begin("-o", rclone, *args, through=True, env=env)
    until(lambda: log.exists() and "locks: list request" in log.read_text(), "listing of the locks", 60)
    recording.wait(LISTED_SECONDS)
    (stage.repository.path / "locks" / name).write_bytes(stage.sealed[name])
    return recording, name


@scene(Truth.BREAKER_OPEN, AGAIN, is_long=True, verdicts=RETRIED)
def breaker(stage: Stage) -> None:
    """The failure for which all of this was made."""
    recording, _ = _begin(stage, "backup", SOURCE)
    stage.end(recording, LONGEST_SECONDS)


@scene(Truth.BREAKER_OPEN, AGAIN, is_long=True, verdicts=RETRIED)
def breaker_json(stage: Stage) -> None:
    """The same with --json."""
    recording, _ = _begin(stage, "backup", "--json", SOURCE, env=SELDOM)
    stage.end(recording, LONGEST_SECONDS)


@scene(Truth.BREAKER_OPEN, AGAIN, versions=BREAKER, is_long=True)
def breaker_then_well(stage: Stage) -> None:
    """The same, and the next night's backup beside the same lock."""
    recording, _ = _begin(stage, "backup", SOURCE)
    stage.end(recording, LONGEST_SECONDS)
    stage.play("backup", SOURCE)


@scene(Truth.BREAKER_NEAR, "end it and start it again; remove nothing", versions=BREAKER, is_long=True)
def breaker_near(stage: Stage) -> None:
    """The log as it is while restic still tries again."""
    recording, _ = _begin(stage, "backup", SOURCE)
    stage.end(recording, NEAR_SECONDS)


@scene(Truth.BREAKER_NEAR, "nothing: it went on by itself", versions=BREAKER, is_long=True)
def breaker_avoided(stage: Stage) -> None:
    """The lock's owner ends while restic still tries again."""
    recording, name = _begin(stage, "backup", SOURCE)
    recording.wait(NEAR_SECONDS / 2)
    (stage.repository.path / "locks" / name).unlink()
    stage.end(recording, LONGEST_SECONDS)


@scene(Truth.SUCCESS, "nothing")
def half_listed_without_memory(stage: Stage) -> None:
    """The same play, but rclone is told not to remember sizes."""
    recording, _ = _begin(stage, "backup", SOURCE, rclone=f"{TO_LOG} --cache-objects=false")
    stage.end(recording)
