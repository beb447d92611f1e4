"""What a run of removals says: its plan, its question, what it did."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from lockctl.cli.console import Console
from lockctl.cli.signals import SIGNALS
from lockctl.errors import Declined, Interrupted
from lockctl.removal.plan import Plan
from lockctl.removal.report import Report
from lockctl.render import as_json, table
from lockctl.render.words import count


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells of one run; see `removal.run.Attendant`. `schema` is that of its JSON."""

    console: Console
    schema: str
    json: bool

    def shield(self) -> AbstractContextManager[None]:
        """A signal waits until the step is done."""
        return SIGNALS.removing()

    def waiting(self) -> None:
        """Says so."""
        self.console.note("waiting for another lockctl on this machine that is removing locks")

    def plan(self, plan: Plan) -> None:
        """A dry run: what would be done."""
        if self.json:
            self.console.result_in_pieces(as_json.dump_plan(plan, self.schema))
            return
        if plan.steps or plan.kept:
            self.console.result(self._table(plan))
        said = f"dry run: {count(len(plan.steps), 'lock')} would be removed, {len(plan.kept)} kept"
        self.console.result(said)

    def ask(self, plan: Plan) -> None:
        """One question for the whole plan, which says how much of it rests on the clocks of others. Raises Declined."""
        (self.console.note if self.json else self.console.result)(self._table(plan))
        if not self.console.confirm(table.plan_question(plan)):
            raise Declined("nothing was removed: the answer was no")

    def report(self, report: Report) -> bool:
        """What was removed is told once, whatever comes meanwhile; `exit_status` tells of a signal."""
        console = self.console
        with suppress(Interrupted), SIGNALS.shield():
            if self.json:
                console.result_in_pieces(as_json.dump_report(report, self.schema))
            else:
                for line in table.removal_lines(report):
                    console.result(line)
                if not console.quiet:
                    console.result(table.report_summary(report, console.colour, console.width()))
            for line in (*table.removal_lines(report), *table.lines_for_a_person(report)):
                console.news(line)
            for line in table.failure_lines(report):
                console.fail(line)
            if report.forgetful:
                said = "locks wait to be seen here for long enough, and no earlier run is remembered"
                console.warn(f"{said}: {report.forgetful}")
        return not SIGNALS.received

    def _table(self, plan: Plan) -> str:
        return table.plan_table(plan.steps, plan.kept, self.console.colour, self.console.width())

    def exit_status(self, report: Report) -> int:
        """The run's own, or that of a signal, which is told where the report did not tell it."""
        if not SIGNALS.received:
            return report.status
        interrupted = Interrupted(SIGNALS.received)
        if report.stopped is None:
            self.console.fail(str(interrupted))
        return interrupted.status
