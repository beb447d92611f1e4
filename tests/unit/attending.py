"""Whoever attends a run of removals, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lockctl.removal.plan import Plan, Wish
from lockctl.removal.report import Report
from lockctl.removal.run import carry_out, prepare
from lockctl.survey.session import Session


class Attendant:
    """Keeps what it is told. `on_shield`, `on_waiting` and `on_report` are what happens then."""

    def __init__(
        self,
        on_shield: Callable[[], None] | None = None,
        on_waiting: Callable[[], None] | None = None,
        on_report: Callable[[], object] = lambda: None,
        goes_on: bool = True,
    ) -> None:
        self.reports: list[Report] = []
        self.waited = 0
        self._on_shield = on_shield
        self._on_waiting = on_waiting
        self._on_report = on_report
        self._goes_on = goes_on

    @contextmanager
    def shield(self) -> Iterator[None]:
        yield
        if self._on_shield is not None:
            self._on_shield()

    def waiting(self) -> None:
        self.waited += 1
        if self._on_waiting is not None:
            self._on_waiting()

    def report(self, report: Report) -> bool:
        self.reports.append(report)
        self._on_report()
        return self._goes_on


def run(session: Session, attendant: Attendant | None = None, plan: Plan | None = None) -> Report:
    """As a person who says yes."""
    return carry_out(session, plan or prepare(session, Wish()), attendant or Attendant())
