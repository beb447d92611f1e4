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
from bench.simulation.world import DAY, HOUR, LEASE, PERIOD, Clock, Gap, Judge, Owner, Server, Sleep, World

SPAN = 6 * HOUR
EXAMPLES = int(os.environ.get("LOCKCTL_HISTORIES", "300"))
"""Each takes some 10 ms: give more by hand."""
search = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])

wrong = st.one_of(st.just(0.0), st.floats(-2 * DAY, 2 * DAY), st.sampled_from([1350.0, 1800.0, 3600.0, 86400.0]))
Moments = st.SearchStrategy[float]


@st.composite
def moments(draw: st.DrawFn) -> Moments:
    """What goes wrong goes wrong together: most of what happens does so around a few moments."""
    few = draw(st.lists(st.floats(600, SPAN), min_size=1, max_size=2))
    near = st.builds(
        float.__add__, st.sampled_from(few), st.sampled_from([-300, -60, -9, -2, 0, 1, 5, 30, 120, 1351.0])
    )
    return st.one_of(near, near, st.floats(0, SPAN))


@st.composite
def clocks(draw: st.DrawFn, when: Moments) -> Clock:
    drift = draw(st.sampled_from([0.0, 0.0, 5e-3, -5e-3, 0.5, -0.5]))
    return Clock(draw(wrong), drift, tuple(draw(st.lists(st.tuples(when, wrong), max_size=3))))


@st.composite
def judges(draw: st.DrawFn, name: str, shared: Clock, when: Moments) -> Judge:
    boots = {-DAY, *draw(st.lists(when, max_size=3))}
    every = draw(st.sampled_from([0.0, 60.0, 300.0, 1200.0, 1349.0, 1351.0, HOUR]))
    regular = [draw(when) + number * every for number in range(8)] if every else []
    after = [boot + draw(st.sampled_from([2.0, 300.0])) for boot in boots if draw(st.booleans())]
    lengths = st.one_of(st.floats(1, 100), st.floats(1, HOUR))
    sleeps = [Sleep(at, at + draw(lengths), draw(wrong)) for at in draw(st.lists(when, max_size=2))]
    apart = [s for n, s in enumerate(sleeps) if all(s.end < o.begin or o.end < s.begin for o in sleeps[:n])]
    still = [s for s in apart if not any(s.begin <= boot <= s.end for boot in boots)]
    woken = [moment for s in still if draw(st.booleans()) for moment in (s.begin - 1, s.end + 2)]
    looks = {*draw(st.lists(when, min_size=1, max_size=12)), *regular, *after, *woken}
    clock = draw(st.one_of(st.just(shared), clocks(when)))
    forgets = tuple(draw(st.lists(when, max_size=2)))
    return Judge(name, tuple(sorted(looks)), clock, tuple(sorted(boots)), tuple(still), forgets)


@st.composite
def owners(draw: st.DrawFn, shared: Clock, when: Moments) -> Owner:
    begins = draw(when) - draw(st.sampled_from([0.0, 300.0, 3000.0, 5 * HOUR]))
    hostname, here = draw(st.sampled_from([("judge", False), ("judge", True), ("web1", False), ("web2", False)]))
    gaps: tuple[Gap, ...] = ()
    ends = begins + draw(st.floats(1, 5 * HOUR))
    if draw(st.booleans()):
        at = draw(when)
        longest = LEASE - PERIOD if draw(st.booleans()) else 4 * HOUR
        gap = Gap(at, at + draw(st.floats(60, longest)), draw(st.booleans()))
        gaps, ends = (gap,), max(ends, gap.end + 60)
    return Owner(
        hostname,
        draw(st.integers(300, 303)),
        begins,
        ends,
        draw(st.one_of(st.just(shared), clocks(when))),
        crashes=draw(st.booleans()),
        gaps=gaps,
        over_smb=draw(st.booleans()),
        renews_time=draw(st.booleans()),
        here=here,
        upload=draw(st.sampled_from([0.1, 5.0, 120.0])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    when = draw(moments())
    shared = draw(clocks(when))
    clock = draw(st.one_of(st.just(shared), clocks(when)))
    server = Server(clock, draw(st.booleans()), draw(st.booleans()), draw(st.booleans()))
    looking = (draw(judges("judge", shared, when)), *draw(st.lists(judges("other", shared, when), max_size=1)))
    return World(server, looking, tuple(draw(st.lists(owners(shared, when), min_size=1, max_size=4))), (0, SPAN))


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
