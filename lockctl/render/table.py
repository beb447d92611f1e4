"""Surveys and plans as tables for people, and what a removal has to say."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from math import ceil

from tabulate import tabulate

from lockctl.clock.duration import describe_duration
from lockctl.liveness.evidence import State, Verdict
from lockctl.removal.plan import HELD, NOT_ASKED_FOR, Kept, Plan
from lockctl.removal.report import Report, Result, gather
from lockctl.render.columns import Row, Shape, Step, draw
from lockctl.render.harmless import visible
from lockctl.render.words import count, describe_age, describe_seen, describe_wait, paint_name, short_ids
from lockctl.state.records import Outcome
from lockctl.survey.values import Survey

LONGEST_NAME = 255
"""No host and no user has a longer one; a lock that says so may not make every line of a table as wide."""
LONGEST_WHY = 1000
_PLAN_LINES = 8
"""So many that a damaged lock's last words, from when on it can go, still stand there on 80 columns."""
PAINTS = {"STATE": paint_name}
LOCK_STEPS = (
    Step("USER", 0, 32),
    Step("PID", 0, 32),
    Step("AGE", 14, 32),
    Step("HOST", 14, 28),
    Step("KIND", 0, 18),
    Step("HOST", 8, 18),
    Step("AGE", 0, 12),
)
_PLAN_STEPS = (
    Step("USER", 0, 32),
    Step("PID", 0, 32),
    Step("AGE", 14, 32),
    Step("HOST", 14, 24),
    Step("KIND", 0, 22),
    Step("HOST", 8, 18),
    Step("SEEN", 0, 12),
    Step("AGE", 0, 12),
)


def lock_table(
    verdicts: Sequence[Verdict],
    colour: bool,
    width: int = 0,
    lines: int = 3,
    held: Container[str] = (),
    whole_ids: bool = False,
) -> str:
    """The locks, each in as many lines as WHY takes, `lines` at most; `held` are those that were put back.

    Nothing is shortened where no width is set.
    """
    rows = lock_rows(verdicts, held, whole_ids)
    return "\n".join(draw(rows, Shape("WHY", LOCK_STEPS, lines, PAINTS if colour else {}, colour), width))


def markdown_table(verdicts: Sequence[Verdict], held: Container[str] = ()) -> str:
    """The same for a page or an issue."""
    return markdown_rows(lock_rows(verdicts, held))


def markdown_rows(rows: Sequence[Row]) -> str:
    """Rows as a table of Markdown."""
    # A name must not end its cell, nor start a tag.
    safe = [{key: cell.replace("|", "\\|").replace("<", "&lt;") for key, cell in row.items()} for row in rows]
    return tabulate(safe, headers="keys", tablefmt="github", disable_numparse=True)


def plan_table(steps: Sequence[Verdict], kept: Sequence[Kept], colour: bool, width: int = 0) -> str:
    """What a prune would do with each lock, and why."""
    ids = short_ids([v.file.id for v in steps] + [k.verdict.file.id for k in kept])
    rows = [_plan_row("remove", verdict, ids, verdict.why) for verdict in steps]
    asked_for = [one for one in kept if one.why != NOT_ASKED_FOR]
    rows += [_plan_row("keep", one.verdict, ids, describe_kept(one)) for one in asked_for]
    others = len(kept) - len(asked_for)
    lines = draw(rows, Shape("WHY", _PLAN_STEPS, _PLAN_LINES, PAINTS if colour else {}, colour), width) if rows else []
    lines += [f"{count(others, 'other lock')} not asked for"] if others else []
    return "\n".join(lines)


def plan_question(plan: Plan) -> str:
    """Whether to carry it out, and how much of it rests on the clocks of others alone."""
    number = len(plan.steps)
    question = f"Remove {count(number, 'lock')}?"
    # Who is dead was seen to be gone, by processes, a restart or a probe.
    unsure = [verdict for verdict in plan.steps if verdict.wait and verdict.state is not State.DEAD]
    if not unsure:
        return question
    states = {verdict.state.value for verdict in unsure}
    state = states.pop() if len(states) == 1 else "judged"
    trusted = plan.survey.policy.trust_clock
    whose = f"the {trusted}'s clock" if trusted else "the clocks of others"
    longest = describe_duration(60 * ceil(max(verdict.wait or 0.0 for verdict in unsure) / 60))
    which = "It is" if number == 1 else "All are" if len(unsure) == number else f"{len(unsure)} of them are"
    if len(unsure) == 1 < number:
        which = "1 of them is"
    return f"{question} {which} {state} by {whose} alone; 'prune --watch' makes sure in {longest}."


def describe_kept(kept: Kept) -> str:
    """Why a lock stays, and from when on it can go where only our own sight keeps it."""
    return kept.why if kept.until is None else f"{kept.why}; {describe_wait(kept.verdict, kept.until)}"


def removal_lines(report: Report) -> list[str]:
    """What was removed, a line each."""
    ids = short_ids(verdict.file.id for verdict in report.survey.verdicts)
    removed = report.of(Outcome.REMOVED)
    lines = [f"removed {removal_line(r.verdict, ids)}: {visible(r.verdict.why, LONGEST_WHY)}" for r in removed]
    if any(r.verdict.file.lock is not None and r.verdict.file.lock.exclusive for r in removed):
        # A prune that was cut off leaves packs and indexes that do not fit.
        lines.append("an exclusive lock was removed: what held it did not end by itself, so 'restic check' is due")
    return lines


def lines_for_a_person(report: Report) -> list[str]:
    """Locks that nobody but a person can see to, and that this machine sees for the first time."""
    told = [
        (one.verdict, f"needs a person: {visible(one.verdict.why, LONGEST_WHY)}")
        for one in report.kept
        if one.verdict.state is State.UNDECODABLE and not one.verdict.seen
    ]
    return _told_together(report.survey, told)


def failure_lines(report: Report) -> list[str]:
    """What could not be done, and what ended the run."""
    lines = _told_together(report.survey, ((r.verdict, _failure(r)) for r in report.failed))
    lines += unread_lines(report.survey)
    return lines + ([str(report.stopped)] if report.stopped is not None else [])


def unread_lines(survey: Survey) -> list[str]:
    """Which locks could not be read, and why."""
    return _told_together(survey, ((v, f"could not be read: {visible(v.why)}") for v in survey.unread))


def _told_together(survey: Survey, told: Iterable[tuple[Verdict, str]]) -> list[str]:
    ids = short_ids(verdict.file.id for verdict in survey.verdicts)
    lines = gather((removal_line(verdict, ids), what) for verdict, what in told)
    return [f"{who[0]} {what}" if len(who) == 1 else f"{', '.join(who)}: each {what}" for who, what in lines]


def _failure(result: Result) -> str:
    text = visible(result.text)
    return f"was {text}" if result.outcome is Outcome.REMOVED else f"was not removed: {text}"


def report_summary(report: Report, colour: bool, width: int = 0) -> str:
    """What stays and why, and how much was done."""
    gone = len(report.of(Outcome.GONE))
    parts = [f"{count(len(report.of(Outcome.REMOVED)), 'lock')} removed", f"{len(report.kept)} kept"]
    parts += [f"{gone} gone before"] if gone else []
    parts += [f"{len(report.failed)} failed"] if report.failed else []
    kept = plan_table((), report.kept, colour, width)
    return "\n".join(([kept] if report.kept else []) + [", ".join(parts)])


def removal_line(verdict: Verdict, ids: Mapping[str, str]) -> str:
    """One lock in a sentence: `9cd2db65 (web1, PID 4209, root)`."""
    lock = verdict.file.lock
    name = ids.get(verdict.file.id, visible(verdict.file.id[:8]))
    if lock is None:
        return f"{name} (owner not known)"
    return f"{name} ({visible(lock.hostname, LONGEST_NAME)}, PID {lock.pid}, {visible(lock.username, LONGEST_NAME)})"


def lock_rows(verdicts: Sequence[Verdict], held: Container[str], whole_ids: bool = False) -> list[Row]:
    """A row for each lock, as `lock_table` shows them."""
    names = [verdict.file.id for verdict in verdicts]
    ids = {name: visible(name) for name in names} if whole_ids else short_ids(names)
    return [{**_row(verdict, ids), "WHY": _why(verdict, held)} for verdict in verdicts]


def _why(verdict: Verdict, held: Container[str]) -> str:
    why = visible(verdict.why, LONGEST_WHY)
    return f"{why}; {HELD}" if verdict.file.id in held else why


def _row(verdict: Verdict, ids: Mapping[str, str]) -> dict[str, str]:
    lock = verdict.file.lock
    return {
        "ID": ids[verdict.file.id],
        "HOST": visible(lock.hostname, LONGEST_NAME) if lock else "?",
        "PID": str(lock.pid) if lock else "?",
        "USER": visible(lock.username, LONGEST_NAME) if lock else "?",
        "KIND": ("exclusive" if lock.exclusive else "shared") if lock else "?",
        "AGE": describe_age(verdict),
        "STATE": verdict.state.value,
    }


def _plan_row(do: str, verdict: Verdict, ids: Mapping[str, str], why: str) -> Row:
    row = _row(verdict, ids)
    state = {"STATE": row.pop("STATE")}
    return {"DO": do, **row, "SEEN": describe_seen(verdict), **state, "WHY": visible(why, LONGEST_WHY)}
