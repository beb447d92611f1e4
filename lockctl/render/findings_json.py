"""`lockctl.doctor/1`: findings as the JSON that the manual promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lockctl.diagnosis.findings import Finding, exit_status
from lockctl.diagnosis.share.observed import Observed
from lockctl.render.as_json import header


def doctor_object(findings: Sequence[Finding], observed: Observed) -> dict[str, Any]:
    """One repository's findings. `status` is the exit status, which an error can have too."""
    link = observed.protection
    return {
        **header(observed.last, "lockctl.doctor/1"),
        "connection": None if link is None else {"dialect": link.dialect, "encrypted": link.encrypted},
        "may_delete": observed.may_delete,
        "looks": len(observed.looks),
        "watched_seconds": round(observed.watched, 1),
        "status": exit_status(findings),
        "findings": [finding_object(finding) for finding in findings],
    }


def finding_object(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "code": finding.code,
        "weight": finding.weight.name.lower(),
        "certainty": finding.certainty.value,
        "seen": finding.seen,
        "meaning": finding.meaning,
        "todo": finding.todo or None,
        "locks": list(finding.locks),
    }
