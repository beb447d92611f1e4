"""`watch --log`: what a log that is followed tells, as lines beside the events of the share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lockctl.cli.tailing import Tail

if TYPE_CHECKING:
    from lockctl.survey.values import Survey


class LogFollower:
    """Follows one log. Use `close` at the end."""

    def __init__(self, path: str) -> None:
        """Raises UsageError where it cannot be followed."""
        from lockctl.diagnosis.logs.runs import LogReader
        from lockctl.diagnosis.logs.troubles import Troubles

        self._tail = Tail(path)
        self._reader = LogReader()
        self._troubles = Troubles()
        # What ended before is past; what goes on is told.
        list(self._reader.feed(self._tail.read()))

    def lines(self, survey: Survey, *, json: bool = False) -> list[str]:
        """What is new in the log, by what the share shows now."""
        from lockctl.diagnosis.logs.whereabouts import Known
        from lockctl.render.as_json import dump
        from lockctl.render.stories import trouble_line, trouble_object

        ended = list(self._reader.feed(self._tail.read()))
        troubles = self._troubles.note(ended, self._reader.open_runs, Known(survey))
        if json:
            return [dump(trouble_object(trouble, survey)) for trouble in troubles]
        return [trouble_line(trouble, survey.clocks.local) for trouble in troubles]

    def close(self) -> None:
        """Lets go of the log."""
        self._tail.close()
