"""Looking again and again, with a clock that nobody waits for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from lockctl.errors import (
    ConnectionLost,
    DeadlinePassed,
    LockctlError,
    NoRepository,
    NotFound,
    ShareRefused,
    Unreachable,
)
from lockctl.survey.values import Survey
from lockctl.survey.watching import LOOK_SECONDS, TICK_SECONDS, Lost, keep_looking, next_look
from lockctl.transport.base import Watch
from tests.memory import SECOND, MemoryTransport
from tests.unit.making import make_survey, make_verdict

LOST = ConnectionLost("the connection is gone")


class Scene:
    """A share in memory that is looked at; time passes where somebody waits."""

    def __init__(self) -> None:
        self.share = MemoryTransport({"locks/a": b"lock"})
        self.opened = 0
        self.dropped = 0
        self.slept = 0.0
        self.on_open: dict[int, Unreachable] = {}

    def watch(self) -> Watch:
        """Of the share, or the error that a test has planned for this connection."""
        self.opened += 1
        if self.opened in self.on_open:
            raise self.on_open[self.opened]
        return self.share.watch("locks")

    def drop(self) -> None:
        self.dropped += 1

    def look(self) -> Survey:
        self.share.begin("look")
        return make_survey([])

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.share.clock += int(seconds * SECOND)

    def clock(self) -> float:
        return self.share.clock / SECOND

    def run(self) -> Iterator[Survey | Lost | None]:
        return keep_looking(self, self.clock, self.sleep)


def put(scene: Scene) -> None:
    scene.share.put("locks/b", b"new")


def test_it_arms_before_it_looks() -> None:
    """What happens while it lists is told by the next wait, so nothing is missed."""
    scene = Scene()
    scene.share.before("look", lambda: put(scene))
    seen = scene.run()
    assert isinstance(next(seen), Survey)
    assert isinstance(next(seen), Survey), "at once, without a tick"
    assert scene.share.calls.index("list_directory") < scene.share.calls.index("look")


def test_it_looks_at_once_when_something_changes() -> None:
    scene = Scene()
    seen = scene.run()
    assert isinstance(next(seen), Survey)
    assert [next(seen) for _ in range(3)] == [None] * 3
    scene.share.put("locks/b", b"new")
    assert isinstance(next(seen), Survey)


def test_it_looks_now_and_then_where_nothing_changes() -> None:
    scene = Scene()
    kinds = [type(one) for one in islice(scene.run(), int(2 * (LOOK_SECONDS / TICK_SECONDS + 1)))]
    looks = [number for number, kind in enumerate(kinds) if kind is Survey]
    assert len(looks) == 2
    assert looks[1] == LOOK_SECONDS / TICK_SECONDS + 1


@pytest.mark.parametrize(
    ("waits", "seconds"),
    [
        ([], LOOK_SECONDS),
        ([None, 0, 900], LOOK_SECONDS),
        ([900, 12], 12.5),
        ([0], LOOK_SECONDS),
    ],
    ids=["none", "far away", "soon", "settled"],
)
def test_it_looks_when_our_own_sight_settles_a_lock(waits: list[float | None], seconds: float) -> None:
    assert next_look(make_survey([make_verdict(wait=wait) for wait in waits])) == seconds


def test_what_fails_at_first_is_not_tried_again() -> None:
    scene = Scene()
    scene.on_open[1] = Unreachable("no route")
    with pytest.raises(Unreachable):
        next(scene.run())
    assert scene.opened == 1


def test_a_lost_connection_is_made_again() -> None:
    """With growing pauses; what is there then is looked at anew."""
    scene = Scene()
    seen = scene.run()
    next(seen)
    scene.share.fail("wait", LOST)
    scene.on_open |= {2: Unreachable("away"), 3: Unreachable("away")}
    pauses = []
    while not isinstance(one := next(seen), Survey):
        if one is not None:
            pauses.append(one.pause)
    assert pauses == sorted(pauses)
    assert len(pauses) == 3
    assert scene.slept == pytest.approx(sum(pauses))
    assert (scene.opened, scene.dropped) == (4, 3)


@pytest.mark.parametrize("error", [NoRepository("no disk yet"), NotFound("locks: not found")])
def test_a_server_that_is_back_without_its_disk_is_tried_again(error: LockctlError) -> None:
    scene = Scene()
    seen = scene.run()
    next(seen)
    scene.share.fail("wait", error)
    assert isinstance(next(seen), Lost)
    assert any(isinstance(one, Survey) for one in islice(seen, 5))


def test_who_is_refused_is_not_tried_again() -> None:
    """Else a wrong password would lock the account."""
    scene = Scene()
    seen = scene.run()
    next(seen)
    scene.share.fail("wait", ShareRefused("the password was changed"))
    with pytest.raises(ShareRefused):
        next(seen)


def test_a_deadline_ends_it() -> None:
    scene = Scene()
    seen = scene.run()
    next(seen)
    scene.share.fail("wait", DeadlinePassed("time is over"))
    with pytest.raises(DeadlinePassed):
        next(seen)


def test_a_server_that_tells_of_changes_without_end_is_not_asked_without_end() -> None:
    scene = Scene()
    began = scene.clock()
    looks = 0
    for seen in islice(scene.run(), 100):
        looks += isinstance(seen, Survey)
        put(scene)
    assert looks == 100
    assert scene.clock() - began > 20
