"""The machines of one share: its server, the one that judges, the clients' hosts. Drawn once, then never changed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from bench.simulation.clocks import DAY, HOUR, MINUTE, Clock, draw_clock, draw_steps
from lockctl.transport.base import CreationTrial, Trial

JUDGE_NAME = "backup-admin"
NAMESAKE = "other machine with judge's name"
"""A machine elsewhere to which somebody gave the same unusual name: the PIDs in its locks look like ours."""
PLACES = {
    "ordinary": 60,
    "laptop": 14,
    "judge's machine": 8,
    "container, random name": 8,
    "raspberrypi": 6,
    "container on judge's machine, its name": 1,
    "container on judge's machine, random name": 2,
    NAMESAKE: 1,
}
"""Where clients run, and how often of a hundred."""
ON_JUDGE = tuple(place for place in PLACES if "judge's machine" in place)
VERSIONS = {"0.9.6": 4, "0.14": 14, "0.15": 10, "0.16": 72}


@dataclass(frozen=True, slots=True)
class Server:
    """Keeps the files. `down` are the times in which nobody reaches it."""

    kind: str
    own_creation: bool
    trial: CreationTrial
    clock: Clock
    down: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Judge:
    """The machine on which the rules run, each hour. `boots` are the moments of its starts."""

    name: str
    clock: Clock
    boots: tuple[float, ...]
    root: bool
    daemons: tuple[int, ...]
    """The PIDs that run from its start to its end."""

    def booted(self, moment: float) -> float:
        """The last start before that moment."""
        return max(boot for boot in self.boots if boot <= moment)


@dataclass(frozen=True, slots=True)
class Host:
    """A machine on which clients run; `way` is how their files come onto the share."""

    name: str
    place: str
    clock: Clock
    way: str
    clients: int
    crashes: tuple[float, ...]

    @property
    def on_judge(self) -> bool:
        """Whether its processes are processes of the judge's machine."""
        return self.place in ON_JUDGE

    @property
    def contained(self) -> bool:
        """Whether its processes have PIDs of their own."""
        return self.place.startswith("container")


def draw_judge(random: Random, span: float) -> Judge:
    """A cron job's machine: restarted now and then, its clock mostly right."""
    boots = [-random.uniform(HOUR, 90 * DAY)]
    while (following := max(boots[-1], 0.0) + random.expovariate(1 / (30 * DAY))) < span:
        boots.append(following)
    kind = random.choices(("right", "off", "stepped"), (80, 10, 10))[0]
    offset = random.choice((-1, 1)) * 10 ** random.uniform(1, 4.5) if kind == "off" else random.gauss(0, 0.3)
    clock = Clock(kind, offset, 0.0, draw_steps(random, span, 2) if kind == "stepped" else ())
    name = "raspberrypi" if random.random() < 0.1 else JUDGE_NAME
    daemons = (*range(1, 120), *random.sample(range(300, 32768), 150))
    return Judge(name, clock, tuple(boots), random.random() < 0.75, daemons)


def draw_server(random: Random, span: float, judge: Judge) -> Server:
    """A server with or without creation times of its own, whose clock may be off or wrong after each start."""
    kind, own, outcome = random.choices(
        (
            ("own creation", True, Trial.KEPT),
            ("made-up creation", False, Trial.FOLLOWED),
            ("own creation, untested", True, Trial.REFUSED),
            ("made-up creation, untested", False, Trial.REFUSED),
            ("local path", True, Trial.ONE_CLOCK),
        ),
        (50, 22, 8, 10, 10),
    )[0]
    down = []
    begin = random.expovariate(1 / (12 * DAY))
    while begin < span:
        down.append((begin, begin + random.uniform(2, 25) * MINUTE))
        begin += random.expovariate(1 / (12 * DAY))
    clock = judge.clock if own and outcome is Trial.ONE_CLOCK else _draw_server_clock(random, [end for _, end in down])
    return Server(kind, own, CreationTrial(outcome), clock, tuple(down))


def _draw_server_clock(random: Random, boots: list[float]) -> Clock:
    kind = random.choices(("right", "off", "wrong after boot"), (70, 15, 15))[0]
    if kind == "off":
        return Clock(kind, random.choice((-1, 1)) * 10 ** random.uniform(0, 5))
    if kind != "wrong after boot":
        return Clock(kind, random.gauss(0, 0.3))
    steps: list[tuple[float, float]] = []
    for boot in boots:
        # It wakes with the time it last saved, or one from its factory; a time server sets it right later.
        behind = 10 ** random.uniform(2, 8)
        steps += [(boot - 60, -behind), (boot + 10 ** random.uniform(1.5, 4), behind)]
    return Clock(kind, random.gauss(0, 0.3), 0.0, tuple(steps))


def draw_hosts(random: Random, span: float, judge: Judge) -> list[Host]:
    """A quiet share, an ordinary or a busy one: from one client to hundreds."""
    count = random.choice((1, 2, 3, random.randint(6, 20), random.randint(20, 50), random.randint(20, 50)))
    most = random.choice((1, 3, 8)) if count > 3 else 1
    return [_draw_host(random, span, judge, number, most) for number in range(count)]


def _draw_host(random: Random, span: float, judge: Judge, number: int, most: int) -> Host:
    place = random.choices(tuple(PLACES), tuple(PLACES.values()))[0]
    names = {"raspberrypi": "raspberrypi"}
    name = names.get(place, judge.name if "judge's" in place and "random" not in place else f"host{number}")
    clock = judge.clock if place in ON_JUDGE else draw_clock(random, span)
    way = random.choices(("rclone", "mount"), (70, 30))[0]
    crashes = judge.boots if place in ON_JUDGE else _draw_crashes(random, span)
    return Host(name, place, clock, way, random.randint(1, most), crashes)


def _draw_crashes(random: Random, span: float) -> tuple[float, ...]:
    return tuple(random.uniform(0, span) for _ in range(random.choices((0, 1, 2), (70, 20, 10))[0]))
