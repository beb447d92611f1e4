"""What would be removed, and why each other lock stays. Pure: a dry run is a plan that is not carried out."""

from __future__ import annotations

from dataclasses import dataclass

from lockctl.duration import describe_duration
from lockctl.liveness.evidence import State, Verdict
from lockctl.liveness.witnesses import comparable, is_proven
from lockctl.lock import Problem
from lockctl.survey import Survey
from lockctl.transport.base import CreationTrial, Trial

NOT_ASKED_FOR = "not asked for (--host, or the ids)"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for. `held` are the ids of locks that `restore` put back within a day."""

    older: float | None = None
    hosts: tuple[str, ...] = ()
    unattended: bool = False
    held: frozenset[str] = frozenset()
    ids: frozenset[str] | None = None
    """Only these, where the user named some."""
    untested: bool = False
    """A dry run does not test the share's creation times: what looks right is planned as if it were proven."""
    force: bool = False
    """What is named goes whatever its state: a person has seen its owner and typed its id."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A lock that stays, and why."""

    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The locks to remove, and those that stay."""

    steps: tuple[Verdict, ...]
    kept: tuple[Kept, ...]
    gone: tuple[Verdict, ...] = ()
    """What was planned and had gone by itself when it was looked at again."""


def make_plan(survey: Survey, wish: Wish) -> Plan:
    """Sorts the verdicts of a survey by what the user asked for."""
    reasons = [(verdict, why_kept(verdict, wish)) for verdict in survey.verdicts]
    return Plan(
        tuple(verdict for verdict, why in reasons if not why),
        tuple(Kept(verdict, why) for verdict, why in reasons if why),
    )


def why_kept(verdict: Verdict, wish: Wish) -> str:
    """Why this lock stays, or '' where it goes. Options only ever narrow what the state allows."""
    lock = verdict.file.lock
    if wish.ids is not None and verdict.file.id not in wish.ids:
        return NOT_ASKED_FOR
    if wish.force and verdict.file.data is not None:
        return ""
    if not verdict.removable or verdict.file.data is None:
        return verdict.why
    if verdict.file.id in wish.held:
        return "restored less than a day ago: held"
    if wish.hosts and (lock is None or lock.hostname not in wish.hosts):
        return NOT_ASKED_FOR
    if wish.older is not None and (verdict.age or 0.0) <= wish.older:
        return f"not older than {describe_duration(wish.older)} (--older)"
    if wish.unattended and not verdict.independent and not (wish.untested and _would_be_proven(verdict)):
        return f"{verdict.why}; a person has to say yes: {verdict.why_attended}"
    return ""


def is_unsettled(verdict: Verdict, wish: Wish) -> bool:
    """Whether half an hour more of watching decides about this lock, and the user wants it to."""
    lock = verdict.file.lock
    if wish.ids is not None and verdict.file.id not in wish.ids:
        return False
    if wish.hosts and (lock is None or lock.hostname not in wish.hosts):
        return False
    match verdict.state:
        case State.DOUBTFUL | State.OVERDUE:
            return True
        case State.WRITING:
            return verdict.file.problem is not Problem.TEMPORARY
        case State.ACTIVE:
            said = {witness.says for witness in verdict.witnesses}
            return "gone" in said and "alive" not in said
        case _:
            # What only a person may remove now, our own clock frees for an unattended run.
            return wish.unattended and verdict.removable and bool(why_kept(verdict, wish)) and not verdict.independent


def _would_be_proven(verdict: Verdict) -> bool:
    return is_proven(verdict.file.entry, CreationTrial(Trial.KEPT))


def narrow(planned: Plan, first: Survey, second: Survey, wish: Wish) -> Plan:
    """The second look, right before removing: only what stands unchanged and whose owner has not renewed goes."""
    still = {verdict.file.id: verdict for verdict in make_plan(second, wish).steps}
    standing = {verdict.file.id for verdict in second.verdicts}
    known = {verdict.file.id for verdict in first.verdicts}
    renewed = {v.file.lock.owner for v in second.verdicts if v.file.lock is not None and v.file.id not in known}
    steps: list[Verdict] = []
    kept = list(planned.kept)
    gone = tuple(verdict for verdict in planned.steps if verdict.file.id not in standing)
    for verdict in (verdict for verdict in planned.steps if verdict.file.id in standing):
        again = still.get(verdict.file.id)
        lock = verdict.file.lock
        if again is None or not _same(verdict, again, first.trial):
            kept.append(Kept(verdict, "changed since the plan was made"))
        elif lock is not None and lock.owner in renewed:
            kept.append(Kept(verdict, "its owner has renewed since the plan was made"))
        else:
            steps.append(again)
    return Plan(tuple(steps), tuple(kept), gone)


def _same(verdict: Verdict, again: Verdict, trial: CreationTrial | None) -> bool:
    same = comparable(verdict.file.entry, trial).is_same(again.file.entry)
    return same and verdict.file.data == again.file.data
