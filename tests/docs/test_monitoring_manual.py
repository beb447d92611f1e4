"""The manual's tables of metrics and limits are those of the code."""

from __future__ import annotations

import re

from lockctl.clock.duration import parse_duration
from lockctl.monitoring.limits import QUANTITIES
from lockctl.render.prometheus import METRICS
from tests.docs.test_manual import section


def test_metrics() -> None:
    """Each, in the order in which they are written."""
    told = re.findall(r"^\.It Li (lockctl_[a-z_]+)$", section("lockctl-metrics", "METRICS"), re.MULTILINE)
    assert told == [metric.name for metric in METRICS]


def test_limits() -> None:
    """Each figure that can have one, with its defaults."""
    rows = re.findall(
        r"^\.It Li ([a-z-]+) Ta (\w+) Ta (\w+) Ta .", section("lockctl-check", "MONITORING"), re.MULTILINE
    )
    told = {name: (number(warning), number(critical)) for name, warning, critical in rows}
    assert told == {one.name: (one.warning, one.critical) for one in QUANTITIES}


def number(text: str) -> float:
    """A count, or the seconds of a duration."""
    return float(text) if text.isdigit() else parse_duration(text)
