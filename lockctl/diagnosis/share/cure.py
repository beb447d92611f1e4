"""The known cure for open circuit breakers, told where clients may reach the share by rclone. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lockctl.diagnosis.findings import CURE, CURE_COST, Certainty, Finding, Weight
from lockctl.diagnosis.share.incomplete import is_half_written
from lockctl.diagnosis.share.observed import Observed
from lockctl.survey.returns import is_of


def find_cure(observed: Observed) -> Iterator[Finding]:
    """A note, and never more: nothing on the share tells whether clients use rclone, or have it already.

    (rclone sets the last write of a lock, but to within milliseconds of its creation, as any other client's is.)
    """
    survey = observed.last
    hosts = {verdict.file.lock.hostname for verdict in survey.verdicts if verdict.file.lock is not None}
    for record in observed.journal.records:
        if is_of(record, survey) and record.removed.lock is not None:
            hosts.add(str(record.removed.lock.get("hostname")))
    by_rclone = survey.address.startswith("rclone:")
    was_half_written = any(is_half_written(verdict) for look in observed.looks for verdict in look.verdicts)
    if not by_rclone and len(hosts) < 2 and not was_half_written:
        return
    several = len(hosts) > 1
    if by_rclone:
        seen = f"The address of this repository is one of rclone's{f'; {len(hosts)} hosts use it' if several else ''}."
    else:
        what = f"{len(hosts)} hosts use this repository" if several else "A lock was not whole"
        seen = f"{what}. Whether its clients use rclone cannot be seen from here."
    yield Finding(
        "rclone-cache",
        Weight.NOTE,
        seen,
        "A restic whose rclone lists locks/ while another client is writing its lock can fail after a quarter of an "
        "hour with 'circuit breaker open for file <lock/...>'. The lock is sound then, and nothing has to be removed.",
        "A backup that failed so only has to be started again. To keep it from coming back give this option to each "
        f"restic that uses rclone: {CURE} {CURE_COST}",
        Certainty.LIKELY if by_rclone and len(hosts) > 1 else Certainty.POSSIBLE,
    )
