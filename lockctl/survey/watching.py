"""Looks again and again: at once when something changes, now and then where nothing does. Prints nothing.

A connection that is lost voids nothing but the claim that nothing changed meanwhile: what is there is looked at anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from lockctl.clock.boot import boottime
from lockctl.errors import DeadlinePassed, FileError, LockctlError, NoRepository, Unreachable
from lockctl.survey.values import Survey
from lockctl.transport.base import Watch

LOOK_SECONDS = 30.0
"""Between two looks, at most."""
TICK_SECONDS = 1.0
"""Between two moments at which the caller may do something."""
_MARGIN = 0.5
"""Seconds by which a look may be late that settles something."""
_SETTLE_SECONDS = 0.25
"""After a change: a renewal is several, within an instant."""
_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts to connect again."""


class Watched(Protocol):
    """What is looked at again and again: a session, as far as watching goes."""

    def look(self) -> Survey:
        """One look."""

    def watch(self) -> Watch:
        """Tells of changes; connects where there is no connection."""

    def drop(self) -> None:
        """Ends the connection."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone; it is tried again after `pause` seconds."""

    error: LockctlError
    pause: float


def keep_looking(
    session: Watched,
    clock: Callable[[], float] = boottime,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Survey | Lost | None]:
    """A survey for each look, None at each tick between them, for ever.

    Raises what the first look raises. After that a server that is away, or back without its disk, becomes Lost and is
    tried again; who is refused is not.
    """
    attempts, ever = 0, False
    while True:
        try:
            watch = session.watch()
            while True:
                # The watch is armed: what happens from here on is not missed.
                survey = session.look()
                yield survey
                attempts, ever = 0, True
                yield from _wait(watch, next_look(survey), clock, sleep)
        except DeadlinePassed:
            raise
        except (Unreachable, NoRepository, FileError) as error:
            session.drop()
            if not ever:
                raise
            pause = _PAUSES[min(attempts, len(_PAUSES) - 1)]
            attempts += 1
            yield Lost(error, pause)
        yield from _pause(pause, clock, sleep)


def next_look(survey: Survey) -> float:
    """Seconds to the next look where nobody tells of a change: ages grow, and a silence proves nothing.

    It comes sooner where our own sight settles a lock sooner.
    """
    waits = [verdict.wait + _MARGIN for verdict in survey.verdicts if verdict.wait]
    return min([LOOK_SECONDS, *waits])


def _wait(watch: Watch, seconds: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> Iterator[None]:
    """Until something changes, or it is time to look all the same."""
    end = clock() + seconds
    while (left := end - clock()) > 0:
        if watch.wait(min(TICK_SECONDS, left)):
            # However often a server tells of changes, this is how often it is asked what they were.
            sleep(_SETTLE_SECONDS)
            watch.wait(0)
            return
        yield


def _pause(seconds: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> Iterator[None]:
    end = clock() + seconds
    while (left := end - clock()) > 0:
        sleep(min(TICK_SECONDS, left))
        yield
