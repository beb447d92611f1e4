"""What happened between two looks, as a table, and that the events lead from any look to any other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lockctl.liveness.evidence import State, Verdict
from lockctl.survey.changes import Gone, Rejudged, Renewed, find_changes, find_renewal
from tests.unit.making import make_file, make_lock, make_verdict


def verdict(name: str, age: float = 0, pid: int = 1, state: State = State.ACTIVE) -> Verdict:
    return make_verdict(make_file(make_lock(age, pid=pid), name=name * 64), state)


def told(before: list[Verdict] | None, after: list[Verdict]) -> list[tuple[str, str, str | None]]:
    """Each event's name, its lock, and the lock as it was before."""
    return [
        (type(c).__name__, c.verdict.file.id[0], c.before.file.id[0] if isinstance(c, Renewed | Rejudged) else None)
        for c in find_changes(before, after)
    ]


def test_at_first_all_locks_stand() -> None:
    assert told(None, [verdict("a"), verdict("b", pid=2)]) == [("Stands", "a", None), ("Stands", "b", None)]


def test_a_renewal_is_one_event() -> None:
    old, new = verdict("a", age=300), verdict("b")
    assert told([old], [old, new]) == [("Renewed", "b", "a")]
    assert told([old, new], [new]) == [("Gone", "a", None)]
    assert told([old], [new]) == [("Renewed", "b", "a")]


def test_an_older_lock_that_comes_back_renews_nothing() -> None:
    """As `restore` puts one there."""
    old, new = verdict("a", age=300), verdict("b")
    assert told([new], [old, new]) == [("Came", "a", None)]


def test_locks_come_go_and_change() -> None:
    first, second = verdict("a"), verdict("b", pid=2)
    assert told([first], [first, second]) == [("Came", "b", None)]
    assert told([first, second], [second]) == [("Gone", "a", None)]
    assert told([first], [verdict("a", state=State.OVERDUE)]) == [("Rejudged", "a", "a")]
    assert told([first], [first]) == []


def test_files_without_an_owner_come_and_go() -> None:
    damaged = make_verdict(make_file(None, name="a" * 64), State.DAMAGED, claimed=None)
    other = make_verdict(make_file(None, name="b" * 64), State.DAMAGED, claimed=None)
    assert told([damaged], [other]) == [("Came", "b", None), ("Gone", "a", None)]


def test_a_renewal_of_one_lock() -> None:
    old, new = verdict("a", age=300), verdict("b")
    assert find_renewal(old, [new]) is new
    assert find_renewal(old, [verdict("b", pid=2)]) is None
    assert find_renewal(new, [old]) is None


LOOKS = st.lists(st.sampled_from("abcdef"), max_size=6, unique=True)


@given(st.lists(LOOKS, min_size=1, max_size=6))
def test_who_follows_the_events_knows_the_locks(looks: list[str]) -> None:
    """Of each file that stands it has heard, and of each that went. (Each owner has two names.)"""
    held: set[str] = set()
    before: list[Verdict] | None = None
    for look in looks:
        after = [verdict(name, age=200 - ord(name), pid=ord(name) // 2) for name in look]
        for change in find_changes(before, after):
            if isinstance(change, Gone):
                held.remove(change.verdict.file.id)
            else:
                held.add(change.verdict.file.id)
            if isinstance(change, Renewed):
                renewed = change.before.file.id
                held -= {renewed} - {one.file.id for one in after}
        before = after
        assert held == {one.file.id for one in after}
