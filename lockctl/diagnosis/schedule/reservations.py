"""Reservations: what an advice rests on, what it leaves out, and what has to be looked at beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lockctl.diagnosis.findings import Certainty, Finding, Weight
from lockctl.diagnosis.schedule.advice import LEFT_DAYS, MANY_LEFT, Advice
from lockctl.diagnosis.schedule.habits import LEAST_RUNS, Unplanned
from lockctl.diagnosis.schedule.phrases import name_host, name_hosts, zone
from lockctl.diagnosis.schedule.runs import End

_LEFT_TOLD = 4


def find_reservations(advice: Advice) -> Iterator[Finding]:
    """In the order in which they matter."""
    for part in (_exclusive_now, _own, _left, _old_restic, _unplanned, _clocks, _ends, _files):
        yield from part(advice)


def _exclusive_now(advice: Advice) -> Iterator[Finding]:
    for verdict in advice.survey.verdicts:
        lock = verdict.file.lock
        if lock is not None and lock.exclusive:
            yield Finding(
                "exclusive-now",
                Weight.ACT if verdict.removable else Weight.NOTE,
                f"{name_host(lock.hostname)} holds an exclusive lock now, {verdict.state.value}.",
                "No backup can start while it stands.",
                "Look at it with 'lockctl show', and remove it with 'lockctl prune'." if verdict.removable else "",
                Certainty.CERTAIN,
                (verdict.file.id,),
            )


def _own(advice: Advice) -> Iterator[Finding]:
    for one in advice.own:
        yield Finding(
            "own-repository",
            Weight.LOOK,
            f"{name_host(one.host)}: {one.why}.",
            "The others wait for it, or it for them.",
            f"Consider a repository of its own for {name_host(one.host)}. What it has in common with the others is "
            "stored twice then.",
            Certainty.POSSIBLE,
        )


def _left(advice: Advice) -> Iterator[Finding]:
    for one in advice.left[:_LEFT_TOLD]:
        often = one.removed + one.standing >= MANY_LEFT
        yield Finding(
            "locks-left-behind",
            Weight.LOOK if often else Weight.NOTE,
            f"{name_host(one.host)} left locks behind: {one.removed} were removed in the last {LEFT_DAYS} days, "
            f"{one.standing} stand now.",
            "Its restic is killed, or its machine sleeps, restarts or loses the network while it works.",
            "Let its backup run when it stays awake, and look why it ends early." if often else "",
            Certainty.CERTAIN,
        )


def _old_restic(advice: Advice) -> Iterator[Finding]:
    old = [host.host for host in advice.hosts if not host.source.has_retry_lock]
    if old:
        yield Finding(
            "old-restic",
            Weight.LOOK,
            f"Older than restic 0.16, by their snapshots: {name_hosts(old)}.",
            "Such a restic has no --retry-lock, and fails at once where it is given.",
            "Take a newer restic there, and leave --retry-lock away until then.",
            Certainty.LIKELY,
        )


def _unplanned(advice: Advice) -> Iterator[Finding]:
    texts = {
        Unplanned.TOO_FEW: ("too-few-runs", f"Fewer than {LEAST_RUNS} runs", "Nothing is said of them."),
        Unplanned.NO_FIXED_HOUR: (
            "no-fixed-hour",
            "At no fixed hour, or not as often at any",
            "They are not in the schedule: their --retry-lock has to do.",
        ),
        Unplanned.SILENT: ("silent", "No backup for three times the usual pause", "They are not in the schedule."),
    }
    for why, (code, seen, meaning) in texts.items():
        hosts = [host.host for host in advice.hosts if host.unplanned is why]
        if hosts:
            weight = Weight.LOOK if why is Unplanned.SILENT else Weight.NOTE
            todo = "Look whether they still make backups." if why is Unplanned.SILENT else ""
            yield Finding(code, weight, f"{seen}: {name_hosts(hosts)}.", meaning, todo, Certainty.CERTAIN)


def _clocks(advice: Advice) -> Iterator[Finding]:
    planned = [host for host in advice.hosts if host.habits]
    moving = [host.host for host in planned if len(host.source.offsets) > 1]
    offsets = {host.source.offsets[0] for host in planned}
    if len(offsets) > 1 or 0 < len(moving) < len(planned):
        whose = f" The clocks of {name_hosts(moving)} were put forward or back in this time." if moving else ""
        yield Finding(
            "time-zones",
            Weight.NOTE,
            f"The hosts' local times are {', '.join(zone(offset) for offset in sorted(offsets))}.{whose}",
            "Each host's times are its own local ones. Where only some put their clocks forward, the others move "
            "against them by an hour; no two such hosts are given the same minute where that can be avoided.",
            "",
            Certainty.CERTAIN,
        )


def _ends(advice: Advice) -> Iterator[Finding]:
    ends = advice.ends
    guessed, unknown = ends[End.FILE], ends[End.UNKNOWN]
    if not guessed and not unknown:
        return
    told = [f"For that of {guessed} stands the time of the snapshot's file."] if guessed else []
    told += [f"Of {unknown} only the start is known."] if unknown else []
    yield Finding(
        "ends-not-written",
        Weight.NOTE,
        f"restic wrote the end of {ends[End.SUMMARY]} of {advice.runs} runs. {' '.join(told)}",
        "restic 0.17 and newer write both. A run whose end is not known counts as short, so waits and overlaps may be "
        "longer than they stand here."
        if unknown
        else "restic 0.17 and newer write both.",
        "",
        Certainty.CERTAIN if not guessed else Certainty.LIKELY,
    )


def _files(advice: Advice) -> Iterator[Finding]:
    found = advice.found
    parts = [
        (found.beyond, "were not read, the oldest, because there are so many"),
        (found.damaged, "are damaged, or were just being written"),
        (found.unreadable, "could not be read"),
        (found.future, "are from the future, by the server's clock"),
        (advice.copied, "were copied here from elsewhere, or tagged without having a parent"),
    ]
    told = [f"{number:,} {what}" for number, what in parts if number]
    if advice.left_out:
        told.append(f"{advice.left_out:,} hosts with the fewest runs were left out")
    if told:
        yield Finding(
            "not-counted",
            Weight.LOOK if found.damaged or found.future else Weight.NOTE,
            f"Of {found.listed:,} snapshots {'; '.join(told)}.",
            "They count for nothing here.",
            "Look at them with 'restic snapshots' and 'restic check'." if found.damaged else "",
            Certainty.CERTAIN,
        )
