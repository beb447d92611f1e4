"""Figures of surveys, and what of the journal is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.clock.rfc3339 import format_moment
from lockctl.liveness.evidence import Clocks, State
from lockctl.monitoring.figures import Figures, count_locks, count_removals, measure
from lockctl.repository.lock import LockFile, Problem
from lockctl.state.records import Outcome
from tests.unit.diagnosis.share.observing import HOUR, live, record_of, survey_of
from tests.unit.making import CONFIG, NOW, make_file, make_lock, make_survey, make_verdict, of_host, seconds

ADDRESS = "smb://backup@nas/backup/restic"


def figures_of(*files: LockFile, held: tuple[LockFile, ...] = ()) -> Figures:
    return measure(survey_of(*files, held=held), {})


def dated(age: float, clock: float, hostname: str = "web1", created: float | None = None) -> LockFile:
    """A lock that came `age` ago, of an owner whose clock is `clock` seconds ahead."""
    return make_file(make_lock(age - clock, hostname=hostname), created=age if created is None else created)


def test_of_nothing_there_is_no_figure_but_a_count() -> None:
    figures = figures_of()
    assert (figures.stale, figures.damaged) == ((), ())
    unknown = (figures.oldest, figures.oldest_seconds, figures.exclusive, figures.exclusive_seconds)
    assert (*unknown, figures.owner_clock) == (None,) * 5


def test_counts_by_what_was_judged() -> None:
    states = (State.STALE, State.DEAD, State.SUPERSEDED, State.DAMAGED, State.UNDECODABLE, State.ACTIVE)
    verdicts = [of_host(f"host{number}", state) for number, state in enumerate(states)]
    figures = measure(make_survey(verdicts), {})
    assert [verdict.state for verdict in figures.stale] == [State.STALE, State.DEAD, State.SUPERSEDED]
    assert [verdict.state for verdict in figures.damaged] == [State.DAMAGED, State.UNDECODABLE]


def test_what_was_put_back_is_left_out() -> None:
    old, other = make_file(make_lock(3 * HOUR), created=3 * HOUR), make_file(make_lock(2 * HOUR, pid=1), created=7200)
    assert figures_of(old, other).oldest_seconds == 3 * HOUR
    figures = figures_of(old, other, held=(old,))
    assert (len(figures.stale), figures.oldest_seconds) == (1, 2 * HOUR)


@pytest.mark.parametrize(("age", "oldest"), [(None, None), (0.0, 0.0), (5.0, 5.0)])
def test_an_age_that_nobody_knows_is_none(age: float | None, oldest: float | None) -> None:
    figures = measure(make_survey([make_verdict(state=State.DOUBTFUL, age=age)]), {})
    assert figures.oldest_seconds == oldest
    assert measure(make_survey([make_verdict(state=State.FOREIGN, age=9e9)]), {}).oldest_seconds is None


def test_the_exclusive_lock_that_is_held_for_longest() -> None:
    here, other = live(exclusive=True), live("web2", 300, exclusive=True)
    shared = live("web3", 400)
    assert here.lock is not None
    survey = survey_of(here, other, shared)
    assert measure(survey, {}).exclusive_seconds == 300, "what is certain of its age, where nothing else is known"
    figures = measure(survey, {here.lock.owner: 5000.0})
    assert figures.exclusive_seconds == 5000
    assert figures.exclusive is not None
    assert figures.exclusive.file.id == here.id


def test_the_clock_that_is_off_by_most() -> None:
    figures = figures_of(dated(60, 30, "ahead"), dated(90, 500, "wrong"), dated(100, 0, "right"))
    assert figures.owner_clock == pytest.approx(500, abs=0.01)
    assert figures.owner_host == "wrong"


def test_behind_is_only_sure_where_it_is_steady() -> None:
    """A copied lock looks as if its owner's clock were behind."""
    assert figures_of(dated(60, -9000, "copied")).owner_clock is None
    figures = figures_of(dated(60, -9000, "behind"), dated(400, -9000, "behind"))
    assert figures.owner_clock == pytest.approx(-9000, abs=0.01)


def test_the_servers_clock() -> None:
    survey = replace(make_survey([]), clocks=Clocks(NOW, NOW - seconds(90)))
    assert measure(survey, {}).clock == -90


def test_locks_by_state_and_kind() -> None:
    verdicts = [of_host("a"), of_host("b"), make_verdict(make_file(make_lock(exclusive=True)), State.ACTIVE)]
    verdicts.append(make_verdict(make_file(name="f" * 64, problem=Problem.INCOMPLETE), State.DAMAGED))
    counts = count_locks(make_survey(verdicts))
    told = {key: number for key, number in counts.items() if number}
    shared, exclusive, unknown = (State.STALE, "shared"), (State.ACTIVE, "exclusive"), (State.DAMAGED, "unknown")
    assert told == {shared: 2, exclusive: 1, unknown: 1}
    assert counts[State.DEAD, "exclusive"] == 0
    assert {state for state, _ in counts} == set(State)


def test_where_nobody_opened_the_locks_nothing_is_said_of_kinds() -> None:
    sealed = make_verdict(make_file(problem=Problem.SEALED), State.STALE)
    counts = count_locks(make_survey([sealed], replace(CONFIG, id=None)))
    assert counts[State.STALE, "unknown"] == 1
    assert {kind for _, kind in counts} == {"unknown"}
    assert (State.UNDECODABLE, "unknown") not in counts


def test_the_journal_of_this_repository_alone() -> None:
    gone = record_of(live("a"), 3600)
    back = record_of(live("b"), 60, returned_as="f" * 64, state="dead")
    restored = record_of(live("c"), 90, restored_at=format_moment(NOW))
    kept = record_of(live("d"), 30, outcome=Outcome.KEPT)
    open_ = record_of(live("e"), 30, outcome=None)
    strange = record_of(live("f"), 99, state="\x1b[2J")
    copy = replace(gone, origin=replace(gone.origin, address="smb://backup@nas/backup/copy"))
    another = replace(gone, origin=replace(gone.origin, config_sha256="0" * 64))
    records = [gone, back, restored, kept, open_, strange, copy, another]
    removals = count_removals(records, ADDRESS, CONFIG.sha256)
    assert removals.removed == {"stale": 2, "dead": 1, "superseded": 0, "damaged": 0}
    assert (removals.restored, removals.returned) == (1, 1)
    assert removals.last == pytest.approx(NOW / 1e9 - 60)
    assert count_removals([], ADDRESS, CONFIG.sha256).last is None
