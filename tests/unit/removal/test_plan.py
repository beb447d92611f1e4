"""Plans: what a user asks for only ever narrows what the state allows, and the second look drops what has moved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.liveness.evidence import State, Verdict, Witness
from lockctl.removal.plan import HELD, Wish, is_unsettled, make_plan, narrow, why_kept
from lockctl.repository.lock import LockFile, Problem
from lockctl.survey.values import Selection
from tests.unit.making import DAY, EXPIRED, GIVES_UP, NOW, make_file, make_lock, make_survey, make_verdict, seconds

OWNER_FILE = make_file(make_lock(7200), created=7200)
DAMAGED = make_file(created=7200, problem=Problem.INCOMPLETE, data=b"")
UNREAD = make_file(created=7200, problem=Problem.UNREADABLE, data=None)
BEING_WRITTEN = make_file(problem=Problem.INCOMPLETE)
LEFT_OVER = make_file(problem=Problem.TEMPORARY)
ALL_STATES = list(State)
DB1 = Selection(("db1",))
GOES = {State.DEAD, State.SUPERSEDED, State.STALE, State.DAMAGED}


@pytest.mark.parametrize("state", ALL_STATES)
def test_only_what_the_state_allows_goes(state: State) -> None:
    verdict = make_verdict(OWNER_FILE, state)
    assert (why_kept(verdict, make_survey([verdict]), Wish()) == "") is (state in GOES)


@pytest.mark.parametrize(
    ("wish", "verdict", "why"),
    [
        (Wish(Selection(older=7199)), make_verdict(age=7200), ""),
        (Wish(Selection(older=7200)), make_verdict(age=7200), "not older than 2 h"),
        (Wish(Selection(older=7200)), make_verdict(age=None), "not older than 2 h"),
        (Wish(Selection(older=0)), make_verdict(age=None), "not older"),
        (Wish(Selection(hosts=("web1",))), make_verdict(), ""),
        (Wish(Selection(hosts=("db1", "web1"))), make_verdict(), ""),
        (Wish(Selection(hosts=("web",))), make_verdict(), "not asked for"),
        (Wish(Selection(hosts=("web1",))), make_verdict(DAMAGED, State.DAMAGED), "not asked for"),
        (Wish(), make_verdict(DAMAGED, State.DAMAGED), ""),
        (Wish(), make_verdict(UNREAD, State.DAMAGED), "not renewed"),
        (Wish(), make_verdict(OWNER_FILE), ""),
        (Wish(unattended=True), make_verdict(), ""),
        (Wish(DB1), make_verdict(state=State.ACTIVE), "not asked for"),
        (Wish(Selection(ids=frozenset({"other"})), force=True), make_verdict(), "not asked for"),
    ],
)
def test_wishes_narrow(wish: Wish, verdict: Verdict, why: str) -> None:
    said = why_kept(verdict, make_survey([verdict]), wish)
    assert why in said
    assert bool(said) is bool(why)


@pytest.mark.parametrize(("held", "goes"), [(OWNER_FILE.id, False), ("other", True)])
@pytest.mark.parametrize("unattended", [False, True])
def test_what_was_put_back_is_held(held: str, goes: bool, unattended: bool) -> None:
    plan = make_plan(make_survey([make_verdict(OWNER_FILE)], held=frozenset({held})), Wish(unattended=unattended))
    assert bool(plan.steps) is goes
    assert [kept.why for kept in plan.kept] == ([] if goes else [HELD])


WIDEST = Wish(Selection(older=-1, hosts=("web1",)), unattended=False)


@pytest.mark.parametrize("state", [state for state in ALL_STATES if state not in GOES])
def test_no_wish_widens(state: State) -> None:
    verdict = make_verdict(OWNER_FILE, state)
    assert why_kept(verdict, make_survey([verdict]), WIDEST) != ""


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
        ([replace(STALE, file=changed(file_id=1, written=1, created=1)), OTHER], True),
        ([replace(STALE, file=replace(OWNER_FILE, data=b"other")), OTHER], False),
        ([STALE, OTHER, make_verdict(make_file(make_lock(0)), State.ACTIVE)], False),
        ([STALE, OTHER, make_verdict(make_file(make_lock(8000)), State.STALE)], False),
        ([STALE, OTHER, make_verdict(make_file(make_lock(0, pid=78)), State.ACTIVE)], True),
    ],
)
def test_the_second_look(second: list[Verdict], goes: bool) -> None:
    first = make_survey([STALE, OTHER])
    narrowed = narrow(make_plan(first, Wish()), make_survey(second))
    assert [step.file.id for step in narrowed.steps] == [OWNER_FILE.id, OTHER.file.id][not goes :]
    assert [kept.verdict.file.id for kept in narrowed.kept] == ([] if goes else [OWNER_FILE.id])


def test_what_went_by_itself_is_neither_removed_nor_kept() -> None:
    first = make_survey([STALE, OTHER])
    narrowed = narrow(make_plan(first, Wish()), make_survey([OTHER]))
    assert ([step.file.id for step in narrowed.steps], narrowed.kept) == ([OTHER.file.id], ())
    assert [verdict.file.id for verdict in narrowed.gone] == [OWNER_FILE.id]


DAMAGE = make_verdict(DAMAGED, State.DAMAGED)


@pytest.mark.parametrize(
    ("file", "goes"),
    [
        (replace(DAMAGED, entry=replace(DAMAGED.entry, file_id=1, created=1)), True),
        (replace(DAMAGED, entry=replace(DAMAGED.entry, written=1)), False),
        (replace(DAMAGED, entry=replace(DAMAGED.entry, size=1)), False),
        (replace(DAMAGED, data=b"x"), False),
    ],
)
def test_the_second_look_at_what_is_damaged(file: LockFile, goes: bool) -> None:
    """Its name is no hash of its bytes: whoever writes it again makes another file of it."""
    first = make_survey([DAMAGE])
    narrowed = narrow(make_plan(first, Wish()), make_survey([replace(DAMAGE, file=file)]))
    assert bool(narrowed.steps) is goes


@pytest.mark.parametrize(
    ("verdict", "wish", "goes", "until"),
    [
        (make_verdict(seen=0, wait=GIVES_UP), Wish(), True, None),
        (make_verdict(seen=0, wait=GIVES_UP), Wish(unattended=True), False, GIVES_UP),
        (make_verdict(seen=1340, wait=10), Wish(unattended=True), False, 10),
        (make_verdict(seen=GIVES_UP, wait=0), Wish(unattended=True), True, None),
        (make_verdict(wait=10), Wish(Selection(older=9000), unattended=True), False, None),
        (make_verdict(wait=10), Wish(DB1, unattended=True), False, None),
        (make_verdict(BEING_WRITTEN, State.WRITING, wait=EXPIRED), Wish(unattended=True), False, EXPIRED),
        (make_verdict(LEFT_OVER, State.WRITING, wait=DAY), Wish(unattended=True), False, None),
        (make_verdict(state=State.DOUBTFUL, wait=EXPIRED), Wish(unattended=True), False, EXPIRED),
        (make_verdict(state=State.DOUBTFUL, wait=EXPIRED), Wish(DB1, unattended=True), False, None),
        (make_verdict(state=State.DOUBTFUL, wait=EXPIRED), Wish(), False, None),
        (make_verdict(state=State.OVERDUE, wait=EXPIRED), Wish(unattended=True), False, None),
        (make_verdict(state=State.ACTIVE, wait=None), Wish(unattended=True), False, None),
    ],
)
def test_unattended_what_we_have_not_seen_waits(verdict: Verdict, wish: Wish, goes: bool, until: float | None) -> None:
    """And it is told from when on it can go, by our clock."""
    plan = make_plan(make_survey([verdict]), wish)
    assert bool(plan.steps) is goes
    assert [kept.until for kept in plan.kept] == ([] if goes else [None if until is None else NOW + seconds(until)])


def test_the_second_look_adds_nothing() -> None:
    first = make_survey([STALE])
    narrowed = narrow(make_plan(first, Wish()), make_survey([STALE, OTHER]))
    assert [step.file.id for step in narrowed.steps] == [OWNER_FILE.id]


def test_the_second_look_is_what_is_carried_out() -> None:
    """The journal tells the age and the reason that held right before the removal."""
    later = replace(STALE, age=7300)
    first = make_survey([STALE])
    assert narrow(make_plan(first, Wish()), make_survey([later])).steps == (later,)


def test_the_second_look_keeps_the_wish() -> None:
    first = make_survey([STALE])
    wish = Wish(unattended=True)
    second = make_survey([replace(STALE, wait=1)])
    assert narrow(make_plan(first, wish), second).steps == ()


def test_what_is_being_written_waits_for_the_servers_clock_where_that_says_something() -> None:
    """It says so before our own sight does: nothing is lost where nobody remembers."""
    told = Witness("server-creation", "renewed", "created 5 s ago", 5.0)
    verdict = replace(make_verdict(BEING_WRITTEN, State.WRITING, wait=EXPIRED), witnesses=(told,))
    (kept,) = make_plan(make_survey([verdict]), Wish(unattended=True)).kept
    assert kept.until is None


def test_a_held_lock_is_told_no_time() -> None:
    """Whatever its state says of our own sight: it stays for a day."""
    verdict = make_verdict(OWNER_FILE, State.DOUBTFUL, wait=EXPIRED)
    (kept,) = make_plan(make_survey([verdict], held=frozenset({OWNER_FILE.id})), Wish(unattended=True)).kept
    assert (kept.why, kept.until) == (HELD, None)


@pytest.mark.parametrize(
    "verdict", [make_verdict(OWNER_FILE, wait=10), make_verdict(OWNER_FILE, State.DOUBTFUL, wait=10)]
)
def test_nobody_waits_for_a_held_lock(verdict: Verdict) -> None:
    assert is_unsettled(verdict, make_survey([verdict]), Wish())
    assert not is_unsettled(verdict, make_survey([verdict], held=frozenset({OWNER_FILE.id})), Wish())
