"""Finding: one thing that is wrong, or worth a look, in words for whoever has to decide. Values alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

RCLONE_ARGS = "serve restic --stdio --b2-hard-delete --cache-objects=false"
"""restic's own `rclone.args` (internal/backend/rclone/config.go), with the option of rclone's restic server by which it
remembers no sizes of files. That ends "more than declared Content-Length", and with it the open circuit breakers."""
CURE = f'-o rclone.args="{RCLONE_ARGS}"'
"""The same as an argument of restic."""
CURE_COST = (
    "It costs a further question to the share for each file that is read: with a round trip of 20 ms backups took "
    "5 to 8 % longer, and 'restic check' 19 to 26 %."
)
"""By bench/cache_objects.py."""


class Weight(Enum):
    """How much a finding matters; the heaviest is the exit status of `doctor`."""

    NOTE = 0
    """Good to know, and nothing to look at."""
    LOOK = 1
    """Something to look at."""
    ACT = 2
    """Something to do."""


class Certainty(Enum):
    """How sure a finding is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen, what it means, and what to do, each one or two sentences of plain words.

    `code` is stable and stands in the manual; `locks` are the ids that it speaks of, or what is known of their
    beginnings. A `todo` that is empty means that nothing has to be done.
    """

    code: str
    weight: Weight
    seen: str
    meaning: str
    todo: str
    certainty: Certainty
    locks: tuple[str, ...] = ()


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """The heaviest first, and among equals in the order given."""
    return sorted(findings, key=lambda finding: -finding.weight.value)


def exit_status(findings: Sequence[Finding]) -> int:
    """0 nothing, 1 something to look at, 2 something to do."""
    return max((finding.weight.value for finding in findings), default=0)
