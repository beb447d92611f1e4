"""A random search over histories: every clock is free to step, drift and be shared, and what can be lost is lost."""

from __future__ import annotations

import os
from dataclasses import replace
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bench.simulation.measure import play, removed, runs_of
from bench.simulation.rules import OURS
from bench.simulation.share import Truth
from bench.simulation.world import DAY, HOUR, LEASE, MINUTE, PERIOD, Clock, Gap, Judge, Owner, Server, Sleep, World

SPAN = 6 * HOUR
EXAMPLES = int(os.environ.get("LOCKCTL_HISTORIES", "300"))
"""Each takes some 10 ms: give more by hand."""
search = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])

moments = st.floats(0, SPAN)
wrong = st.one_of(st.just(0.0), st.floats(-2 * DAY, 2 * DAY), st.sampled_from([1350.0, 1800.0, 3600.0, 86400.0]))


@st.composite
def clocks(draw: st.DrawFn, steps: st.SearchStrategy[float] = moments) -> Clock:
    set_ = draw(st.lists(st.tuples(steps, wrong), max_size=3))
    return Clock(draw(wrong), draw(st.sampled_from([0.0, 0.0, 5e-3, -5e-3, 0.5, -0.5])), tuple(set_))


@st.composite
def judges(draw: st.DrawFn, name: str, shared: Clock) -> Judge:
    boots = {-DAY, *draw(st.lists(moments, max_size=3))}
    looks = draw(st.lists(moments, min_size=1, max_size=12))
    every = draw(st.sampled_from([0.0, 60.0, 300.0, 1200.0, 1349.0, 1351.0, HOUR]))
    regular = [draw(moments) + number * every for number in range(8)] if every else []
    after = [boot + 5 * MINUTE for boot in boots] if draw(st.booleans()) else []
    sleeps = [Sleep(at, at + draw(st.floats(1, HOUR)), draw(wrong)) for at in draw(st.lists(moments, max_size=2))]
    apart = [s for n, s in enumerate(sleeps) if all(s.end < o.begin or o.end < s.begin for o in sleeps[:n])]
    still = [s for s in apart if not any(s.begin <= boot <= s.end for boot in boots)]
    clock = draw(st.one_of(st.just(shared), clocks()))
    forgets = tuple(draw(st.lists(moments, max_size=2)))
    return Judge(name, tuple(sorted({*looks, *regular, *after})), clock, tuple(sorted(boots)), tuple(still), forgets)


@st.composite
def owners(draw: st.DrawFn, shared: Clock) -> Owner:
    begins = draw(st.floats(-HOUR, SPAN))
    hostname, here = draw(st.sampled_from([("judge", False), ("judge", True), ("web1", False), ("web2", False)]))
    gaps: tuple[Gap, ...] = ()
    ends = begins + draw(st.floats(1, 5 * HOUR))
    if draw(st.booleans()):
        at = draw(st.floats(0, 4 * HOUR))
        longest = LEASE - PERIOD if not draw(st.booleans()) else 4 * HOUR
        gap = Gap(begins + at, begins + at + draw(st.floats(60, longest)), draw(st.booleans()))
        gaps, ends = (gap,), max(ends, gap.end + 60)
    return Owner(
        hostname,
        draw(st.integers(300, 303)),
        begins,
        ends,
        draw(st.one_of(st.just(shared), clocks())),
        crashes=draw(st.booleans()),
        gaps=gaps,
        over_smb=draw(st.booleans()),
        renews_time=draw(st.booleans()),
        here=here,
        upload=draw(st.sampled_from([0.1, 5.0, 120.0])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    shared = draw(clocks())
    clock = draw(st.one_of(st.just(shared), clocks()))
    server = Server(clock, draw(st.booleans()), draw(st.booleans()), draw(st.booleans()))
    looking = (draw(judges("judge", shared)), *draw(st.lists(judges("other", shared), max_size=1)))
    return World(server, looking, tuple(draw(st.lists(owners(shared), min_size=1, max_size=4))), (0, SPAN))


@search
@given(worlds())
def test_no_live_lock_goes_unattended(world: World) -> None:
    with TemporaryDirectory() as folder:
        share = play(world, OURS, Path(folder))
    live = [f for f in share.files if any(f.appears <= at < f.vanishes and at < f.dies for at, _ in runs_of(world))]
    event(f"live locks that a look met: {'some' if live else 'none'}; removed: {'some' if share.removed else 'none'}")
    assert removed(share, Truth.LIVE) == []


@search
@given(worlds(), st.floats(60, HOUR))
def test_no_dead_lock_stays_for_ever(world: World, every: float) -> None:
    """Once all is over and the clocks stand right or wrong as they may, a machine that keeps its memory ends it."""
    calm = max(SPAN, *(file.ends for file in world.owners)) + HOUR
    looks = (*world.judges[0].looks, *(calm + number * every for number in range(int(2 * HOUR / every) + 4)))
    judge = replace(world.judges[0], looks=tuple(sorted(looks)))
    with TemporaryDirectory() as folder:
        share = play(replace(world, judges=(judge, *world.judges[1:])), OURS, Path(folder))
    left = [file for file in share.files if file.vanishes == inf and file.id not in share.removed]
    event(f"dead locks: {'some' if any(file.vanishes == inf for file in share.files) else 'none'}")
    assert left == []
