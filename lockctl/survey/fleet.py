"""A fleet: many repositories at once, so that one that is down holds up no other.

Some threads open one repository after the other, and hand each open session to the one who asked. A server that
failed is left alone for the rest of the run: ten repositories of a server that is off cost the wait for one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from queue import Queue
from typing import Generic, TypeVar

from lockctl.background import Background
from lockctl.errors import DeadlinePassed, LockctlError, LogonRefused, Unreachable
from lockctl.settings.credentials import Login
from lockctl.settings.place import Place, SmbPlace
from lockctl.survey.session import Session

T = TypeVar("T")
Server = tuple[str, int]
"""Host and port."""


@dataclass(frozen=True, slots=True)
class Visit(Generic[T]):
    """What came of one repository, the `number`th: an open session and what `work` found there, or the error."""

    number: int
    session: Session | None
    found: T | None
    error: LockctlError | None


class Fleet(Generic[T]):
    """Visits repositories, `jobs` at once. `open_one` makes the session
    of the place with this number, and `work` does in a thread what takes time."""

    def __init__(
        self,
        places: Sequence[Place],
        open_one: Callable[[int], Session],
        work: Callable[[Session], T],
        jobs: int,
    ) -> None:
        self._open_one, self._work = open_one, work
        self._jobs = min(jobs, len(places))
        self._waiting = list(enumerate(places))
        self._left = len(places)
        self._servers = _Servers()
        self._changed = threading.Condition()
        # One more is ready at most: what is open is bounded by the number of threads.
        self._done: Queue[Visit[T] | BaseException] = Queue(maxsize=1)

    def visits(self) -> Generator[Visit[T], None, None]:
        """Each repository once, as it is done. Its session is closed when the next one is asked for."""
        for _ in range(self._jobs):
            Background(self._go_round)
        try:
            for _ in range(self._left):
                visit = self._done.get()
                if isinstance(visit, BaseException):
                    raise visit
                try:
                    yield visit
                finally:
                    if visit.session is not None:
                        visit.session.drop()
        finally:
            with self._changed:
                self._waiting.clear()

    def _go_round(self) -> None:
        try:
            while (taken := self._take()) is not None:
                self._done.put(self._visit(*taken))
        except BaseException as error:  # noqa: BLE001 - a fault of ours is raised where somebody waits
            self._done.put(error)

    def _take(self) -> tuple[int, Place] | None:
        """The next whose server and login are not just being tried by another thread; None where none is left."""
        with self._changed:
            while self._waiting:
                for taken in self._waiting:
                    if self._servers.begin(taken[1]):
                        self._waiting.remove(taken)
                        return taken
                self._changed.wait()
            return None

    def _visit(self, number: int, place: Place) -> Visit[T]:
        session = None
        try:
            error = self._servers.refusal(place)
            if error is None:
                session = self._open_one(number)
                session.connect()
                self._settle(place, None)
                return Visit(number, session, self._work(session), None)
        except LockctlError as failure:
            error = failure
            if session is not None:
                session.drop()
        self._settle(place, error)
        return Visit(number, None, None, error)

    def _settle(self, place: Place, error: LockctlError | None) -> None:
        with self._changed:
            self._servers.settle(place, error)
            self._changed.notify_all()


class _Servers:
    """Which servers answer, and whom they let in. Not for two threads at once.

    Until a server has answered once, a single thread calls on it; and a single one with each login, until it is known
    whether that one is let in: as many wrong passwords as there are threads could lock the account.
    """

    def __init__(self) -> None:
        self._tried: set[tuple[Server, Login]] = set()
        self._answered: set[Server] = set()
        self._known: set[tuple[Server, Login]] = set()
        self._failed: dict[Server, LockctlError] = {}
        self._refused: dict[tuple[Server, Login], LockctlError] = {}

    def begin(self, place: Place) -> bool:
        """Whether this place can be visited now."""
        if not isinstance(place, SmbPlace):
            return True
        server, login = _server(place), place.login
        if server in self._failed or (server, login) in self._known:
            return True
        if (server, login) in self._tried:
            return False
        if server not in self._answered and any(tried == server for tried, _ in self._tried):
            return False
        self._tried.add((server, login))
        return True

    def refusal(self, place: Place) -> LockctlError | None:
        """Why this place is not visited at all, where it is not: also who was refused is not tried again.

        Each further try could lock the account.
        """
        if not isinstance(place, SmbPlace):
            return None
        server = _server(place)
        if error := self._failed.get(server):
            return Unreachable(f"{place.address.host} is left alone in this run: {error}")
        if error := self._refused.get((server, place.login)):
            return LogonRefused(f"{place.address.host} is not asked again in this run: {error}")
        return None

    def settle(self, place: Place, error: LockctlError | None) -> None:
        """What came of a visit, or of its beginning."""
        if not isinstance(place, SmbPlace):
            return
        server = _server(place)
        self._tried.discard((server, place.login))
        if isinstance(error, Unreachable) and not isinstance(error, DeadlinePassed):
            self._failed.setdefault(server, error)
            return
        self._answered.add(server)
        self._known.add((server, place.login))
        if isinstance(error, LogonRefused):
            self._refused.setdefault((server, place.login), error)


def _server(place: SmbPlace) -> Server:
    return place.address.host.lower(), place.address.port
