"""Locks and hosts in a few words, however many there are and however long their names. Pure.

What is made here holds names as strangers wrote them: whoever shows it makes it harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from lockctl.liveness.evidence import Verdict

NAMED = 3
"""Things that are named where there are more."""
MAX_IDS = 1000
"""Ids that one finding holds."""
_WIDTH = 40
_SHORT = 8


def cut(text: str, width: int = _WIDTH) -> str:
    """What is not too long for a sentence."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def short(id_: str) -> str:
    """The beginning of an id, by which the commands know a lock."""
    return id_[:_SHORT]


def name_lock(verdict: Verdict) -> str:
    """`9cd2db65 (web1, PID 4209, root)`."""
    lock = verdict.file.lock
    if lock is None:
        return short(verdict.file.id)
    return f"{short(verdict.file.id)} ({cut(lock.hostname)}, PID {lock.pid}, {cut(lock.username)})"


def name_locks(verdicts: Sequence[Verdict]) -> str:
    """The first few, and how many more there are."""
    return enumerate_some([name_lock(verdict) for verdict in islice(verdicts, NAMED)], len(verdicts))


def begin_with(verdicts: Sequence[Verdict]) -> str:
    """The same as the beginning of a sentence."""
    return f"{'Lock' if len(verdicts) == 1 else 'Locks'} {name_locks(verdicts)}"


def enumerate_some(names: Sequence[str], number: int | None = None) -> str:
    """`a`, `a and b`, `a, b, c and 4 more`. `number` is how many there are, where not all are given."""
    number = len(names) if number is None else number
    shown = list(names[:NAMED])
    if number > len(shown):
        return f"{', '.join(shown)} and {number - len(shown)} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


def ids_of(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """Their ids, whole."""
    return tuple(verdict.file.id for verdict in islice(verdicts, MAX_IDS))


def count(number: int, noun: str) -> str:
    """`1 lock`, `3 locks`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
