"""What `doctor` goes by, made by hand: files are judged as in every look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lockctl.clock.rfc3339 import format_moment
from lockctl.diagnosis.findings import Finding, Weight
from lockctl.diagnosis.share.doctor import diagnose
from lockctl.diagnosis.share.observed import JournalSeen, Observed
from lockctl.liveness.evidence import Witness
from lockctl.liveness.judge import judge
from lockctl.repository.lock import LockFile, Problem
from lockctl.state.memory import Seen
from lockctl.state.records import Outcome, Record, Removed
from lockctl.survey.values import Survey
from lockctl.transport.base import Protection
from tests.unit.making import NOW, make_facts, make_file, make_lock, make_survey, seconds

HOUR, DAY = 3600, 86400
ENCRYPTED = Protection("SMB 3.1.1", encrypted=True)


def survey_of(
    *files: LockFile,
    said: Mapping[int, Witness] | None = None,
    seen: float = 0.0,
    held: Sequence[LockFile] = (),
    address: str = "smb://backup@nas/backup/restic",
    **facts: Any,
) -> Survey:
    """A survey of these files at NOW. `said` is by a file's number; `seen` is for how long this machine saw them all.

    `facts` are those of `make_facts`.
    """
    ours = {file.id: Seen(seen) for file in files} if seen else {}
    given = make_facts(seen=ours, **facts)
    verdicts = judge(files, given, {files[number].id: (witness,) for number, witness in (said or {}).items()})
    made = make_survey(verdicts, held=frozenset(file.id for file in held))
    return replace(
        made,
        address=address,
        clocks=given.clocks,
        directory_changed=given.directory_changed,
        keeps_creation=given.keeps_creation,
    )


def observed_of(*looks: Survey, **more: Any) -> Observed:
    """These looks over a connection with which all is well."""
    usual: dict[str, Any] = {"may_delete": True, "protection": ENCRYPTED, "tells_changes": True}
    return Observed(looks, 6.0 if len(looks) > 1 else 0.0, **{**usual, **more})


def found_in(*looks: Survey, **more: Any) -> list[Finding]:
    """What is found, without the note that tells of rclone."""
    return [finding for finding in diagnose(observed_of(*looks, **more)) if finding.code != "rclone-cache"]


def codes(findings: Sequence[Finding]) -> list[tuple[str, Weight]]:
    """What they are and how much they matter, in their order."""
    return [(finding.code, finding.weight) for finding in findings]


def live(hostname: str = "web1", age: float = 10, **fields: Any) -> LockFile:
    """A lock that was renewed so many seconds ago, by all clocks."""
    return make_file(make_lock(age, hostname=hostname, **fields), created=age)


def cut_short(age: float, data: bytes = b"x" * 60, name: str = "c" * 64) -> LockFile:
    """A file that is not whole, so old by the server's clock."""
    return make_file(name=name, created=age, problem=Problem.INCOMPLETE, data=data)


def record_of(file: LockFile, ago: float, **changes: Any) -> Record:
    """The journal's record of this lock's removal from the repository of these surveys, so many seconds ago."""
    lock = file.lock
    fields = None
    if lock is not None:
        fields = {
            name: getattr(lock, name) for name in ("time", "hostname", "pid", "username", "uid", "gid", "exclusive")
        }
    survey = survey_of()
    removed = Removed(file.id, b"sealed", changes.pop("state", "stale"), "why", 0.0, fields, NOW - seconds(ago))
    record = Record(f"key-{file.id}", format_moment(NOW - seconds(ago)), survey.origin, removed, {}, Outcome.REMOVED)
    return replace(record, **changes)


def journal_of(*records: Record, **more: Any) -> JournalSeen:
    """A journal that is sound."""
    return JournalSeen(records, **more)
