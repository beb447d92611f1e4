"""The share itself: what this user may do there, how it is spoken to, which of its times can be relied upon. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.share.naming import ids_of
from lockctl.diagnosis.share.observed import Observed
from lockctl.liveness.creation import is_own
from lockctl.liveness.evidence import Verdict
from lockctl.survey.values import Survey

_LATE = 60 * 10**9
"""Nanoseconds by which the time of a directory may be older than what is in it: an upload's length."""
_OLD_DIALECTS = ("SMB 2.0.2",)


def find_in_share(observed: Observed) -> Iterator[Finding]:
    """What hinders first, then what is only good to know."""
    if observed.may_delete is False:
        yield Finding(
            "may-not-delete",
            Weight.LOOK,
            f"By {'what the server says' if observed.protection is not None else 'its permissions'} this user may not "
            "remove what others left in locks/. (Nothing was removed to find out.)",
            "As this user 'lockctl prune' cannot remove stale locks. Unless locks/ has a sticky bit, a restic that "
            "works as this user cannot remove its own locks either: each renewal leaves one behind.",
            "If this user is only there to look, all is well: prune as another. Else give it permission to write and "
            "delete in locks/.",
            Certainty.LIKELY if observed.protection is not None else Certainty.CERTAIN,
        )
    yield from _tell_connection(observed)
    yield from _tell_creation(observed)
    yield from _tell_folder(observed.last)
    if observed.tells_changes is False:
        yield Finding(
            "changes-not-told",
            Weight.NOTE,
            "The server does not tell by itself when something changes in locks/ (CHANGE_NOTIFY).",
            "So 'lockctl watch' and 'prune --watch' look every ten seconds instead, and are that much later.",
            "",
            Certainty.CERTAIN,
        )


def _tell_connection(observed: Observed) -> Iterator[Finding]:
    link = observed.protection
    if link is None or (link.encrypted and link.dialect not in _OLD_DIALECTS):
        return
    is_old = link.dialect in _OLD_DIALECTS
    yield Finding(
        "old-dialect" if is_old else "not-encrypted",
        Weight.LOOK if is_old else Weight.NOTE,
        f"The server speaks {link.dialect}; messages are signed and not encrypted.",
        "Nobody can alter what goes over the network; who can listen there sees file names, and the repository's "
        f"files as restic encrypted them.{' SMB 2.0.2 is from 2006.' if is_old else ''}",
        "Let the server speak SMB 3 (Samba: 'server max protocol'; a NAS: the highest protocol in its settings for "
        "file sharing)."
        if is_old
        else "",
        Certainty.CERTAIN,
    )


def _tell_creation(observed: Observed) -> Iterator[Finding]:
    """Only of a share: on a disk a creation time is the kernel's, whether or not anything shows that."""
    survey = observed.last
    locks = [verdict for verdict in survey.verdicts if verdict.file.lock is not None]
    if observed.protection is None or survey.keeps_creation or not locks:
        return
    young = survey.policy.thresholds.missed
    waiting = [v for v in locks if (v.claimed_age or 0.0) > young and any(r.code == "clock-unknown" for r in v.reasons)]
    yield Finding(
        "no-own-creation",
        Weight.LOOK if waiting else Weight.NOTE,
        "No file or directory here has a creation time that the server must have set itself.",
        "It seems to make them up from what clients set. Then the server's clock says less of a lock, and lockctl goes "
        "by the last change of locks/ and by what it sees itself, which takes up to half an hour.",
        "On Samba: 'store dos attributes = yes', on a file system with extended attributes.",
        Certainty.LIKELY,
        ids_of(waiting),
    )


def _tell_folder(survey: Survey) -> Iterator[Finding]:
    own = [(v.file.entry.created, v) for v in survey.verdicts if _has_own_creation(v, survey)]
    newest, verdict = max(own, key=lambda one: one[0] or 0, default=(None, None))
    if newest is None or verdict is None or not survey.directory_changed:
        return
    late = newest - survey.directory_changed
    if late > _LATE:
        yield Finding(
            "folder-time",
            Weight.NOTE,
            f"The last change of locks/ is {describe_duration(late / 1e9)} older than the newest lock in it.",
            "The server does not note at once that a file came, or a program such as 'rsync -a' set that time. lockctl "
            "does not rely on it then.",
            "",
            Certainty.CERTAIN,
            ids_of([verdict]),
        )


def _has_own_creation(verdict: Verdict, survey: Survey) -> bool:
    return is_own(verdict.file.entry, survey.keeps_creation)
