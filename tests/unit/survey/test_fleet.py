"""Many repositories at once: bounded, in the order in which they are done, and no server asked twice that failed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest

from lockctl.errors import (
    ConnectionLost,
    DeadlinePassed,
    LockctlError,
    LogonRefused,
    NoRepository,
    ShareRefused,
    Unreachable,
)
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import Login
from lockctl.settings.place import LocalPlace, Place, SmbPlace
from lockctl.survey.fleet import Fleet, Visit

JOE, ANN = Login("joe", "a"), Login("ann", "b")
SECONDS = 20.0
"""Longer than anything here can take."""


def on(host: str, share: str = "backup", login: Login = JOE, port: int = 445) -> SmbPlace:
    return SmbPlace(f"smb://{host}/{share}", SmbAddress(host, share, "", port), login)


class Scene:
    """Sessions that do what a test has planned for their place; notes what was called."""

    def __init__(self, places: list[Place], plan: Callable[[int], LockctlError | None] = lambda number: None) -> None:
        self.places, self.plan = places, plan
        self.connected: list[int] = []
        self.dropped: list[int] = []
        self.open = 0
        self.most = 0
        self.lock = threading.Lock()
        self.gates: dict[int, threading.Event] = {}

    def visits(self, jobs: int = 4, work: Callable[[Any], Any] | None = None) -> list[Visit[Any]]:
        return list(self.fleet(jobs, work).visits())

    def fleet(self, jobs: int = 4, work: Callable[[Any], Any] | None = None) -> Fleet[Any]:
        return Fleet(
            self.places, lambda number: cast(Any, Session(self, number)), work or (lambda one: one.number), jobs
        )


class Session:
    def __init__(self, scene: Scene, number: int) -> None:
        self.scene, self.number = scene, number

    def connect(self) -> None:
        with self.scene.lock:
            self.scene.connected.append(self.number)
            self.scene.open += 1
            self.scene.most = max(self.scene.most, self.scene.open)
        if gate := self.scene.gates.get(self.number):
            assert gate.wait(SECONDS)
        if error := self.scene.plan(self.number):
            raise error

    def drop(self) -> None:
        with self.scene.lock:
            self.scene.dropped.append(self.number)
            self.scene.open -= 1


def test_each_is_visited_once_and_closed() -> None:
    scene = Scene([on(f"nas{number}") for number in range(20)])
    visits = scene.visits()
    assert sorted(visit.number for visit in visits) == list(range(20))
    assert all(visit.found == visit.number and visit.error is None for visit in visits)
    assert sorted(scene.connected) == sorted(scene.dropped) == list(range(20))


def test_no_repository_at_all() -> None:
    assert Scene([]).visits() == []


@pytest.mark.parametrize("jobs", [1, 3])
def test_what_is_open_is_bounded(jobs: int) -> None:
    """By the threads, one that is ready, and one that is being looked at."""
    scene = Scene([LocalPlace(f"/{number}", f"/{number}") for number in range(30)])
    scene.visits(jobs)
    assert scene.most <= jobs + 2


def test_one_that_hangs_holds_up_no_other() -> None:
    scene = Scene([on("slow"), *(on("nas") for _ in range(5))])
    scene.gates[0] = threading.Event()
    visits = scene.fleet(jobs=2).visits()
    assert {next(visits).number for _ in range(5)} == {1, 2, 3, 4, 5}
    scene.gates[0].set()
    assert next(visits).number == 0


def test_the_first_visit_to_a_server_goes_alone() -> None:
    """While it is not known whether that one answers, its other repositories wait, and other servers do not."""
    scene = Scene([on("nas"), on("nas"), on("NAS"), on("other")])
    scene.gates[0] = threading.Event()
    visits = scene.fleet(jobs=4).visits()
    assert next(visits).number == 3
    assert sorted(scene.connected) == [0, 3]
    scene.gates[0].set()
    assert {next(visits).number for _ in range(3)} == {0, 1, 2}


@pytest.mark.parametrize("error", [Unreachable("no answer", "Look"), ConnectionLost("cut")])
def test_a_server_that_failed_is_left_alone(error: LockctlError) -> None:
    scene = Scene([*(on("nas", f"s{number}") for number in range(10)), on("nas", port=1445)])
    scene.plan = lambda number: error if scene.places[number] != on("nas", port=1445) else None
    visits = {visit.number: visit for visit in scene.visits()}
    assert sorted(scene.connected) == [0, 10], "another port is another server"
    assert visits[0].error is error
    for number in range(1, 10):
        told = visits[number].error
        assert isinstance(told, Unreachable)
        assert str(told) == f"nas is left alone in this run: {error}"
    assert visits[10].found == 10


def test_who_was_refused_is_not_tried_again_and_others_are() -> None:
    scene = Scene([on("nas"), on("nas"), on("nas", login=ANN), on("other")])
    scene.plan = lambda number: LogonRefused("refused") if number == 0 else None
    visits = {visit.number: visit for visit in scene.visits(jobs=1)}
    assert scene.connected == [0, 2, 3]
    assert str(visits[1].error) == "nas is not asked again in this run: refused"
    assert isinstance(visits[1].error, LogonRefused)
    assert visits[2].error is visits[3].error is None


def test_a_wrong_password_is_tried_once_however_many_threads_there_are() -> None:
    """Also where the server has answered somebody else: eight tries at once could lock the account."""
    scene = Scene([on("nas", login=ANN), *(on("nas", f"s{number}") for number in range(1, 9))])
    scene.plan = lambda number: LogonRefused("refused") if number else None
    visits = {visit.number: visit for visit in scene.visits(jobs=8)}
    assert len(scene.connected) == 2
    assert visits[0].error is None
    assert all(isinstance(visits[number].error, LogonRefused) for number in range(1, 9))


@pytest.mark.parametrize("error", [NoRepository("none"), DeadlinePassed("late"), ShareRefused("not this share")])
def test_what_says_nothing_of_the_server(error: LockctlError) -> None:
    scene = Scene([on("nas"), on("nas")], lambda number: error if number == 0 else None)
    visits = {visit.number: visit for visit in scene.visits(jobs=1)}
    assert visits[0].error is error
    assert visits[1].found == 1


def test_paths_are_no_server() -> None:
    scene = Scene([LocalPlace("/a", "/a"), LocalPlace("/b", "/b")], lambda _: Unreachable("gone"))
    scene.visits(jobs=1)
    assert scene.connected == [0, 1]


def test_an_error_of_the_work_closes_the_session() -> None:
    def work(_session: object) -> None:
        raise NoRepository("empty")

    scene = Scene([on("nas"), on("nas")])
    assert [str(visit.error) for visit in scene.visits(work=work)] == ["empty", "empty"]
    assert sorted(scene.dropped) == [0, 1]


def test_a_fault_of_ours_is_raised_where_somebody_waits() -> None:
    def work(_session: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Scene([on("nas")]).visits(work=work)


def test_whoever_stops_asking_gets_no_more_opened() -> None:
    scene = Scene([on(f"nas{number}") for number in range(50)])
    visits = scene.fleet(jobs=1).visits()
    next(visits)
    visits.close()
    assert len(scene.connected) <= 4
