"""What holds for all locks and clocks: no witness for life can cost a lock, and no witness against it can save it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lockctl.liveness.evidence import Clocks, Facts, State, Verdict, Witness
from lockctl.liveness.judge import judge
from lockctl.removal.plan import Wish, make_plan
from lockctl.repository.lock import Lock, LockFile, Problem
from lockctl.state.memory import Seen
from lockctl.survey.values import Survey
from tests.unit.making import CONFIG, GIVES_UP, NOW, make_facts, make_file, make_lock, seconds

EDGES = [0.0, 449.0, 450.0, 451.0, 1799.0, 1800.0, 1801.0, 86400.0, 86401.0]
AGES = st.one_of(st.sampled_from(EDGES), st.floats(-7200, 200_000, allow_nan=False))
ALIVE, GONE = Witness("process", "alive", "runs"), Witness("restart", "gone", "restarted")
SILENT = Witness("process", None, "says nothing")
FINDINGS = st.lists(st.sampled_from([ALIVE, GONE, SILENT]), max_size=3, unique=True)
EXAMPLES = settings(max_examples=150, deadline=None)


@st.composite
def files(draw: st.DrawFn) -> LockFile:
    lock: Lock | None = make_lock(draw(AGES), pid=draw(st.integers(1, 3)))
    problem = draw(st.none() | st.sampled_from(list(Problem)))
    created = draw(st.none() | AGES)
    written = draw(AGES)
    name = f"{draw(st.integers(0, 2**256 - 1)):064x}"
    return make_file(None if problem else lock, name=name, created=created, written=written, problem=problem)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    return make_facts(
        directory=draw(AGES),
        trust_clock=draw(st.sampled_from([None, "owner", "server"])),
        local=draw(st.sampled_from([0, -3600, 3600])),
        keeps_creation=draw(st.booleans()),
    )


def first(folder: Sequence[LockFile], known: Facts, findings: Sequence[Witness]) -> Verdict:
    return judge(folder, known, {folder[0].id: findings})[0]


def not_set_back(known: Facts, folder: Sequence[LockFile]) -> Facts:
    """The same facts, with a directory's time that is not older than any time in it."""
    newest = max(max(file.entry.created or 0, file.entry.written) for file in folder)
    return replace(known, directory_changed=max(known.directory_changed, newest))


FOLDERS = st.lists(files(), min_size=1, max_size=4, unique_by=lambda file: file.id)


@given(FOLDERS, facts(), FINDINGS)
@EXAMPLES
def test_the_table_is_total(folder: list[LockFile], known: Facts, findings: list[Witness]) -> None:
    verdicts = judge(folder, known, {file.id: findings for file in folder})
    assert [verdict.file for verdict in verdicts] == folder
    for verdict in verdicts:
        assert verdict.reasons
        assert verdict.reasons[0].text
        assert not verdict.removable or verdict.wait is not None
        assert verdict.age is None or verdict.age >= 0


@given(FOLDERS, facts(), FINDINGS)
@EXAMPLES
def test_seen_alive_only_a_leftover_is_removable(folder: list[LockFile], known: Facts, findings: list[Witness]) -> None:
    verdict = first(folder, known, [*findings, ALIVE])
    if folder[0].lock is not None and verdict.state is not State.SUPERSEDED:
        assert verdict.state is State.ACTIVE


@given(FOLDERS, facts(), FINDINGS)
@EXAMPLES
def test_a_sign_of_life_never_makes_removable(folder: list[LockFile], known: Facts, findings: list[Witness]) -> None:
    if not first(folder, known, findings).removable:
        assert not first(folder, known, [*findings, ALIVE]).removable


@given(FOLDERS, facts(), FINDINGS, st.integers(0, 2))
@EXAMPLES
def test_a_finding_less_never_makes_removable(
    folder: list[LockFile], known: Facts, findings: list[Witness], which: int
) -> None:
    """Taking away a proof of death, or what said nothing."""
    fewer = [finding for finding in findings if finding is ALIVE or finding is not (GONE, SILENT, None)[which]]
    if not first(folder, known, findings).removable:
        assert not first(folder, known, fewer).removable


@given(FOLDERS, facts(), FINDINGS, AGES)
@EXAMPLES
def test_a_younger_clock_never_makes_removable(
    folder: list[LockFile], known: Facts, findings: list[Witness], by: float
) -> None:
    """Each clock in turn says that less time has passed than it said before, where the directory is not void."""
    known = not_set_back(known, folder)
    if first(folder, known, findings).removable:
        return
    back = seconds(abs(by))
    clocks = known.clocks
    younger = [
        replace(known, clocks=Clocks(clocks.local - back, clocks.server)),
        replace(known, clocks=Clocks(clocks.local, clocks.server - back)),
    ]
    for less in younger:
        verdict = first(folder, less, findings)
        # A living owner's leftover is one by a newer lock that is being renewed, which younger clocks confirm.
        assert not verdict.removable or (ALIVE in findings and verdict.state is State.SUPERSEDED)


@given(FOLDERS, facts(), FINDINGS)
@EXAMPLES
def test_a_clock_that_falls_silent_never_makes_removable(
    folder: list[LockFile], known: Facts, findings: list[Witness]
) -> None:
    """The creation time is taken away, in a folder whose own time nobody has set back."""
    known = not_set_back(known, folder)
    silent = [replace(folder[0], entry=replace(folder[0].entry, created=None)), *folder[1:]]
    if known.trust_clock is None and not first(folder, known, findings).removable:
        assert not first(silent, known, findings).removable


@given(FOLDERS, facts(), FINDINGS, st.floats(0, 10**6))
@EXAMPLES
def test_time_alone_never_saves_a_lock(
    folder: list[LockFile], known: Facts, findings: list[Witness], passed: float
) -> None:
    """But where a living owner's leftover is one because the newer lock is being renewed, which time alone ends."""
    later = Clocks(known.clocks.local + seconds(passed), known.clocks.server + seconds(passed))
    if ALIVE not in findings and first(folder, known, findings).removable:
        assert first(folder, replace(known, clocks=later), findings).removable


@given(FOLDERS, facts(), FINDINGS)
@EXAMPLES
def test_a_renewal_never_makes_removable(folder: list[LockFile], known: Facts, findings: list[Witness]) -> None:
    """The owner writes a new file, which moves the directory's time as well. What it leaves behind may go some day."""
    lock = folder[0].lock
    if lock is None or first(folder, known, findings).removable:
        return
    renewed = make_file(replace(lock, time_ns=NOW, time="now"), name="f" * 64, created=0)
    assume(renewed.id not in [file.id for file in folder])
    verdict = first([*folder, renewed], replace(known, directory_changed=NOW), findings)
    assert not verdict.removable or verdict.state is State.SUPERSEDED


@given(FOLDERS, facts(), FINDINGS)
@EXAMPLES
def test_nothing_that_the_server_just_saw_made_is_removable(
    folder: list[LockFile], known: Facts, findings: list[Witness]
) -> None:
    """Whatever else speaks against it, by a creation time that counts."""
    fresh = replace(folder[0], entry=replace(folder[0].entry, created=NOW))
    assert not first([fresh, *folder[1:]], replace(known, keeps_creation=True), findings).removable


SEEN = st.one_of(st.sampled_from(EDGES), st.floats(0, 200_000, allow_nan=False))


@given(FOLDERS, facts(), FINDINGS, SEEN, SEEN)
@EXAMPLES
def test_less_of_our_own_sight_never_makes_removable(
    folder: list[LockFile], known: Facts, findings: list[Witness], more: float, less: float
) -> None:
    longer, shorter = max(more, less), min(more, less)
    name = folder[0].id
    if not first(folder, replace(known, seen={name: Seen(longer)}), findings).removable:
        assert not first(folder, replace(known, seen={name: Seen(shorter)}), findings).removable


@given(FOLDERS, facts(), FINDINGS, SEEN, SEEN)
@EXAMPLES
def test_that_it_was_not_there_never_makes_removable(
    folder: list[LockFile], known: Facts, findings: list[Witness], at_least: float, more: float
) -> None:
    """It says that a lock is young."""
    name = folder[0].id
    without = first(folder, replace(known, seen={name: Seen(at_least)}), findings)
    bounded = first(folder, replace(known, seen={name: Seen(at_least, at_least + more)}), findings)
    assert without.removable or not bounded.removable
    assert bounded.wait is None or bounded.wait >= 0


@given(FOLDERS, facts(), FINDINGS, SEEN)
@EXAMPLES
def test_nothing_is_older_than_our_own_eyes_allow(
    folder: list[LockFile], known: Facts, findings: list[Witness], at_most: float
) -> None:
    """Not by any clock, nor by one that the user vouches for."""
    verdict = first(folder, replace(known, seen={folder[0].id: Seen(0, at_most)}), findings)
    assert verdict.age is None or verdict.age <= at_most + 60


@given(FOLDERS, facts(), FINDINGS, SEEN)
@EXAMPLES
def test_nothing_goes_unattended_that_we_have_not_seen(
    folder: list[LockFile], known: Facts, findings: list[Witness], at_least: float
) -> None:
    verdict = first(folder, replace(known, seen={folder[0].id: Seen(at_least)}), findings)
    survey = Survey("", CONFIG, known.clocks, (verdict,))
    assert at_least >= GIVES_UP or not make_plan(survey, Wish(unattended=True)).steps


@given(FOLDERS, FOLDERS, facts(), FINDINGS)
@EXAMPLES
def test_other_hosts_locks_say_nothing_but_by_the_directorys_time(
    folder: list[LockFile], others: list[LockFile], known: Facts, findings: list[Witness]
) -> None:
    """Neither their clocks nor what was found out about them; the directory's time is given, and not set back."""
    beside = [
        replace(
            file, content=replace(file.lock, hostname="elsewhere"), entry=replace(file.entry, name=f"{file.id[:63]}x")
        )
        for file in others
        if file.lock is not None
    ]
    known = not_set_back(known, [*folder, *beside])
    # So the directory is seen to move, whoever is beside.
    one = replace(folder[0], entry=replace(folder[0].entry, written=known.directory_changed))
    alone = judge([one], known, {one.id: findings})[0]
    among = judge([one, *beside], known, {one.id: findings} | {file.id: [GONE] for file in beside})[0]
    assert alone == among
