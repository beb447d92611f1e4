"""The places of the contract, a fresh one for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from lockctl.transport.local.directory import LocalTransport
from tests.contract.places import DiskPlace, MemoryPlace, Place, samba_place
from tests.lab.samba import Samba

_NUMBERS = itertools.count(1)


@pytest.fixture(params=["memory", "local", "plain", "lane"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """One place of each kind."""
    made: Place
    if request.param == "memory":
        made = MemoryPlace()
    elif request.param == "local":
        made = DiskPlace("local", LocalTransport(str(tmp_path)), tmp_path, lambda _: None)
    else:
        lane = request.param == "lane"
        made = samba_place(request.getfixturevalue("samba"), f"contract-{next(_NUMBERS)}", lane=lane)
    yield made
    made.transport.close()


@pytest.fixture(params=["plain", "lane"])
def shared(request: pytest.FixtureRequest, samba: Samba) -> Iterator[DiskPlace]:
    """A new folder of the lab's share, reached in both ways."""
    made = samba_place(samba, f"contract-{next(_NUMBERS)}", lane=request.param == "lane")
    yield made
    made.transport.close()
