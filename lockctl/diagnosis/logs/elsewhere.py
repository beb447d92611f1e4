"""What a run failed by where no lock was to blame: told in a line, so that nobody looks for a lock. Pure."""

from __future__ import annotations

from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.logs.causes import CODES, cause_of
from lockctl.diagnosis.logs.runs import Run
from lockctl.diagnosis.logs.texts import Kind

_NOT_LOCKS = "Locks have nothing to do with it."
_TOLD = {
    "share-full": ("The share was full.", "Make room on the share. restic needs some to write its lock, too."),
    "refused": ("The share refused it.", "See the permissions of that user on the share."),
    "data-missing": ("Files of the repository were missing.", "Run 'restic check': it says what is lost."),
    "connection-lost": (
        "The share could not be reached, or the connection was lost.",
        "See that the share can be reached, then start again. 'lockctl list' shows what restic left.",
    ),
}


def tell_elsewhere(run: Run) -> Finding | None:
    """The finding, None where the run ended well, or told nothing that is wrong."""
    if run.has(Kind.WRONG_PASSWORD):
        return _act("wrong-password", "The password fits no key of the repository.", "Give restic the right password.")
    if run.has(Kind.NO_REPOSITORY):
        return _act(
            "no-repository", "restic found no repository there.", "See the address, and that the share is mounted."
        )
    if run.is_saved:
        return None
    if run.has(Kind.SIGNAL):
        seen = "restic was interrupted by a signal, and removed its lock."
        return Finding("interrupted", Weight.NOTE, seen, _NOT_LOCKS, "", Certainty.LIKELY)
    failed = run.has(Kind.FATAL) or run.has(Kind.GAVE_UP) or run.has(Kind.RETRIED)
    errors = [error for matter in run.matters.values() for error in (matter.first.error, matter.last.error) if error]
    causes = set(map(cause_of, errors))
    for code in CODES:
        if code in causes and failed:
            seen, todo = _TOLD[code]
            return Finding(code, Weight.ACT, seen, _meaning(run), todo, Certainty.LIKELY)
    return _other(run)


def _other(run: Run) -> Finding | None:
    fatal = [matter.last.error for matter in run.of(Kind.FATAL)]
    if fatal:
        said = f"restic ended with: {fatal[-1] or 'unable to create lock in backend'}."
        return _act("other-failure", said, "See what it says; it is not about locks of others.")
    if run.has(Kind.BACKING_UP) and not run.has(Kind.DONE):
        seen = "A backup has no end in the log."
        meaning = "It was killed, or it still runs, or the log is cut. Its lock stays where it was killed."
        todo = "'lockctl list' shows whether a lock of that machine is there, and whether its process lives."
        return Finding("unfinished", Weight.LOOK, seen, meaning, todo, Certainty.POSSIBLE)
    return None


def _meaning(run: Run) -> str:
    """Whether it was a lock that restic could not write or remove."""
    failed = {one.first.action for one in run.matters.values() if one.first.file_type == "lock"}
    if "Remove" in failed:
        return "It could not delete a file in locks/. Each lock that it cannot delete stays, and blocks others."
    if "Save" in failed:
        return "It could not write its own lock: it did not begin, or could not renew it."
    return _NOT_LOCKS


def _act(code: str, seen: str, todo: str) -> Finding:
    return Finding(code, Weight.ACT, seen, _NOT_LOCKS, todo, Certainty.LIKELY)
