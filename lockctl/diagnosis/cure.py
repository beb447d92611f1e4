"""The known cure for open circuit breakers, told where clients may reach the share by rclone. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lockctl.diagnosis.findings import CURE, Certainty, Finding, Weight
from lockctl.diagnosis.incomplete import is_half_written
from lockctl.diagnosis.naming import count
from lockctl.diagnosis.observed import Observed
from lockctl.liveness.evidence import Verdict
from lockctl.survey.returns import is_of

CURE_COST = "It costs some time for each file that rclone is asked for, since it asks the server each time."
"""What the cure costs, in a sentence."""


def find_cure(observed: Observed) -> Iterator[Finding]:
    """A note, and never more: nothing on the share tells whether the clients have it already."""
    survey = observed.last
    hosts = {verdict.file.lock.hostname for verdict in survey.verdicts if verdict.file.lock is not None}
    for record in observed.journal.records:
        if is_of(record, survey) and record.removed.lock is not None:
            hosts.add(str(record.removed.lock.get("hostname")))
    by_rclone = survey.address.startswith("rclone:") or any(map(_is_from_rclone, survey.verdicts))
    was_half_written = any(is_half_written(verdict) for look in observed.looks for verdict in look.verdicts)
    if not by_rclone and len(hosts) < 2 and not was_half_written:
        return
    several = f"; {len(hosts)} hosts were seen" if len(hosts) > 1 else ""
    yield Finding(
        "rclone-cache",
        Weight.NOTE,
        f"Clients reach this repository through rclone{several}."
        if by_rclone
        else f"{count(len(hosts), 'host')} of this repository's clients seen. Whether they use rclone cannot be seen "
        "here.",
        "A restic whose rclone lists locks/ while another client is writing its lock can fail after a quarter of an "
        "hour with 'circuit breaker open for file <lock/...>'. The lock is sound then, and nothing has to be removed.",
        "A backup that failed so only has to be started again. To keep it from coming back give this option to each "
        f"restic that uses rclone: {CURE} {CURE_COST}",
        Certainty.LIKELY if by_rclone and len(hosts) > 1 else Certainty.POSSIBLE,
    )


def _is_from_rclone(verdict: Verdict) -> bool:
    """rclone sets the last write to when it began, before the file was made (backend/smb/smb.go, SetModTime)."""
    entry = verdict.file.entry
    return verdict.file.lock is not None and entry.created is not None and entry.written < entry.created
