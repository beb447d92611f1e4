"""The proposal as lines for crontabs, and as units for systemd. Names and paths from snapshots are not trusted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from lockctl.clock.duration import describe_duration
from lockctl.diagnosis.findings import CURE
from lockctl.diagnosis.schedule.advice import Advice
from lockctl.diagnosis.schedule.habits import DAY, LEAST_RUNS, Habit, HostHabits
from lockctl.diagnosis.schedule.phrases import clock_time, retry_option, zone
from lockctl.diagnosis.schedule.placement import Placement
from lockctl.render.chart import describe_starts
from lockctl.render.harmless import visible
from lockctl.render.words import count

_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/._+@:,= -]*")
"""A path that needs no more than quotes in a crontab (where % is a newline), in a shell and in a unit."""
_MOST_PATHS = 500
"""Characters of all paths: some crons read no longer lines than a thousand."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NAME_WIDTH = 64
_HEAD = (
    "# Proposed by lockctl advise. All times are the local times of the hosts that they are for.",
    "# Keep what your commands have beside this: passwords, tags, excludes. PATHS stands for what is not known here.",
    f"# Where a host reaches the repository through rclone, its restic needs {CURE}",
)


def crontab(advice: Advice) -> str:
    """A line for each host's crontab, each below a comment that names the host and says what it comes from."""
    lines = [*_HEAD, *_none(advice)]
    for host, placements in _by_host(advice):
        lines.append("")
        for one in placements:
            lines += _comments(host, one)
            lines += [f"{fields} {_command(host, advice)}" for fields in _cron_fields(one)]
    lines += ["", _prune_comment(advice)]
    if advice.window is not None:
        minute = _prune_minute(advice)
        lines.append(f"{minute % 60} {minute // 60} * * 0 restic prune{_retry(advice)}")
    return "\n".join(lines)


def timers(advice: Advice) -> str:
    """A timer and a service for each host, each below a comment that names its file."""
    lines = [*_HEAD, *_none(advice)]
    for host, placements in _by_host(advice):
        name = visible(host.host, _NAME_WIDTH)
        times = [text for one in placements for text in calendars(one)]
        comments = [line for one in placements for line in _comments(host, one)]
        if times:
            lines += ["", *comments, *_timer(name, "restic-backup", times)]
            lines += _service(name, "restic-backup", f"/usr/bin/{_command(host, advice)}")
        else:
            lines += ["", *comments]
    lines += ["", _prune_comment(advice)]
    if advice.window is not None:
        lines += _timer("one host", "restic-prune", [f"Sun *-*-* {clock_time(_prune_minute(advice))}:00"])
        lines += _service("one host", "restic-prune", f"/usr/bin/restic prune{_retry(advice)}")
    return "\n".join(lines)


def calendars(one: Placement) -> Iterator[str]:
    """OnCalendar= for each minute of the hour at which it starts (systemd.time(7)); nothing where its days are none."""
    if not one.weekdays:
        return
    days = "" if len(one.weekdays) == 7 else ",".join(_DAYS[day] for day in one.weekdays) + " "
    for minute, hours in _by_minute(one.starts):
        shown = "*" if len(hours) == 24 else ",".join(f"{hour:02}" for hour in hours)
        yield f"{days}*-*-* {shown}:{minute:02}:00"


def _prune_comment(advice: Advice) -> str:
    if advice.window is None:
        advised = f"; give it{_retry(advice)}" if advice.retry is not None else ""
        return f"# prune: no time of the day is known to be free of backups{advised}"
    return f"# prune: on one host whose local time is {zone(advice.offset)}; see what your 'forget' keeps"


def _prune_minute(advice: Advice) -> int:
    """Of the day by which most hosts go."""
    return 0 if advice.window is None else (advice.window.start + advice.offset // 60) % DAY


def _none(advice: Advice) -> Iterator[str]:
    if not advice.placements:
        yield f"# Nothing to propose: no host has run {LEAST_RUNS} times or more at a fixed hour."


def _timer(host: str, name: str, times: Sequence[str]) -> Iterator[str]:
    yield f"# {host}: /etc/systemd/system/{name}.timer"
    yield from ("[Unit]", f"Description=When {name.replace('-', ' ')} runs", "", "[Timer]")
    yield from (f"OnCalendar={time}" for time in times)
    # systemd would let it start up to a minute late, beside another host.
    yield from ("AccuracySec=1s", "Persistent=true", "", "[Install]", "WantedBy=timers.target", "")


def _service(host: str, name: str, command: str) -> Iterator[str]:
    yield f"# {host}: /etc/systemd/system/{name}.service"
    yield from ("[Unit]", f"Description={name.replace('-', ' ')}")
    yield from ("Wants=network-online.target", "After=network-online.target", "")
    yield from ("[Service]", "Type=oneshot", f"ExecStart={command}")


def _by_host(advice: Advice) -> Iterator[tuple[HostHabits, list[Placement]]]:
    for host in advice.hosts:
        placements = [one for one in advice.placements if one.habit.host == host.host]
        if placements:
            yield host, placements


def _comments(host: HostHabits, one: Placement) -> list[str]:
    habit = one.habit
    new, old = (describe_starts(starts, habit.every) for starts in (one.starts, habit.starts))
    instead = f", instead of {old}" if one.shift else ", as now"
    lines = [f"# {visible(host.host, _NAME_WIDTH)}: {new}{instead}; {_lengths(habit)}"]
    if not habit.weekdays:
        lines.append("#   it runs on no fixed days of the week: keep its days, and take this hour")
    if not host.source.has_retry_lock:
        lines.append("#   its restic is older than 0.16, or does not tell: without --retry-lock, which it may not know")
    return lines


def _lengths(habit: Habit) -> str:
    if habit.usual is None or habit.longest is None:
        return f"how long it takes is not known ({count(habit.runs, 'run')})"
    usual, longest = describe_duration(habit.usual), describe_duration(habit.longest)
    return f"it takes {usual}, {longest} at most ({count(habit.timed, 'run')})"


def _cron_fields(one: Placement) -> Iterator[str]:
    """The five fields of crontab(5), for each set of hours; nothing where its days are none of the week."""
    if not one.weekdays:
        return
    days = (
        "*" if len(one.weekdays) == 7 else ",".join(str(day) for day in sorted((day + 1) % 7 for day in one.weekdays))
    )
    lines: dict[tuple[int, ...], list[int]] = {}
    for minute, hours in _by_minute(one.starts):
        lines.setdefault(tuple(hours), []).append(minute)
    for together, minutes in lines.items():
        shown = "*" if len(together) == 24 else ",".join(map(str, together))
        yield f"{','.join(map(str, minutes))} {shown} * * {days}"


def _by_minute(starts: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Each minute of the hour, and the hours in which it is one of the starts."""
    for minute in sorted({start % 60 for start in starts}):
        yield minute, sorted(start // 60 for start in starts if start % 60 == minute)


def _command(host: HostHabits, advice: Advice) -> str:
    paths = host.source.paths
    known = paths and all(_PLAIN_PATH.fullmatch(path) for path in paths) and sum(map(len, paths)) <= _MOST_PATHS
    shown = " ".join(shlex.quote(path) for path in paths) if known else "PATHS"
    return f"restic backup{_retry(advice, host.habits) if host.source.has_retry_lock else ''} {shown}"


def _retry(advice: Advice, habits: Sequence[Habit] = ()) -> str:
    """No longer than until the same host's next turn."""
    if advice.retry is None:
        return ""
    most = min([advice.retry.seconds, *(habit.every * 60 for habit in habits if habit.every is not None)])
    return f" --retry-lock {retry_option(most)}"
