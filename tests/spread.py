"""How the tests are spread over several workers (pytest-xdist): one by one, but what shares something costly together.

Not by xdist's own groups: it writes them into the ids of tests, which newer releases of pytest do not let it change.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/bench/test_simulation.py": "what one simulation showed",
    "tests/lab/test_another_protocol.py": "the long runs",
    "tests/lab/test_breaker.py": "the long runs",
    "tests/lab/test_live_backup.py": "the long runs",
}
"""Files whose tests one worker has, and which of them. What has the most tests is handed out first."""


class Spread(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands each test to the next worker that is free."""

    def _split_scope(self, nodeid: str) -> str:
        """What is handed out as one."""
        return TOGETHER.get(nodeid.partition("::")[0], nodeid)
