"""A session over a repository in memory, with real encryption and a real state folder."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.clock.rfc3339 import format_moment
from lockctl.settings.access import Access
from lockctl.settings.place import LocalPlace
from lockctl.settings.policy import Policy
from lockctl.survey.headstart import take_head_start
from lockctl.survey.session import Session
from lockctl.survey.values import Return
from tests.memory import SECOND, MemoryTransport
from tests.unit.envelope import PASSWORD, config_bytes, key_bytes, named, sealed_lock

HOUR = 3600.0


class Teller:
    """Keeps what a session tells."""

    def __init__(self) -> None:
        self.details: list[str] = []
        self.warnings: list[str] = []
        self.returns: list[Return] = []
        self.doings: list[str] = []

    def detail(self, text: str) -> None:
        self.details.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def returned(self, one: Return) -> None:
        self.returns.append(one)

    def doing(self, text: str) -> None:
        self.doings.append(text)


class Scene:
    """The repository, and sessions on it one after the other, which share their state folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.teller = Teller()
        self.connected = 0
        self.share = MemoryTransport({"config": config_bytes(), **named("keys", key_bytes())})
        self.share.make_directory("locks")
        monkeypatch.setattr("lockctl.transport.connect.connect", self._connect)

    def put_lock(self, age: float = 2 * HOUR, **fields: Any) -> str:
        """A lock that was renewed so many seconds ago, by its owner's clock and the server's. Returns its id."""
        sealed = sealed_lock(time=format_moment(time.time_ns() - int(age * SECOND)), **fields)
        name = hashlib.sha256(sealed).hexdigest()
        created = self.share.clock - int(age * SECOND)
        # A client's clock that is two seconds behind: so the creation cannot be made up from what it set.
        self.share.put(f"locks/{name}", sealed, created, created - 2 * SECOND)
        return name

    def open(self, policy: Policy | None = None, deadline: Deadline | None = None, password: str = PASSWORD) -> Session:
        """A new session."""
        access = Access(LocalPlace("/memory", "/memory"), password, "", self.folder, policy or Policy())
        return Session(access, deadline or Deadline(60), self.teller, take_head_start(access))

    @property
    def locks(self) -> set[str]:
        """The ids of the locks that stand there."""
        return {path.removeprefix("locks/") for path in self.share.files if path.startswith("locks/")}

    def _connect(self, place: object, deadline: Deadline, detail: object) -> MemoryTransport:
        self.connected += 1
        return self.share


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A repository without locks."""
    return Scene(tmp_path / "state", monkeypatch)
