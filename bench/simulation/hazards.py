"""What can go wrong, forced: each hazard draws worlds in which it surely does while a live lock stands there.

So a figure is conditional: how often a live lock is lost where the hazard is there, not how often that is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import exp, log
from random import Random
from typing import Any

from bench.simulation.share import upload_all
from bench.simulation.world import DAY, HOUR, LEASE, MINUTE, Clock, Gap, Judge, Owner, Server, Sleep, World

Hazard = Callable[[Random], World]

NOTHING = "nothing, one job on this very machine"
STEP = 2.5 * HOUR
"""When a clock steps, or whatever else a hazard does at once."""


def draw(hazard: str, seed: int, number: int) -> World:
    """The world of that number. The same arguments give the same one."""
    return HAZARDS[hazard](Random(f"{seed} {hazard} {number}"))


def _clock(random: Random) -> Clock:
    return Clock(random.gauss(0, 0.3))


def _far(random: Random) -> float:
    """Seconds by which a clock that is wrong is wrong: 35 minutes to a day."""
    return 35 * MINUTE * exp(random.uniform(0, log(41)))


def _looks(random: Random, hours: float, *more: float, every: float = HOUR) -> tuple[float, ...]:
    """By cron, and where the hazard wants one; in a third of all worlds nobody looked before that."""
    first = random.uniform(0, every)
    regular = [first + number * every for number in range(int((hours * HOUR - first) / every) + 1)]
    begins = min(more, default=0.0) if random.random() < 1 / 3 else 0.0
    return tuple(sorted({*(look for look in regular if look >= begins), *more}))


def _owner(random: Random, at: float, **changes: Any) -> Owner:
    """A live owner that has renewed at most four minutes before `at`, and goes on for hours."""
    renewed = at - random.uniform(0.5, 240)
    begins = renewed - 300.0 * random.randint(0, 30)
    name, pid = f"host{random.randrange(10**6)}", random.randint(400, 30_000)
    owner = Owner(name, pid, begins, at + random.uniform(0.5, 6) * HOUR, _clock(random))
    return replace(owner, upload=random.uniform(0.05, 0.4), **changes)


def _crashed(random: Random) -> Owner:
    """What every world has to tidy up."""
    ends = random.uniform(0, HOUR)
    return replace(_owner(random, ends), ends=ends, crashes=True)


def _world(random: Random, owners: tuple[Owner, ...], looks: tuple[float, ...], **changes: Any) -> World:
    """With a server and a judge whose clocks are right."""
    judge = Judge("judge", looks, _clock(random))
    world = World(Server(_clock(random)), (judge,), (*owners, _crashed(random)), (-DAY, 40 * DAY))
    return replace(world, **changes)


def ordinary(random: Random) -> World:
    """Nothing is wrong. One owner is a process of the machine that judges."""
    here = _owner(random, STEP, hostname="judge", here=True)
    return _world(random, (_owner(random, STEP), here, _crashed(random)), _looks(random, 27))


def stepped(*, forward: bool = True, owner: bool = False, judge: bool = False, forgets: bool = False) -> Hazard:
    """The server's clock steps, and those that share it; a live lock was renewed just before."""

    def world(random: Random) -> World:
        by = _far(random) if forward else -_far(random)
        shared = Clock(random.gauss(0, 0.3), 0.0, ((STEP, by),))
        look = STEP + random.uniform(0.1, 50)
        owners = (_owner(random, STEP, **({"clock": shared} if owner else {})),)
        plain = _world(random, owners, _looks(random, 8, look), window=(STEP, STEP + MINUTE))
        judges = (replace(plain.judges[0], clock=shared if judge else plain.judges[0].clock),)
        if forgets:
            judges = (replace(judges[0], forgets=tuple(at - 1 for at in judges[0].looks)),)
        return replace(plain, server=Server(shared), judges=judges)

    return world


def _behind(**server: bool) -> Hazard:
    """The owner's clock is behind on a share like that."""

    def world(random: Random) -> World:
        owner = _owner(random, STEP, clock=Clock(-_far(random)))
        return _world(random, (owner,), _looks(random, 8), server=Server(_clock(random), **server))

    return world


def another_protocol(random: Random) -> World:
    """Files come onto the server's disk by another protocol, with last writes behind, seconds before a look."""
    owners = tuple(_owner(random, STEP, over_smb=False, clock=Clock(-_far(random))) for _ in range(5))
    return _world(random, owners, _looks(random, 8, STEP))


def namesakes(random: Random) -> World:
    """A cloned machine has the judge's very name; its jobs take 10 minutes to 3 hours."""
    jobs = [_owner(random, STEP + n * 4 * HOUR, hostname="judge") for n in range(5)]
    length = random.uniform(10, 180) * MINUTE
    owners = tuple(replace(job, begins=STEP + n * 4 * HOUR, ends=0.0) for n, job in enumerate(jobs))
    owners = tuple(replace(job, ends=job.begins + length) for job in owners)
    return _world(random, owners, _looks(random, 24, STEP + random.uniform(5, 9) * MINUTE))


def old_restic(random: Random) -> World:
    """An owner at or below 0.9.6 writes the time of its start into each renewal, for hours."""
    owner = _owner(random, STEP, renews_time=False)
    return _world(random, (replace(owner, begins=-random.uniform(1, 20) * HOUR),), _looks(random, 8))


def cut_off(random: Random) -> World:
    """An owner cannot reach the share until shortly before it had to give up, and then goes on."""
    owner = _owner(random, STEP)
    renewed = owner.begins + 300.0 * random.randint(0, int((STEP - owner.begins) / 300))
    gap = Gap(renewed + 1, renewed + random.uniform(8 * MINUTE, LEASE - 10))
    window = (renewed + 450, gap.end)
    return _world(random, (replace(owner, gaps=(gap,)),), _looks(random, 8, gap.end - 1), window=window)


def asleep(random: Random) -> World:
    """An owner's machine sleeps for longer than the lease, and then it goes on: restic 0.16 and newer."""
    gap = Gap(STEP, STEP + random.uniform(25, 600) * MINUTE, asleep=True)
    owner = replace(_owner(random, STEP), ends=gap.end + HOUR, gaps=(gap,))
    return _world(random, (owner,), _looks(random, 13, STEP + LEASE + 5))


def broken_rtc(random: Random) -> World:
    """The judge sleeps for some seconds between two looks, and its RTC then says that it were hours."""
    woken = STEP + random.uniform(2, 20)
    looks = _looks(random, 8, STEP - 0.2, woken + random.uniform(1, 30))
    plain = _world(random, (_owner(random, STEP - 0.3),), looks, window=(woken, woken + MINUTE))
    return replace(plain, judges=(replace(plain.judges[0], sleeps=(Sleep(STEP, woken, _far(random)),)),))


def restarted(random: Random) -> World:
    """The judge starts anew between two looks, with a wall clock that is ahead."""
    boot = STEP + random.uniform(2, 20)
    looks = _looks(random, 8, STEP - 0.2, boot + random.uniform(1, 30))
    plain = _world(random, (_owner(random, STEP - 0.3),), looks, window=(boot, boot + MINUTE))
    clock = Clock(0.0, 0.0, ((boot, _far(random)),))
    return replace(plain, judges=(replace(plain.judges[0], clock=clock, boots=(-10 * DAY, boot)),))


def two_judges(random: Random) -> World:
    """Another machine judges too; its clock is ahead, and it is the server."""
    wrong = Clock(_far(random))
    plain = _world(random, (_owner(random, STEP),), _looks(random, 8), server=Server(wrong))
    other = Judge("server", _looks(random, 8), wrong)
    return replace(plain, judges=(*plain.judges, other))


def scheduled(name: str) -> Hazard:
    """Any of the hazards with one judge, at another schedule: `5 min`, `daily`, `daily --watch` or `after boot`."""

    def world(random: Random) -> World:
        plain = ONE_JUDGE[random.choice(sorted(ONE_JUDGE))](random)
        judge = plain.judges[0]
        files = [file for owner in plain.owners for file in upload_all(owner)]
        live = [at for at in judge.looks if any(file.appears <= at < file.dies for file in files)]
        forced = [at for at in live if plain.window[0] <= at < plain.window[1]]
        meets = random.choice(forced or judge.looks)
        if name == "5 min":
            # Together with the looks of the hazard itself: without a run right then nothing would be at risk.
            every = tuple(random.uniform(0, 300) + number * 300.0 for number in range(60))
            return replace(plain, judges=(replace(judge, looks=tuple(sorted({*every, *forced}))),))
        looks = tuple(meets + day * DAY for day in range(-2, 3))
        boots = tuple(look - 5 * MINUTE for look in looks) if name == "after boot" else ()
        if name == "daily --watch":  # a minute is when it asks, where nothing tells it to look before
            looks = tuple(look + minute * MINUTE for look in looks for minute in range(32))
        boots = tuple(sorted({-10 * DAY, *judge.boots, *boots}))
        return replace(plain, judges=(replace(judge, looks=looks, boots=boots),))

    return world


ONE_JUDGE: dict[str, Hazard] = {
    NOTHING: ordinary,
    "the server's clock steps forward": stepped(),
    "the server's clock steps back": stepped(forward=False),
    "owner and server on one clock that steps": stepped(owner=True),
    "judge and server on one clock that steps": stepped(judge=True),
    "all guests of one host whose clock steps": stepped(owner=True, judge=True),
    "the same, and the state folder is new each time": stepped(owner=True, judge=True, forgets=True),
    "the owner's clock is behind": _behind(),
    "behind, and creation times are made up": _behind(keeps_creation=False),
    "behind, made up, and locks/ never moves its time": _behind(keeps_creation=False, moves=False),
    "behind, and ids and times differ at each look": _behind(keeps_creation=False, steady=False),
    "files by another protocol than SMB, times behind": another_protocol,
    "a clone with the judge's name": namesakes,
    "an owner at or below restic 0.9.6": old_restic,
    "an owner cut off for up to 22½ min": cut_off,
    "the judge's RTC is broken": broken_rtc,
    "the judge starts anew with a wrong clock": restarted,
}
HAZARDS: dict[str, Hazard] = {
    **ONE_JUDGE,
    "two judges, one of them wrong": two_judges,
    "any of these, run every 5 minutes": scheduled("5 min"),
    "any of these, run daily": scheduled("daily"),
    "any of these, run daily with --watch": scheduled("daily --watch"),
    "any of these, run daily, 5 min after a start": scheduled("after boot"),
    "an owner's machine sleeps": asleep,
}
