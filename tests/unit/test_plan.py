"""Plans: what a user asks for only ever narrows what the state allows, and the second look drops what has moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.liveness.evidence import State, Verdict
from lockctl.lock import LockFile, Problem
from lockctl.plan import Wish, make_plan, narrow, why_kept
from tests.unit.making import make_file, make_lock, make_survey, make_verdict

OWNER_FILE = make_file(make_lock(7200), created=7200)
DAMAGED = make_file(created=7200, problem=Problem.INCOMPLETE, data=b"")
UNREAD = make_file(created=7200, problem=Problem.UNREADABLE, data=None)
ALL_STATES = list(State)
GOES = {State.DEAD, State.SUPERSEDED, State.STALE, State.DAMAGED}


@pytest.mark.parametrize("state", ALL_STATES)
def test_only_what_the_state_allows_goes(state: State) -> None:
    verdict = make_verdict(OWNER_FILE, state)
    assert (why_kept(verdict, Wish()) == "") is (state in GOES)


@pytest.mark.parametrize(
    ("wish", "verdict", "why"),
    [
        (Wish(older=7199), make_verdict(age=7200), ""),
        (Wish(older=7200), make_verdict(age=7200), "not older than 2 h"),
        (Wish(older=7200), make_verdict(age=None), "not older than 2 h"),
        (Wish(older=0), make_verdict(age=None), "not older"),
        (Wish(hosts=("web1",)), make_verdict(), ""),
        (Wish(hosts=("db1", "web1")), make_verdict(), ""),
        (Wish(hosts=("web",)), make_verdict(), "not asked for"),
        (Wish(hosts=("web1",)), make_verdict(DAMAGED, State.DAMAGED), "not asked for"),
        (Wish(), make_verdict(DAMAGED, State.DAMAGED), ""),
        (Wish(), make_verdict(UNREAD, State.DAMAGED), "not renewed"),
        (Wish(held=frozenset({OWNER_FILE.id})), make_verdict(OWNER_FILE), "held"),
        (Wish(held=frozenset({"other"})), make_verdict(OWNER_FILE), ""),
        (Wish(unattended=True), make_verdict(), ""),
        (Wish(unattended=True), make_verdict(why_attended="all clocks may be one"), "all clocks may be one"),
        (Wish(unattended=False), make_verdict(why_attended="all clocks may be one"), ""),
    ],
)
def test_wishes_narrow(wish: Wish, verdict: Verdict, why: str) -> None:
    said = why_kept(verdict, wish)
    assert why in said
    assert bool(said) is bool(why)


WIDEST = Wish(older=-1, hosts=("web1",), unattended=False)


@pytest.mark.parametrize("state", [state for state in ALL_STATES if state not in GOES])
def test_no_wish_widens(state: State) -> None:
    assert why_kept(make_verdict(OWNER_FILE, state), WIDEST) != ""


def test_a_plan_has_every_lock_once() -> None:
    verdicts = [make_verdict(make_file(make_lock(7200, pid=pid)), state) for pid, state in enumerate(ALL_STATES)]
    plan = make_plan(make_survey(verdicts), Wish())
    assert {verdict.state for verdict in plan.steps} == GOES
    assert len(plan.steps) + len(plan.kept) == len(verdicts)
    assert all(kept.why for kept in plan.kept)


STALE = make_verdict(OWNER_FILE)
OTHER = make_verdict(make_file(make_lock(9000, pid=77), created=9000))


def changed(**changes: object) -> LockFile:
    return replace(OWNER_FILE, entry=replace(OWNER_FILE.entry, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("second", "goes"),
    [
        ([STALE, OTHER], True),
        ([replace(STALE, age=7300), OTHER], True),
        ([replace(STALE, state=State.ACTIVE), OTHER], False),
        ([replace(STALE, state=State.DOUBTFUL), OTHER], False),
        ([replace(STALE, file=changed(file_id=1)), OTHER], False),
        ([replace(STALE, file=changed(written=1)), OTHER], False),
        ([replace(STALE, file=changed(created=1)), OTHER], False),
        ([replace(STALE, file=changed(created=None)), OTHER], True),
        ([replace(STALE, file=replace(OWNER_FILE, data=b"other")), OTHER], False),
        ([STALE, OTHER, make_verdict(make_file(make_lock(0)), State.ACTIVE)], False),
        ([STALE, OTHER, make_verdict(make_file(make_lock(8000)), State.STALE)], False),
        ([STALE, OTHER, make_verdict(make_file(make_lock(0, pid=78)), State.ACTIVE)], True),
    ],
)
def test_the_second_look(second: list[Verdict], goes: bool) -> None:
    first = make_survey([STALE, OTHER])
    narrowed = narrow(make_plan(first, Wish()), first, make_survey(second), Wish())
    assert [step.file.id for step in narrowed.steps] == [OWNER_FILE.id, OTHER.file.id][not goes :]
    assert [kept.verdict.file.id for kept in narrowed.kept] == ([] if goes else [OWNER_FILE.id])


def test_what_went_by_itself_is_neither_removed_nor_kept() -> None:
    first = make_survey([STALE, OTHER])
    narrowed = narrow(make_plan(first, Wish()), first, make_survey([OTHER]), Wish())
    assert ([step.file.id for step in narrowed.steps], narrowed.kept) == ([OTHER.file.id], ())
    assert [verdict.file.id for verdict in narrowed.gone] == [OWNER_FILE.id]


def test_a_dry_run_counts_on_the_test_of_creation_times() -> None:
    """What looks as if the server keeps its creation time is planned; what cannot be proven is not."""
    provable = replace(STALE, independent=False, why_attended="not proven yet")
    tied = replace(provable, file=changed(written=OWNER_FILE.entry.created))
    wish = Wish(unattended=True, untested=True)
    assert make_plan(make_survey([provable]), wish).steps == (provable,)
    assert make_plan(make_survey([provable]), replace(wish, untested=False)).steps == ()
    assert make_plan(make_survey([tied]), wish).steps == ()


def test_the_second_look_adds_nothing() -> None:
    first = make_survey([STALE])
    narrowed = narrow(make_plan(first, Wish()), first, make_survey([STALE, OTHER]), Wish())
    assert [step.file.id for step in narrowed.steps] == [OWNER_FILE.id]


def test_the_second_look_is_what_is_carried_out() -> None:
    """The journal tells the age and the reason that held right before the removal."""
    later = replace(STALE, age=7300)
    first = make_survey([STALE])
    assert narrow(make_plan(first, Wish()), first, make_survey([later]), Wish()).steps == (later,)


def test_the_second_look_keeps_the_wish() -> None:
    first = make_survey([STALE])
    wish = Wish(unattended=True)
    second = make_survey([replace(STALE, why_attended="no witness", independent=False)])
    assert narrow(make_plan(first, wish), first, second, wish).steps == ()
