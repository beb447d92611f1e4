"""What was observed becomes findings, worst first. Pure: no judgement is made anew, the verdicts' own are told."""

from __future__ import annotations

from itertools import chain

from lockctl.diagnosis.findings import Finding, worst_first
from lockctl.diagnosis.share.blocking import find_blocking
from lockctl.diagnosis.share.clocks import find_clock_errors
from lockctl.diagnosis.share.cure import find_cure
from lockctl.diagnosis.share.incomplete import find_incomplete
from lockctl.diagnosis.share.observed import Observed
from lockctl.diagnosis.share.server import find_in_share
from lockctl.diagnosis.share.strangers import find_strangers
from lockctl.diagnosis.share.traces import find_traces
from lockctl.diagnosis.share.twins import find_twins


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
