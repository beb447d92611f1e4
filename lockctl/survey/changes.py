"""What happened to the locks between two looks. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from lockctl.liveness.evidence import Verdict
from lockctl.liveness.neighbours import newest_by_owner


@dataclass(frozen=True, slots=True)
class Stands:
    """The lock was there when the watch began."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Came:
    """A file that was not there at the look before, and is no renewal."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Renewed:
    """Its owner wrote this newer file; `before` is the older one.

    Where the older one went at the same time, there is no event of its own for that.
    """

    verdict: Verdict
    before: Verdict


@dataclass(frozen=True, slots=True)
class Gone:
    """The file is not there any more. `verdict` is the last that was known of it."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Rejudged:
    """The same file has another state than at the look before, which gave `before`."""

    verdict: Verdict
    before: Verdict


Change = Stands | Came | Renewed | Gone | Rejudged


def find_changes(before: Sequence[Verdict] | None, after: Sequence[Verdict]) -> list[Change]:
    """The events that lead from one look to the next; without one before, every lock just stands."""
    if before is None:
        return [Stands(verdict) for verdict in after]
    known, owners = {verdict.file.id: verdict for verdict in before}, _by_owner(before)
    standing = {verdict.file.id for verdict in after}
    changes = [change for verdict in after if (change := _change(verdict, known, owners)) is not None]
    renewed = {change.before.file.id for change in changes if isinstance(change, Renewed)}
    gone = [v for v in before if v.file.id not in standing and v.file.id not in renewed]
    return changes + [Gone(verdict) for verdict in gone]


def find_renewal(verdict: Verdict, after: Sequence[Verdict]) -> Verdict | None:
    """The lock by which the owner of this one has renewed it, where it has."""
    lock = verdict.file.lock
    newest = _by_owner(after).get(lock.owner) if lock is not None else None
    return newest if newest is not None and _is_newer(newest, verdict) else None


def _change(verdict: Verdict, known: Mapping[str, Verdict], owners: Mapping[Hashable, Verdict]) -> Change | None:
    same, lock = known.get(verdict.file.id), verdict.file.lock
    if same is not None:
        return Rejudged(verdict, same) if same.state is not verdict.state else None
    older = owners.get(lock.owner) if lock is not None else None
    return Renewed(verdict, older) if older is not None and _is_newer(verdict, older) else Came(verdict)


def _by_owner(verdicts: Sequence[Verdict]) -> dict[Hashable, Verdict]:
    """Of each owner that is known the verdict on its newest lock."""
    by_id = {verdict.file.id: verdict for verdict in verdicts}
    newest = newest_by_owner([verdict.file for verdict in verdicts])
    return {owner: by_id[file.id] for owner, file in newest.items()}


def _is_newer(one: Verdict, other: Verdict) -> bool:
    """By the clock of their one owner."""
    mine, others = one.file.lock, other.file.lock
    return mine is not None and others is not None and mine.time_ns > others.time_ns
