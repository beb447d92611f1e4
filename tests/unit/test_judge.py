"""The state table: each state at its edges, the order in which states are tried, and what may go without a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.liveness.evidence import Facts, Seen, State, Trust, Verdict, Witness
from lockctl.liveness.folder import look_over
from lockctl.liveness.judge import judge
from lockctl.liveness.witnesses import keeps_creation, server_clock
from lockctl.lock import Lock, LockFile, Problem
from lockctl.transport.base import CreationTrial, Entry
from tests.unit.making import (
    FOLLOWED,
    KEPT,
    ONE_CLOCK,
    REFUSED,
    make_facts,
    make_file,
    make_lock,
)

MISSED, GIVES_UP, EXPIRED, DAY = 450, 1350, 1800, 86400
ALIVE = Witness("process", "alive", "PID 4209 runs on this machine")
GONE = Witness("process", "gone", "no process with PID 4209 runs on this machine")
BLIND = Witness("process", None, "PIDs say nothing")
IN_AN_HOUR = -3600


def judge_one(
    file: LockFile, facts: Facts | None = None, *findings: Witness, beside: tuple[LockFile, ...] = ()
) -> Verdict:
    verdicts = judge((file, *beside), facts or make_facts(), {file.id: findings})
    return verdicts[0]


@pytest.mark.parametrize(
    ("owner", "created", "state", "code"),
    [
        (0, 0, State.ACTIVE, "renewed"),
        (MISSED, MISSED, State.ACTIVE, "renewed"),
        (MISSED + 1, 0, State.OVERDUE, "renewal-missed"),
        (0, MISSED + 1, State.OVERDUE, "renewal-missed"),
        (EXPIRED, EXPIRED, State.OVERDUE, "renewal-missed"),
        (EXPIRED + 1, EXPIRED, State.DOUBTFUL, "clocks-disagree"),
        (EXPIRED, EXPIRED + 1, State.DOUBTFUL, "clocks-disagree"),
        (EXPIRED + 1, EXPIRED + 1, State.STALE, "not-renewed"),
        (90 * DAY, 0, State.DOUBTFUL, "clocks-disagree"),
        (0, 90 * DAY, State.DOUBTFUL, "clocks-disagree"),
        (IN_AN_HOUR, 0, State.ACTIVE, "renewed"),
        (IN_AN_HOUR, EXPIRED + 1, State.DOUBTFUL, "clocks-disagree"),
        (0, IN_AN_HOUR, State.ACTIVE, "renewed"),
        (EXPIRED + 1, IN_AN_HOUR, State.DOUBTFUL, "clocks-disagree"),
    ],
)
def test_two_clocks(owner: float, created: float, state: State, code: str) -> None:
    verdict = judge_one(make_file(make_lock(owner), created=created))
    assert (verdict.state, verdict.reasons[0].code) == (state, code)
    assert verdict.age == min(max(0, owner), max(0, created))
    assert verdict.claimed_age == max(0, owner)
    assert verdict.removable is (state is State.STALE)


@pytest.mark.parametrize(
    ("age", "finding", "state", "codes"),
    [
        (0, ALIVE, State.ACTIVE, ["owner-alive"]),
        (EXPIRED, ALIVE, State.ACTIVE, ["owner-alive"]),
        (EXPIRED + 1, ALIVE, State.ACTIVE, ["owner-hung"]),
        (0, GONE, State.ACTIVE, ["renewed", "owner-gone"]),
        (MISSED, GONE, State.ACTIVE, ["renewed", "owner-gone"]),
        (MISSED + 1, GONE, State.DEAD, ["owner-gone"]),
        (EXPIRED + 1, GONE, State.DEAD, ["owner-gone"]),
        (MISSED + 1, BLIND, State.OVERDUE, ["renewal-missed"]),
        (EXPIRED + 1, BLIND, State.STALE, ["not-renewed"]),
    ],
)
def test_what_this_machines_processes_say(age: float, finding: Witness, state: State, codes: list[str]) -> None:
    verdict = judge_one(make_file(make_lock(age), created=age), None, finding)
    assert (verdict.state, [reason.code for reason in verdict.reasons]) == (state, codes)
    assert finding in verdict.witnesses


def test_a_sign_of_life_outweighs_a_proof_of_death() -> None:
    verdict = judge_one(make_file(make_lock(DAY), created=DAY), None, GONE, ALIVE)
    assert verdict.state is State.ACTIVE


def test_death_needs_both_clocks_too() -> None:
    assert judge_one(make_file(make_lock(DAY), created=MISSED), None, GONE).state is State.DOUBTFUL


@pytest.mark.parametrize(
    ("age", "beside", "state"),
    [
        (EXPIRED + 1, make_lock(0), State.SUPERSEDED),
        (EXPIRED, make_lock(0), State.OVERDUE),
        (EXPIRED + 1, make_lock(EXPIRED + 2), State.STALE),
        (EXPIRED + 1, make_lock(EXPIRED + 1), State.STALE),
        (EXPIRED + 1, make_lock(0, pid=1), State.STALE),
        (EXPIRED + 1, make_lock(0, hostname="web2"), State.STALE),
        (EXPIRED + 1, make_lock(0, username="www-data"), State.STALE),
        (EXPIRED + 1, make_lock(0, exclusive=True), State.STALE),
    ],
)
def test_superseded_by_a_newer_lock_of_the_same_owner(age: float, beside: Lock, state: State) -> None:
    other = make_file(beside, created=0)
    verdict = judge_one(make_file(make_lock(age), created=age), make_facts(), beside=(other,))
    assert verdict.state is state


@pytest.mark.parametrize("finding", [GONE, ALIVE, BLIND])
def test_a_leftover_is_one_whether_its_owner_lives_or_not(finding: Witness) -> None:
    """The owner renews its newer lock, which nobody touches."""
    newer = make_file(make_lock(MISSED), created=MISSED)
    file = make_file(make_lock(DAY), created=DAY)
    old, new = judge((file, newer), make_facts(), {one.id: [finding] for one in (file, newer)})
    assert (old.state, new.state) == (State.SUPERSEDED, State.ACTIVE)


@pytest.mark.parametrize(
    ("owner", "created", "seen", "facts"),
    [
        (MISSED + 1, 0, 0, make_facts()),
        (0, MISSED + 1, 0, make_facts()),
        (0, DAY, 0, make_facts()),
        (0, 2 * DAY, 0, make_facts()),
        (0, 0, MISSED + 1, make_facts()),
        (0, None, 0, make_facts(directory=DAY)),
        (0, 0, 0, make_facts(trial=FOLLOWED, directory=DAY)),
    ],
    ids=["by its owner", "by the server", "made at once", "made before", "by our own clock", "not known", "made up"],
)
def test_a_living_owners_lock_is_no_leftover_while_the_newer_one_is_not_renewed(
    owner: float, created: float | None, seen: float, facts: Facts
) -> None:
    """A clock that was set back makes the current lease look older than a leftover from before."""
    newer = make_file(make_lock(owner), created=created)
    file = make_file(make_lock(DAY), created=DAY)
    known = replace(facts, seen={newer.id: Seen(seen)})
    assert judge_one(file, known, ALIVE, beside=(newer,)).state is State.ACTIVE
    assert judge_one(file, known, beside=(newer,)).state in (State.SUPERSEDED, State.DOUBTFUL)


@pytest.mark.parametrize(
    ("problem", "age", "state"),
    [
        (Problem.FOREIGN, DAY, State.FOREIGN),
        (Problem.UNREADABLE, DAY, State.UNREADABLE),
        (Problem.UNDECODABLE, DAY, State.UNDECODABLE),
        (Problem.INCOMPLETE, 0, State.WRITING),
        (Problem.INCOMPLETE, EXPIRED, State.WRITING),
        (Problem.INCOMPLETE, EXPIRED + 1, State.DAMAGED),
        (Problem.TEMPORARY, EXPIRED + 1, State.WRITING),
        (Problem.TEMPORARY, DAY, State.WRITING),
        (Problem.TEMPORARY, DAY + 1, State.DAMAGED),
    ],
)
def test_files_that_hold_no_lock(problem: Problem, age: float, state: State) -> None:
    verdict = judge_one(make_file(created=age, problem=problem))
    assert verdict.state is state
    assert verdict.removable is (state is State.DAMAGED)
    assert verdict.claimed_age is None


@pytest.mark.parametrize(("data", "what"), [(b"", "empty"), (b"half", "cut short or altered")])
def test_a_damaged_lock_has_the_servers_age(data: bytes, what: str) -> None:
    verdict = judge_one(make_file(created=2 * 3600, problem=Problem.INCOMPLETE, data=data))
    assert verdict.age == 2 * 3600
    assert verdict.reasons[0].text == f"{what}, and no longer being written: 2 h old"


def test_a_damaged_lock_whose_age_nobody_knows_is_kept() -> None:
    """Its creation is made up, and the directory's time was set back below a genuine creation."""
    file = make_file(created=None, written=DAY, problem=Problem.INCOMPLETE)
    beside = make_file(make_lock(0), created=60)
    verdict = judge_one(file, make_facts(directory=DAY), beside=(beside,))
    assert (verdict.state, verdict.age) == (State.WRITING, None)


@pytest.mark.parametrize(
    ("trust", "owner", "created", "state"),
    [
        (None, DAY, 0, State.DOUBTFUL),
        ("owner", DAY, MISSED + 1, State.STALE),
        ("owner", DAY, MISSED, State.DOUBTFUL),
        ("owner", 0, DAY, State.DOUBTFUL),
        ("owner", EXPIRED, DAY, State.DOUBTFUL),
        ("server", 0, DAY, State.STALE),
        ("server", DAY, 0, State.DOUBTFUL),
        ("server", 0, EXPIRED, State.OVERDUE),
    ],
)
def test_a_trusted_clock_makes_the_certain_age(trust: str | None, owner: float, created: float, state: State) -> None:
    verdict = judge_one(make_file(make_lock(owner), created=created), make_facts(trust_clock=trust))
    assert verdict.state is state


@pytest.mark.parametrize("trust", [None, "owner", "server"])
def test_what_is_alive_stays_whichever_clock_is_trusted(trust: str | None) -> None:
    verdict = judge_one(make_file(make_lock(DAY), created=DAY), make_facts(trust_clock=trust), ALIVE)
    assert verdict.state is State.ACTIVE


@pytest.mark.parametrize(
    ("trial", "created", "written", "seen_kept", "trust"),
    [
        (KEPT, 100, 100.003, False, Trust.PROVEN),
        (KEPT, 100, 100, False, Trust.LIKELY),
        (KEPT, 100, 5000, False, Trust.PROVEN),
        (KEPT, None, 100, True, None),
        (None, 100, 5000, False, Trust.LIKELY),
        (None, 100, 101, False, Trust.LIKELY),
        (None, 100, 100.999, False, None),
        (None, 100, 100, False, None),
        (None, 100, 100, True, Trust.LIKELY),
        (REFUSED, 100, 5000, False, Trust.LIKELY),
        (REFUSED, 100, 100, False, None),
        (ONE_CLOCK, 100, 5000, False, Trust.LIKELY),
        (ONE_CLOCK, 100, 100, True, Trust.LIKELY),
        (FOLLOWED, 100, 5000, True, None),
    ],
)
def test_how_far_a_creation_time_is_the_servers_own(
    trial: CreationTrial | None, created: float | None, written: float, seen_kept: bool, trust: Trust | None
) -> None:
    file = make_file(make_lock(DAY), created=created, written=written)
    facts = make_facts(trial=trial, directory=40, keeps_creation=seen_kept)
    witness = server_clock(file.entry, facts, look_over((), lambda _: False, made_up=False))
    assert witness.trust is trust
    assert (witness.name, witness.age) == (("server-creation", 100) if trust else ("server-directory", 40))


SECOND = 10**9


@pytest.mark.parametrize(
    ("created", "accessed", "written", "is_directory", "kept"),
    [
        (100.5, 200.2, 200.9, False, True),
        (100.5, 200.6, 200.4, False, True),
        (100.5, 200.6, 200.9, False, False),
        (100.2, 100.5, 100.2, False, False),
        (100.2, 100.2, 200.1, False, False),
        (None, 100.2, 200.1, False, False),
        (100.5, 0, 200.4, False, True),
        (100.5, 200.6, 200.9, True, True),
        (200.5, 200.6, 300.9, True, False),
    ],
    ids=[
        "its fraction is not the least: by access",
        "by write",
        "the least fraction: made up of a change that is not shown",
        "its last write",
        "its last access",
        "none",
        "access not known",
        "a directory's second is older than any change of it",
        "a directory's second is that of its access",
    ],
)
def test_what_a_server_could_not_have_made_up(
    created: float | None, accessed: float, written: float, is_directory: bool, kept: bool
) -> None:
    """Samba's own making is the minimum of access, write and change, of seconds and of nanoseconds apart."""
    born = None if created is None else round(created * SECOND)
    last = round(written * SECOND)
    entry = Entry("x", 1, born, last, last, 1, round(accessed * SECOND), is_directory)
    assert keeps_creation([entry]) is kept
    assert not keeps_creation([])
    assert not keeps_creation([replace(entry, written=0, accessed=0)])


@pytest.mark.parametrize(
    ("owner", "created", "seen", "independent"),
    [
        (5000, 9000, Seen(0, None), True),
        (5000, 9000, Seen(0, 9000), True),
        (5000, 9000, Seen(0, 3600), False),
        (9050, 9000, Seen(0, 3600), True),
        (5000, 9000, Seen(GIVES_UP, 3600), True),
    ],
    ids=["first look", "a look before it", "a look that lacked it", "both clocks tell of one moment", "our own clock"],
)
def test_a_creation_time_that_a_look_refutes(owner: float, created: float, seen: Seen, independent: bool) -> None:
    """The server's clock was set back when it started, and an owner at or below 0.9.6 never tells when it renewed."""
    file = make_file(make_lock(owner), created=created)
    verdict = judge_one(file, replace(make_facts(), seen={file.id: seen}))
    assert (verdict.state, verdict.independent) == (State.STALE, independent)
    assert independent or "was not there" in verdict.why_attended


@pytest.mark.parametrize(
    ("others", "ahead", "words"),
    [
        ([], -18000, "5 h behind the server's, judging by this lock alone"),
        ([-18001.5], -18000, "5 h behind the server's, judging by 2 of its locks"),
        ([300], 300, "5 min ahead of the server's, judging by 2 of its locks"),
    ],
)
def test_how_far_a_hosts_clock_is_off(others: list[float], ahead: float, words: str) -> None:
    """The largest difference counts: whatever is late only makes it smaller."""
    file = make_file(make_lock(18000), created=0)
    beside = [make_file(make_lock(-by, pid=number), created=0) for number, by in enumerate(others)]
    elsewhere = make_file(make_lock(-DAY, hostname="web2"), created=0)
    (witness,) = [w for w in judge_one(file, beside=(*beside, elsewhere)).witnesses if w.name == "host-clock"]
    assert witness.says is None
    assert witness.ahead == ahead
    assert words in witness.text


def test_a_hosts_clock_that_nobody_knows() -> None:
    file = make_file(make_lock(18000), created=0)
    verdict = judge_one(file, make_facts(trial=FOLLOWED))
    assert [w.ahead for w in verdict.witnesses if w.name == "host-clock"] == [None]


@pytest.mark.parametrize(("newer", "says"), [(60, "superseded"), (DAY, None), (2 * DAY, None)])
def test_a_newer_lock_of_the_same_owner_is_told(newer: float, says: str | None) -> None:
    file = make_file(make_lock(DAY), created=DAY)
    other = make_file(make_lock(newer), created=newer, name="f" * 64)
    (witness,) = [w for w in judge_one(file, beside=(other,)).witnesses if w.name == "newer-lock"]
    assert witness.says == says
    assert ("ffffffff" in witness.text) is (says is not None)


@pytest.mark.parametrize(
    ("trial", "written", "why"),
    [
        (KEPT, 2 * DAY, ""),
        (KEPT, DAY, "it was not written over SMB"),
        (None, 2 * DAY, "not proven yet"),
        (REFUSED, 2 * DAY, "did not permit the test"),
        (FOLLOWED, 2 * DAY, "from the owner's clock"),
        (ONE_CLOCK, 2 * DAY, "one and the same"),
    ],
)
@pytest.mark.parametrize("problem", [None, Problem.INCOMPLETE])
def test_why_a_person_has_to_say_yes(
    trial: CreationTrial | None, written: float, why: str, problem: Problem | None
) -> None:
    lock = make_lock(DAY) if problem is None else None
    file = make_file(lock, created=DAY, written=written, problem=problem)
    verdict = judge_one(file, make_facts(trial=trial, directory=DAY))
    assert verdict.removable
    assert why in verdict.why_attended
    assert verdict.independent is (not why)


@pytest.mark.parametrize(
    ("trial", "seen", "independent"), [(FOLLOWED, 0, False), (FOLLOWED, GIVES_UP, True), (KEPT, 0, True)]
)
def test_proof_of_death_needs_a_missed_renewal_too(trial: CreationTrial, seen: float, independent: bool) -> None:
    """Another machine can have this one's name: then the process table speaks of the wrong machine."""
    file = make_file(make_lock(DAY), created=DAY)
    facts = replace(make_facts(trial=trial, directory=DAY), seen={file.id: Seen(seen)})
    verdict = judge_one(file, facts, GONE)
    assert (verdict.state, verdict.independent) == (State.DEAD, independent)


@pytest.mark.parametrize(
    ("beside_created", "age"),
    [(None, DAY), (DAY + 60, DAY), (DAY, DAY), (DAY - 59, DAY), (DAY - 61, None), (60, None)],
    ids=["none", "older", "equal", "hardly newer", "newer", "much newer"],
)
def test_the_directory_is_void_below_a_genuine_creation(beside_created: float | None, age: float | None) -> None:
    file = make_file(make_lock(DAY), created=None, written=DAY)
    beside = make_file(make_lock(60, pid=1), created=beside_created, written=70)
    verdict = judge_one(file, make_facts(directory=DAY), beside=(beside,))
    assert verdict.age == age
    assert verdict.state is (State.DOUBTFUL if age is None else State.STALE)
    assert age is not None or verdict.reasons[0].code == "clock-unknown"


def test_the_experiment_corrects_the_servers_clock() -> None:
    ahead = CreationTrial(KEPT.outcome, ahead=60 * 10**9)
    assert judge_one(make_file(make_lock(DAY), created=100), make_facts(trial=ahead)).age == 160


def test_findings_are_for_their_own_lock() -> None:
    first, second = (make_file(make_lock(DAY, pid=pid), created=DAY) for pid in (1, 2))
    verdicts = judge([first, second], make_facts(), {first.id: [ALIVE]})
    assert [verdict.state for verdict in verdicts] == [State.ACTIVE, State.STALE]


@pytest.mark.parametrize(
    ("seen", "owner", "server", "state", "independent"),
    [
        (0, 0, 0, State.ACTIVE, False),
        (GIVES_UP - 1, DAY, DAY, State.STALE, False),
        (GIVES_UP, DAY, DAY, State.STALE, True),
        (GIVES_UP, 0, DAY, State.DOUBTFUL, True),
        (MISSED, 0, 0, State.ACTIVE, False),
        (MISSED + 1, 0, 0, State.OVERDUE, False),
        (EXPIRED, 0, 0, State.OVERDUE, True),
        (EXPIRED + 1, 0, 0, State.STALE, True),
        (EXPIRED + 1, IN_AN_HOUR, 0, State.STALE, True),
        (EXPIRED + 1, 0, None, State.STALE, True),
        (GIVES_UP, 0, None, State.DOUBTFUL, True),
    ],
)
def test_our_own_clock(seen: float, owner: float, server: float | None, state: State, independent: bool) -> None:
    """What this machine has seen for 30 minutes is stale whatever others' clocks say; 22½ spare a person's word."""
    file = make_file(make_lock(owner), created=server)
    facts = make_facts(trial=REFUSED, directory=DAY)
    facts = replace(
        facts, directory_changed=0 if server is None else facts.directory_changed, seen={file.id: Seen(seen)}
    )
    verdict = judge_one(file, facts, beside=(make_file(make_lock(0, pid=7), created=1),))
    assert (verdict.state, verdict.independent) == (state, independent)
    assert "own-clock" in [witness.name for witness in verdict.witnesses]


@pytest.mark.parametrize(
    ("seen", "state"), [(0, State.WRITING), (EXPIRED, State.WRITING), (EXPIRED + 1, State.DAMAGED)]
)
def test_our_own_clock_and_a_lock_cut_short(seen: float, state: State) -> None:
    file = make_file(None, created=0, problem=Problem.INCOMPLETE)
    assert judge_one(file, replace(make_facts(trial=REFUSED), seen={file.id: Seen(seen)})).state is state


@pytest.mark.parametrize(("age", "given_up"), [(1350, False), (1351, True)])
def test_an_owner_that_has_given_up(age: float, given_up: bool) -> None:
    (reason,) = judge_one(make_file(make_lock(age), created=age)).reasons
    assert reason.code == "renewal-missed"
    assert ("given up by itself" in reason.text) is given_up


@pytest.mark.parametrize("trial", [None, REFUSED, ONE_CLOCK])
def test_a_directory_set_back_is_void_where_creation_is_not_trusted_either(trial: CreationTrial | None) -> None:
    """The lock was made a minute ago, and whoever set the directory back cannot make it older."""
    file = make_file(make_lock(2 * DAY), created=60, written=60)
    facts = make_facts(trial=trial, directory=2 * DAY, keeps_creation=False)
    assert judge_one(file, facts).state is State.DOUBTFUL
    assert judge_one(file, replace(facts, trust_clock="server")).state is State.DOUBTFUL
