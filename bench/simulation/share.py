"""Plays one share: its machines are drawn, and then its clients work on it."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from bench.simulation.clients import play_host
from bench.simulation.clocks import DAY, HOUR, MINUTE
from bench.simulation.files import Owner
from bench.simulation.history import History
from bench.simulation.machines import ON_JUDGE, Host, draw_hosts, draw_judge, draw_server


def play(seed: int, number: int, every: float, days: float) -> History:
    """Plays the share of that number. The same numbers give the same history."""
    random = Random(f"{seed}-{number}")
    span = days * DAY
    judge = draw_judge(random, span)
    server = draw_server(random, span, judge)
    moments = [(n + 1) * every + random.uniform(0, 5) for n in range(int(span / every) - 1)]
    away = [*server.down, *((boot - MINUTE, boot + 2 * MINUTE) for boot in judge.boots)]
    moments = [moment for moment in moments if not any(begin <= moment < end for begin, end in away)]
    history = History(random, span, moments, server, judge, draw_hosts(random, span, judge))
    history.arrivals = [[] for _ in moments]
    history.changes = [0.0] * len(moments)
    for host in history.hosts:
        play_host(history, host)
    if random.random() < 0.15:
        _copy(history)
    return history


def _copy(history: History) -> None:
    """The repository is copied onto this share, with the locks that stood there."""
    moment = history.random.uniform(0, history.span / 2)
    written = moment - history.random.uniform(MINUTE, 20 * DAY)
    for number, host in enumerate(_elsewhere(history.hosts)):
        owner = Owner(host, f"elsewhere{number}", 700 + number, "0.16", False)
        history.copy_in(owner, moment, written - history.random.uniform(0, HOUR))


def _elsewhere(hosts: Iterable[Host]) -> list[Host]:
    return [host for host in hosts if host.place not in ON_JUDGE][:6]
