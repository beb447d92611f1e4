"""A survey's moment is when the server answered, however long the key takes to derive after that."""

from __future__ import annotations

import threading
import time

import pytest

from lockctl.background import Background
from lockctl.clock.boot import Instant, this_instant
from lockctl.clock.deadline import Deadline
from lockctl.repository.crypto import Key
from lockctl.repository.locks import Repository
from lockctl.repository.opening import OpenedKey, Opening
from lockctl.survey.observe import observe
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

    repository = Repository(transport, Opening(config_bytes(), Background(derive), Deadline(20)), Deadline(20))
    before = this_instant()
    look = observe(repository, "memory")
    assert look.clocks.server == started
    assert before.wall <= look.clocks.local / SECOND <= time.time()


def test_a_moment_is_read_when_the_answer_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine can fall asleep while the key is derived: then sleep must not look like time awake."""
    arrived = Instant(1000.0, 5000.0, 50_000.0)
    monkeypatch.setattr("lockctl.repository.locks.this_instant", lambda: arrived)
    repository = Repository(
        AskedTransport(), Opening(config_bytes(), Background(lambda: OPENED), Deadline(20)), Deadline(20)
    )
    look = observe(repository, "memory")
    assert (look.moment.awake, look.moment.boot, look.moment.wall) == (1000.0, 5000.0, 50_000.0)
    assert look.clocks.local == 50_000 * SECOND
