"""What single witnesses say: creation times and how far they count, newer locks, the clocks of hosts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.liveness.clocks import contradict, server_clock
from lockctl.liveness.creation import keeps_creation
from lockctl.liveness.evidence import Witness
from lockctl.liveness.neighbours import look_over
from lockctl.state.memory import Seen
from lockctl.transport.base import Entry
from tests.unit.making import DAY, judge_one, make_facts, make_file, make_lock


@pytest.mark.parametrize(
    ("created", "written", "seen_kept", "own"),
    [
        (100, 5000, False, True),
        (100, 101, False, True),
        (100, 100.999, False, False),
        (100, 100, False, False),
        (100, 100, True, True),
        (None, 100, True, False),
    ],
)
def test_how_far_a_creation_time_is_the_servers_own(
    created: float | None, written: float, seen_kept: bool, own: bool
) -> None:
    file = make_file(make_lock(DAY), created=created, written=written)
    facts = make_facts(directory=40, keeps_creation=seen_kept)
    folder = replace(look_over((), lambda _: False, 0), moves=True)
    witness = server_clock(file.entry, facts, folder)
    assert (witness.name, witness.age) == (("server-creation", 100) if own else ("server-directory", 40))


SECOND = 10**9


@pytest.mark.parametrize(
    ("created", "accessed", "written", "is_directory", "kept"),
    [
        (200.9, 200.2, 100.5, False, True),
        (200.9, 0, 100.5, False, True),
        (100.5, 200.2, 200.4, False, False),
        (100.2, 100.5, 100.2, False, False),
        (200.2, 200.2, 100.1, False, False),
        (None, 100.2, 200.1, False, False),
        (200.9, 200.2, 0, False, False),
        (100.5, 200.6, 200.9, True, True),
        (200.5, 200.6, 300.9, True, False),
        (300.5, 200.6, 200.9, True, False),
        (100.0, 200.6, 200.9, True, False),
    ],
    ids=[
        "after its last write",
        "access not known",
        "before its last write: a change that is not shown, whatever the fractions",
        "its last write",
        "its last access",
        "none",
        "write not known",
        "a directory's second is older than any change of it",
        "a directory's second is that of its access",
        "a directory's is after its last write: somebody set that",
        "a directory's whole second: Samba's `fake directory create times`",
    ],
)
def test_what_a_server_could_not_have_made_up(
    created: float | None, accessed: float, written: float, is_directory: bool, kept: bool
) -> None:
    """What is made up is the least of access, write and change, of which the change is not shown."""
    born = None if created is None else round(created * SECOND)
    last = round(written * SECOND)
    entry = Entry("x", 1, born, last, last, 1, round(accessed * SECOND), is_directory)
    assert keeps_creation([entry]) is kept
    assert not keeps_creation([])
    assert not keeps_creation([replace(entry, written=0, accessed=0)])


@pytest.mark.parametrize(
    ("age", "at_most", "says"),
    [(7200, None, "renewed"), (7200, 7140, "renewed"), (7200, 7139, None), (100, 50, "renewed"), (111, 50, None)],
)
def test_a_claim_that_our_own_eyes_contradict(age: float, at_most: float | None, says: str | None) -> None:
    """It is still shown, with the reason why it does not count."""
    witness = contradict(Witness("owner-clock", "renewed", "renewed long ago", age), Seen(0, at_most))
    assert (witness.says, witness.age) == (says, age)
    assert says is not None or witness.text.startswith("renewed long ago, which cannot be: ")


@pytest.mark.parametrize(
    ("others", "ahead", "words"),
    [
        ([], -18000, "5 h behind the server's, judging by one of its locks"),
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
    verdict = judge_one(file, make_facts(keeps_creation=False))
    assert [w.ahead for w in verdict.witnesses if w.name == "host-clock"] == [None]


@pytest.mark.parametrize(("newer", "says"), [(60, "superseded"), (DAY, None), (2 * DAY, None)])
def test_a_newer_lock_of_the_same_owner_is_told(newer: float, says: str | None) -> None:
    file = make_file(make_lock(DAY), created=DAY)
    other = make_file(make_lock(newer), created=newer, name="f" * 64)
    (witness,) = [w for w in judge_one(file, beside=(other,)).witnesses if w.name == "newer-lock"]
    assert witness.says == says
    assert ("ffffffff" in witness.text) is (says is not None)
