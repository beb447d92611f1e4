"""One lock by the beginning of its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockctl.errors import UnknownLock

if TYPE_CHECKING:
    from lockctl.liveness.evidence import Verdict
    from lockctl.survey.values import Survey


def pick(survey: Survey, beginning: str) -> Verdict:
    """The one lock whose id starts so. Raises UnknownLock."""
    found = [verdict for verdict in survey.verdicts if verdict.file.id.startswith(beginning)]
    if not found or not beginning:
        raise UnknownLock(f"no lock here has an id that starts with {beginning!r}", "See 'lockctl list'")
    if len(found) > 1:
        raise UnknownLock(f"{len(found)} locks have ids that start with {beginning!r}", "Give more of the id")
    return found[0]
