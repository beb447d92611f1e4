"""Files in locks/ that are no locks yet, or no longer: half-written, cut, altered, empty. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.share.naming import ids_of, name_locks
from lockctl.diagnosis.share.observed import Observed, how_sure
from lockctl.liveness.evidence import State, Verdict
from lockctl.repository.lock import Problem
from lockctl.survey.values import Survey

_BREAKER = (
    "A restic whose rclone lists it now remembers it as too short, and can end with 'circuit breaker open', "
    "although the lock becomes sound."
)
_LEAVE_ALONE = (
    "Do not use 'restic unlock --remove-all': it also removes the locks of backups that run. A restic that ended with "
    "'circuit breaker open' only has to be started again; the note rclone-cache tells what keeps that from coming back."
)


def is_watched(verdict: Verdict) -> bool:
    """Whether looking again for some seconds tells more: it may just be being written, or be open elsewhere."""
    return is_half_written(verdict) or verdict.state is State.UNREADABLE


def is_half_written(verdict: Verdict) -> bool:
    """Whether its owner may still be writing it, in place."""
    return verdict.file.problem is Problem.INCOMPLETE and verdict.state is State.WRITING


def find_incomplete(observed: Observed) -> Iterator[Finding]:
    """One finding for each kind of file that is no sound lock."""
    whole = {v.file.id for v in observed.last.verdicts if v.file.problem is not Problem.INCOMPLETE}
    left = [v for v in observed.last.verdicts if v.file.problem is Problem.INCOMPLETE]
    changed = _find_changed(observed.looks)
    growing, still = [v for v in left if v.file.id in changed], [v for v in left if v.file.id not in changed]
    yield from _tell_half_written(growing, [v for v in still if v.state is State.WRITING], observed)
    yield from _tell_damaged([v for v in still if v.state is State.DAMAGED], observed.prune)
    yield from _tell_completed([v for v in observed.first.verdicts if is_half_written(v) and v.file.id in whole])


def _find_changed(looks: Sequence[Survey]) -> set[str]:
    """The ids of files that were not whole and that looks showed in different states."""
    versions: dict[str, set[tuple[str, int, int]]] = {}
    for survey in looks:
        for verdict in survey.verdicts:
            if verdict.file.problem is Problem.INCOMPLETE:
                versions.setdefault(verdict.file.id, set()).add(verdict.file.entry.version)
    return {id_ for id_, shown in versions.items() if len(shown) > 1}


def _tell_half_written(growing: list[Verdict], still: list[Verdict], observed: Observed) -> Iterator[Finding]:
    seconds = describe_duration(observed.watched)
    if growing:
        yield Finding(
            "lock-growing",
            Weight.LOOK,
            f"{name_files(growing)} grew or changed while lockctl watched for {seconds}: now {name_sizes(growing)}.",
            f"Its owner is writing it at this moment. {_BREAKER}",
            f"Leave it. {_LEAVE_ALONE}",
            Certainty.CERTAIN,
            ids_of(growing),
        )
    if still:
        blocks = (
            "Until it is whole or gone, restic 0.15 and newer does not start here."
            if any(v.file.data for v in still)
            else "restic 0.15.1 and newer passes an empty file by."
        )
        watched = f"did not grow in {seconds}" if len(observed.looks) > 1 else "was seen once"
        yield Finding(
            "lock-half-written",
            Weight.LOOK,
            f"{name_files(still)} is not a whole lock ({name_sizes(still)}), and {watched}.",
            f"Its owner is still writing it, or was cut off while it wrote. {blocks} {_BREAKER}",
            "Wait, and run 'lockctl doctor' again in some minutes. If nobody has gone on with it after 30 minutes, "
            f"'lockctl prune' can remove it. {_LEAVE_ALONE}",
            Certainty.LIKELY,
            ids_of(still),
        )


def _tell_completed(completed: list[Verdict]) -> Iterator[Finding]:
    if completed:
        yield Finding(
            "lock-completed",
            Weight.NOTE,
            f"{name_files(completed)} was not whole at first, and became sound while lockctl watched.",
            "Its owner wrote it at that moment. Another restic whose rclone listed it then may now say 'circuit "
            "breaker open'.",
            f"Leave it. {_LEAVE_ALONE}",
            Certainty.CERTAIN,
            ids_of(completed),
        )


def _tell_damaged(damaged: list[Verdict], prune: str) -> Iterator[Finding]:
    cut_short, empty = [v for v in damaged if v.file.data], [v for v in damaged if not v.file.data]
    if cut_short:
        yield Finding(
            "lock-damaged",
            Weight.ACT,
            f"{name_files(cut_short)} is no whole lock: cut short or altered ({name_sizes(cut_short)}), and nobody has "
            f"gone on with it for {_youngest(cut_short)}.",
            "Its owner was cut off while it wrote, or the file was altered on the server. No restic from 0.15 on "
            "starts here until it is gone; restic 0.14 passes it by.",
            f"{prune} Do not use 'restic unlock --remove-all': it also removes the locks of backups that run.",
            how_sure(cut_short),
            ids_of(cut_short),
        )
    if empty:
        yield Finding(
            "lock-empty",
            Weight.LOOK,
            f"{name_files(empty)} is empty, and nobody has written to it for {_youngest(empty)}.",
            "Its owner was cut off before it wrote, or the share is full. restic 0.15.1 and newer passes it by.",
            f"See whether the share has free space. {prune}",
            how_sure(empty),
            ids_of(empty),
        )


def name_files(verdicts: Sequence[Verdict]) -> str:
    """They as the beginning of a sentence whose verb is in the singular."""
    if len(verdicts) == 1:
        return f"Lock file {name_locks(verdicts)}"
    return f"Each of {len(verdicts)} lock files, {name_locks(verdicts)},"


def name_sizes(verdicts: Sequence[Verdict]) -> str:
    """`60 bytes`, `0 to 60 bytes`."""
    sizes = sorted({verdict.file.entry.size for verdict in verdicts})
    return f"{sizes[0]} bytes" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} bytes"


def _youngest(verdicts: Sequence[Verdict]) -> str:
    return describe_duration(min(verdict.age or 0.0 for verdict in verdicts))
