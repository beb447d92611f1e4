"""One lock with all that is known of it: every witness, what it said, and what would change the state."""

from __future__ import annotations

from lockctl.clock.duration import describe_duration
from lockctl.clock.rfc3339 import format_moment
from lockctl.liveness.evidence import State, Verdict
from lockctl.render.columns import Shape, draw, wrap
from lockctl.render.harmless import visible
from lockctl.render.words import describe_age, describe_wait, paint
from lockctl.repository.lock import Lock
from lockctl.settings.policy import Thresholds
from lockctl.survey.values import Survey

_NARROWEST = 20
"""Columns of a value, however narrow the terminal."""


def describe(verdict: Verdict, survey: Survey, colour: bool, width: int = 0) -> str:
    """The lock in lines of name and value, and a table of the witnesses; what has to fit goes on in further lines."""
    entry = verdict.file.entry
    fields: list[tuple[str, str]] = [("id", visible(verdict.file.id))]
    fields += _owner(verdict.file.lock)
    fields += [
        ("file", f"{entry.size} bytes, file id {entry.file_id}"),
        ("created", format_moment(entry.created) if entry.created is not None else "not known"),
        ("last write", format_moment(entry.written)),
        ("blocks", ", ".join(verdict.blocks) or "nothing"),
        ("age", describe_age(verdict)),
        ("state", paint(verdict.state, colour)),
    ]
    fields += [("why", f"{visible(reason.text)} [{reason.code}]") for reason in verdict.reasons]
    fields.append(("would change", what_would_change(verdict.state, survey.policy.thresholds)))
    fields.append(("prune", _what_prune_does(verdict, survey)))
    indent = max(len(name) for name, _ in fields) + 2
    room = width and max(_NARROWEST, width - indent)
    lines = [f"{name:<{indent}}" + wrap(value, room).replace("\n", "\n" + " " * indent) for name, value in fields]
    rows = [{"WITNESS": w.name, "SAYS": w.says or "nothing", "WHAT": visible(w.text)} for w in verdict.witnesses]
    return "\n".join([*lines, *(["", *draw(rows, Shape("WHAT", (), 5, bold=colour), width)] if rows else [])])


def _owner(lock: Lock | None) -> list[tuple[str, str]]:
    if lock is None:
        return [("owner", "not known")]
    return [
        ("host", visible(lock.hostname)),
        ("pid", str(lock.pid)),
        ("user", f"{visible(lock.username)} (uid {lock.uid}, gid {lock.gid})"),
        ("kind", "exclusive" if lock.exclusive else "shared"),
        ("time", visible(lock.time)),
    ]


def what_would_change(state: State, limits: Thresholds) -> str:
    """What would give the lock another state."""
    missed, expired = describe_duration(limits.missed), describe_duration(limits.expired)
    none = "nothing that lockctl knows of; prune removes it"
    texts = {
        State.FOREIGN: "nothing: what is no lock prune never removes",
        State.UNREADABLE: "permission to read it",
        State.WRITING: f"it becomes whole when its owner has written it, or damaged when nobody has for {expired}",
        State.DAMAGED: "a writer that goes on with it; else prune removes it",
        State.UNDECODABLE: "nothing: what this repository's key does not open prune never removes",
        State.SUPERSEDED: none,
        State.ACTIVE: f"the end of its owner, or {missed} without a renewal",
        State.DEAD: none,
        State.STALE: "a sign of life of its owner; else prune removes it",
        State.OVERDUE: f"a renewal makes it active; without one it is stale after {expired} by both, or seen from here",
        State.DOUBTFUL: f"a renewal makes it active; {expired} without one, by both or seen from here, make it stale",
    }
    return texts[state]


def _what_prune_does(verdict: Verdict, survey: Survey) -> str:
    if verdict.file.id in survey.held:
        return "leaves it alone for a day: 'restore' put it back"
    if not verdict.removable:
        return "keeps it"
    if not verdict.wait:
        return "removes it"
    waits = describe_wait(verdict, survey.clocks.local + int(verdict.wait * 1e9))
    return f"removes it when a person says yes; unattended it waits: {waits}"
