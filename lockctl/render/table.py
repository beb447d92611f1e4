"""Surveys, plans and the journal as tables for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil

from tabulate import tabulate

from lockctl.clock.duration import describe_duration
from lockctl.liveness.evidence import State, Verdict
from lockctl.removal.plan import NOT_ASKED_FOR, Kept, Plan
from lockctl.removal.report import Report, Result, gather
from lockctl.render.harmless import visible
from lockctl.render.words import count, describe_age, describe_seen, describe_wait, paint, short_ids
from lockctl.state.records import Outcome, Record
from lockctl.survey.values import Survey

HOST_WIDTH = 24
USER_WIDTH = 16
WHY_WIDTH = 72
_NAMED = 3
"""Locks that are named where more block the same work."""

Row = dict[str, object]


def lock_table(
    verdicts: Sequence[Verdict],
    colour: bool,
    wide: bool = False,
    format_name: str = "plain",
    why_width: int = WHY_WIDTH,
) -> str:
    """The locks, one a line. `wide` shows whole ids and names."""
    ids = {v.file.id: visible(v.file.id) for v in verdicts} if wide else short_ids(v.file.id for v in verdicts)
    rows = [_row(verdict, ids, colour, wide, why_width) for verdict in verdicts]
    return _tabulate(rows, format_name)


def plan_table(steps: Sequence[Verdict], kept: Sequence[Kept], colour: bool) -> str:
    """What a prune would do with each lock, and why."""
    ids = short_ids([v.file.id for v in steps] + [k.verdict.file.id for k in kept])
    rows = [_plan_row("remove", verdict, ids, colour, verdict.why) for verdict in steps]
    asked_for = [one for one in kept if one.why != NOT_ASKED_FOR]
    rows += [_plan_row("keep", one.verdict, ids, colour, describe_kept(one)) for one in asked_for]
    others = len(kept) - len(asked_for)
    lines = [_tabulate(rows, "plain")] if rows else []
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


def can_run(survey: Survey) -> str:
    """What restic could start now, and which locks keep the rest from starting."""
    free = [work for work, ids in survey.blocked.items() if not ids]
    lines = [f"can run now: {', '.join(free)}"] if free else []
    names = _name_holders(survey)
    groups: dict[tuple[str, ...], list[str]] = {}
    for work, ids in survey.blocked.items():
        if ids:
            groups.setdefault(tuple(ids), []).append(work)
    for blockers, works in groups.items():
        holders = ", ".join(names(blocker) for blocker in blockers[:_NAMED])
        more = f" and {len(blockers) - _NAMED} more" if len(blockers) > _NAMED else ""
        lines.append(f"blocked: {', '.join(works)}, by {holders}{more}")
    return "\n".join(lines)


def history_table(records: Sequence[Record]) -> str:
    """What was removed, when, from where, why and by whom."""
    ids = short_ids(record.removed.id for record in records)
    rows: list[Row] = []
    for record in records:
        lock = record.removed.lock or {}
        rows.append(
            {
                "WHEN": visible(record.at[:19]) + "Z",
                "ID": ids[record.removed.id],
                "HOST": visible(str(lock.get("hostname", "?")), HOST_WIDTH),
                "PID": visible(str(lock.get("pid", "?")), USER_WIDTH),
                "OUTCOME": visible(describe_outcome(record)),
                "STATE": visible(record.removed.state, USER_WIDTH),
                "WHY": visible(record.removed.reason, WHY_WIDTH),
                "BY": visible(f"{record.by.get('user')}@{record.by.get('hostname')}", HOST_WIDTH),
                "REPOSITORY": visible(record.origin.address, WHY_WIDTH),
            }
        )
    return _tabulate(rows, "plain")


def describe_outcome(record: Record) -> str:
    """What became of an intent, in a word or a few."""
    outcome = record.outcome.value if record.outcome is not None else "not finished"
    if record.returned_as is not None:
        outcome += f", owner came back as {record.returned_as[:8]}"
    return f"{outcome}, restored" if record.restored_at is not None else outcome


def removal_lines(report: Report) -> list[str]:
    """What was removed, a line each."""
    ids = short_ids(verdict.file.id for verdict in report.survey.verdicts)
    removed = report.of(Outcome.REMOVED)
    lines = [f"removed {removal_line(r.verdict, ids)}: {visible(r.verdict.why, 2 * WHY_WIDTH)}" for r in removed]
    if any(r.verdict.file.lock is not None and r.verdict.file.lock.exclusive for r in removed):
        # A prune that was cut off leaves packs and indexes that do not fit.
        lines.append("an exclusive lock was removed: what held it did not end by itself, so 'restic check' is due")
    return lines


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


def report_summary(report: Report, colour: bool) -> str:
    """What stays and why, and how much was done."""
    gone = len(report.of(Outcome.GONE))
    parts = [f"{count(len(report.of(Outcome.REMOVED)), 'lock')} removed", f"{len(report.kept)} kept"]
    parts += [f"{gone} gone before"] if gone else []
    parts += [f"{len(report.failed)} failed"] if report.failed else []
    kept = plan_table((), report.kept, colour)
    return "\n".join(([kept] if report.kept else []) + [", ".join(parts)])


def removal_line(verdict: Verdict, ids: Mapping[str, str]) -> str:
    """One lock in a sentence: `9cd2db65 (web1, PID 4209, root)`."""
    lock = verdict.file.lock
    name = ids.get(verdict.file.id, visible(verdict.file.id[:8]))
    if lock is None:
        return f"{name} (owner not known)"
    return f"{name} ({visible(lock.hostname, HOST_WIDTH)}, PID {lock.pid}, {visible(lock.username, USER_WIDTH)})"


def _name_holders(survey: Survey) -> Callable[[str], str]:
    ids = short_ids(verdict.file.id for verdict in survey.verdicts)
    locks = {verdict.file.id: verdict.file.lock for verdict in survey.verdicts}

    def name(id_: str) -> str:
        lock = locks[id_]
        return f"{ids[id_]} ({visible(lock.hostname, HOST_WIDTH)})" if lock is not None else ids[id_]

    return name


def _row(verdict: Verdict, ids: Mapping[str, str], colour: bool, wide: bool, why_width: int = WHY_WIDTH) -> Row:
    lock = verdict.file.lock
    cut: Callable[[str, int], str] = (lambda text, _: visible(text)) if wide else visible
    return {
        "ID": ids[verdict.file.id],
        "HOST": cut(lock.hostname, HOST_WIDTH) if lock else "?",
        "PID": lock.pid if lock else "?",
        "USER": cut(lock.username, USER_WIDTH) if lock else "?",
        "KIND": ("exclusive" if lock.exclusive else "shared") if lock else "?",
        "AGE": describe_age(verdict),
        "STATE": paint(verdict.state, colour),
        "WHY": cut(verdict.why, why_width),
    }


def _plan_row(do: str, verdict: Verdict, ids: Mapping[str, str], colour: bool, why: str) -> Row:
    row = _row(verdict, ids, colour, False)
    last = {"STATE": row.pop("STATE"), row.popitem()[0]: visible(why, 2 * WHY_WIDTH)}
    return {"DO": do, **row, "SEEN": describe_seen(verdict), **last}


def _tabulate(rows: Sequence[Row], format_name: str) -> str:
    if format_name == "github":
        # A name must not end its cell, nor start a tag.
        rows = [{key: str(cell).replace("|", "\\|").replace("<", "&lt;") for key, cell in row.items()} for row in rows]
    return tabulate(rows, headers="keys", tablefmt=format_name, disable_numparse=True)


def summary(survey: Survey) -> str:
    """`3 locks in smb://…`."""
    return f"{count(len(survey.verdicts), 'lock')} in {visible(survey.address)}"
