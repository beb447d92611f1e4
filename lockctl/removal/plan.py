"""What would be removed, and why each other lock stays. Pure: a dry run is a plan that is not carried out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lockctl.clock.duration import describe_duration
from lockctl.liveness.evidence import Verdict
from lockctl.repository.lock import Problem
from lockctl.survey.values import Selection, Survey

NOT_ASKED_FOR = "not asked for (--host, or the ids)"
HELD = "put back by 'restore', and left alone for a day"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants to go."""

    selection: Selection = field(default_factory=Selection)
    unattended: bool = False
    force: bool = False
    """What is named goes whatever its state: a person has seen its owner and typed its id."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A lock that stays, and why."""

    verdict: Verdict
    why: str
    until: int | None = None
    """When our own sight will let it go: nanoseconds since 1970 by our clock. None where something else keeps it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The locks of a survey to remove, and those that stay."""

    survey: Survey
    wish: Wish
    steps: tuple[Verdict, ...]
    kept: tuple[Kept, ...]
    gone: tuple[Verdict, ...] = ()
    """What was planned and had gone by itself when it was looked at again."""


def make_plan(survey: Survey, wish: Wish) -> Plan:
    """Sorts the verdicts of a survey by what the user wants."""
    steps: list[Verdict] = []
    kept: list[Kept] = []
    for verdict in survey.verdicts:
        why = why_kept(verdict, survey, wish)
        if why or (wish.unattended and verdict.wait):
            kept.append(Kept(verdict, why or verdict.why, _until(verdict, survey, wish)))
        else:
            steps.append(verdict)
    return Plan(survey, wish, tuple(steps), tuple(kept))


def _until(verdict: Verdict, survey: Survey, wish: Wish) -> int | None:
    """Only where nobody else's clock decides before, and an unattended run is what waits."""
    waits = not why_kept(verdict, survey, wish) if verdict.removable else verdict.waits_for_sight
    held = verdict.file.id in survey.held
    if verdict.wait is None or not waits or held or not wish.unattended or not wish.selection.names(verdict):
        return None
    return survey.clocks.local + int(verdict.wait * 1e9)


def why_kept(verdict: Verdict, survey: Survey, wish: Wish) -> str:
    """Why this lock stays whoever is there, or '' where it can go. Options only ever narrow what the state allows."""
    if not wish.selection.names(verdict):
        return NOT_ASKED_FOR
    if wish.force and verdict.file.data is not None:
        return ""
    if verdict.file.id in survey.held:
        return HELD
    if not verdict.removable or verdict.file.data is None:
        return verdict.why
    if not wish.selection.covers(verdict):
        return f"not older than {describe_duration(wish.selection.older or 0.0)} (--older)"
    return ""


def is_unsettled(verdict: Verdict, survey: Survey, wish: Wish) -> bool:
    """Whether waiting decides about this lock, and the user wants it to."""
    if verdict.file.id in survey.held:
        return False  # it stays for a day anyway
    if verdict.removable:
        return bool(verdict.wait) and not why_kept(verdict, survey, wish)
    temporary = verdict.file.problem is Problem.TEMPORARY
    return verdict.wait is not None and not temporary and wish.selection.names(verdict)


def narrow(planned: Plan, second: Survey) -> Plan:
    """The second look, right before removing: only what stands unchanged and whose owner has not renewed goes."""
    still = {verdict.file.id: verdict for verdict in make_plan(second, planned.wish).steps}
    standing = {verdict.file.id for verdict in second.verdicts}
    known = {verdict.file.id for verdict in planned.survey.verdicts}
    renewed = {v.file.lock.owner for v in second.verdicts if v.file.lock is not None and v.file.id not in known}
    steps: list[Verdict] = []
    kept = list(planned.kept)
    gone = tuple(verdict for verdict in planned.steps if verdict.file.id not in standing)
    for verdict in (verdict for verdict in planned.steps if verdict.file.id in standing):
        again = still.get(verdict.file.id)
        lock = verdict.file.lock
        if again is None or verdict.file.instance != again.file.instance or verdict.file.data != again.file.data:
            kept.append(Kept(verdict, "changed since the plan was made"))
        elif lock is not None and lock.owner in renewed:
            kept.append(Kept(verdict, "its owner has renewed since the plan was made"))
        else:
            steps.append(again)
    return replace(planned, survey=second, steps=tuple(steps), kept=tuple(kept), gone=gone)
