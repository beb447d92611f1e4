"""What was observed becomes findings, worst first. Pure: no judgement is made anew, the verdicts' own are told."""

from __future__ import annotations

from itertools import chain

from lockctl.diagnosis.blocking import find_blocking
from lockctl.diagnosis.clocks import find_clock_errors
from lockctl.diagnosis.cure import find_cure
from lockctl.diagnosis.findings import Finding, worst_first
from lockctl.diagnosis.incomplete import find_incomplete
from lockctl.diagnosis.observed import Observed
from lockctl.diagnosis.share import find_in_share
from lockctl.diagnosis.strangers import find_strangers
from lockctl.diagnosis.traces import find_traces
from lockctl.diagnosis.twins import find_twins


def diagnose(observed: Observed) -> list[Finding]:
    """All that is wrong, or worth a look. Of equal weight first what was told of before here."""
    return worst_first(chain.from_iterable(find(observed) for find in _KINDS))


_KINDS = (
    find_cure,
    find_traces,
    find_incomplete,
    find_strangers,
    find_blocking,
    find_twins,
    find_clock_errors,
    find_in_share,
)
