"""A survey's moment is when the server answered, however long the key takes to derive after that."""

from __future__ import annotations

import threading

from lockctl.background import Background
from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.repository.crypto import Key
from lockctl.repository.opening import OpenedKey, Repository
from lockctl.survey.observe import observe, take_survey
from tests.memory import MemoryTransport
from tests.unit.envelope import MASTER, config_bytes, named, sealed_lock

SECOND = 10**9
OPENED = OpenedKey(Key(MASTER.encrypt, MASTER.mac_k, MASTER.mac_r), b"")


class AskedTransport(MemoryTransport):
    """Tells when its clock was asked for."""

    def __init__(self) -> None:
        super().__init__(named("locks", sealed_lock()))
        self.asked = threading.Event()

    def now(self) -> int:
        """The clock as it stands, and only then the sign that it was asked for."""
        value = super().now()
        self.asked.set()
        return value


def test_ages_count_from_the_servers_answer() -> None:
    """While the key is derived time goes on, and nobody looks whether a lock is renewed meanwhile."""
    transport = AskedTransport()
    started = transport.clock

    def derive() -> OpenedKey | None:
        asked = transport.asked.wait(10)
        transport.clock = started + 3600 * SECOND
        return OPENED if asked else None

    repository = Repository(transport, config_bytes(), Background(derive), Deadline(20))
    assert take_survey(repository, "memory").clocks.server == started


def test_our_clock_is_taken_back_to_the_answer() -> None:
    """Our wall clock is read when the judgement is made, and counts as of the answer."""

    def wall() -> int:
        return 1_800_000_000 * SECOND

    transport = AskedTransport()
    repository = Repository(transport, config_bytes(), Background(lambda: OPENED), Deadline(20))
    before = boottime()
    local = observe(repository, "memory", wall=wall).clocks.local
    late = (1_800_000_000 * SECOND - local) / SECOND
    assert 0 <= late <= boottime() - before
