"""What `advise` says, for people: a table of the hosts' habits, the chart of their day, and what follows."""

from __future__ import annotations

from collections.abc import Iterator

from tabulate import tabulate

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.schedule.advice import Advice
from lockctl.diagnosis.schedule.counsel import give_counsel
from lockctl.diagnosis.schedule.habits import Habit, HostHabits
from lockctl.diagnosis.schedule.placement import Placement
from lockctl.render.chart import Signs, describe_days, describe_starts, draw_chart
from lockctl.render.findings import findings_text
from lockctl.render.harmless import visible
from lockctl.render.words import count

_HOST_WIDTH = 20
_WIDTH = 79

Row = dict[str, str]


def advice_text(advice: Advice, signs: Signs, columns: int, colour: bool) -> str:
    """All of it; without a single run only that there is none."""
    head = _head(advice)
    told = findings_text(give_counsel(advice), _WIDTH, colour)
    if not advice.runs:
        return "\n".join([head, "nothing can be said without snapshots", "", told])
    table = tabulate(_rows(advice), headers="keys", tablefmt="plain", disable_numparse=True)
    return "\n".join([head, "", table, "", draw_chart(advice, signs, columns), "", told])


def _head(advice: Advice) -> str:
    found = advice.found
    span = describe_duration(round(found.now / 10**9) - found.since)
    older = f", {found.older:,} are older" if found.older else ""
    return (
        f"{count(len(advice.hosts) + advice.left_out, 'host')}, {count(advice.runs, 'run')} of the last {span} in "
        f"{visible(advice.survey.address)} ({count(found.listed, 'snapshot')}{older})"
    )


def _rows(advice: Advice) -> Iterator[Row]:
    proposed = {id(one.habit): one for one in advice.placements}
    for host in advice.hosts:
        for habit in host.habits:
            yield _habit_row(host, habit, proposed.get(id(habit)))
        if not host.habits:
            yield _row(host.host, len(host.runs), host.unplanned.value if host.unplanned is not None else "")


def _habit_row(host: HostHabits, habit: Habit, placement: Placement | None) -> Row:
    new = describe_starts(placement.starts, habit.every) if placement is not None else ""
    row = _row(host.host, habit.runs, describe_starts(habit.starts, habit.every))
    row["DAYS"] = describe_days(habit.weekdays)
    row["WITHIN"] = f"{max(1, habit.spread)} min"
    if habit.usual is not None and habit.longest is not None:
        rests = f" ({habit.timed})" if habit.timed != habit.runs else ""
        row["TAKES"] = describe_duration(habit.usual) + rests
        row["LONGEST"] = describe_duration(habit.longest)
    else:
        row["TAKES"] = "?"
    row["PROPOSED"] = new if placement is None or placement.shift else "as now"
    return row


def _row(host: str, runs: int, starts: str) -> Row:
    name = visible(host, _HOST_WIDTH) or "(no name)"
    empty = dict.fromkeys(("DAYS", "WITHIN", "TAKES", "LONGEST", "PROPOSED"), "")
    return {"HOST": name, "RUNS": str(runs), "STARTS": starts, **empty}
