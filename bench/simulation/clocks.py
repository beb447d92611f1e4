"""Wall clocks that are right, off, drifting or jumping, as functions of true time (seconds since the history began)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

BASE = 1_800_000_000
"""The history's beginning, in seconds since 1970."""
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class Clock:
    """What one machine's wall clock shows. Each step is a true moment and the seconds by which it was set then."""

    kind: str
    offset: float = 0.0
    drift: float = 0.0
    steps: tuple[tuple[float, float], ...] = ()

    def error(self, moment: float) -> float:
        """Seconds by which it is ahead."""
        return self.offset + self.drift * moment + sum(by for when, by in self.steps if when <= moment)

    def nanoseconds(self, moment: float) -> int:
        """Nanoseconds since 1970 that it shows."""
        return BASE * 10**9 + int((moment + self.error(moment)) * 1e9)

    def seconds(self, moment: float) -> float:
        """Seconds since 1970 that it shows."""
        return BASE + moment + self.error(moment)


def draw_clock(random: Random, span: float) -> Clock:
    """The clock of a client."""
    kind = random.choices(
        ("right", "seconds off", "minutes off", "hours off", "drifting", "jumping"), (60, 10, 8, 8, 7, 7)
    )[0]
    sign = random.choice((-1, 1))
    match kind:
        case "seconds off":
            return Clock(kind, sign * random.uniform(2, 60))
        case "minutes off":
            return Clock(kind, sign * random.uniform(1, 59) * MINUTE)
        case "hours off":
            return Clock(kind, sign * random.randint(1, 12) * HOUR + random.gauss(0, 2))
        case "drifting":
            return Clock(kind, random.gauss(0, 60), sign * random.uniform(20e-6, 5e-3))
        case "jumping":
            return Clock(kind, random.gauss(0, 1), 0.0, draw_steps(random, span, 3))
        case _:
            return Clock(kind, random.gauss(0, 0.5))


def draw_steps(random: Random, span: float, most: int) -> tuple[tuple[float, float], ...]:
    """Up to `most` moments at which somebody or something set the clock, by seconds to a day."""
    return tuple(
        (random.uniform(0, span), random.choice((-1, 1)) * 10 ** random.uniform(0, 4.9))
        for _ in range(random.randint(1, most))
    )
