"""Run: what one restic said, from its start to its end, in bounded memory. Which lines are one run's is told here."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from lockctl.diagnosis.logs.causes import cause_of
from lockctl.diagnosis.logs.events import Event, Holder, recognise
from lockctl.diagnosis.logs.lines import Line, Lines
from lockctl.diagnosis.logs.texts import BEGINS_LOCKED, Kind

_ENDS = {Kind.BREAKER, Kind.LOCKED, Kind.INVALID, Kind.UNAUTHENTIC, Kind.WRONG_PASSWORD, Kind.NO_REPOSITORY, Kind.FATAL}
"""What restic says last; what belongs to it may follow, and nothing else."""
_AFTER_END = {Kind.LOCK_AGE, Kind.LOCK_ID, Kind.UNLOCK_HINT, Kind.REMOVE_ALL_HINT, Kind.RCLONE, Kind.CUT_GET}
_STARTS = {Kind.OPENED, Kind.STARTED, Kind.BACKING_UP}
_BEFORE_OPENED = {Kind.STARTED, Kind.RETRIED, Kind.RECOVERED, Kind.RCLONE}
"""What a run may say before it has opened its repository."""
_MATTERS = 200
"""Kinds and locks that are kept of one run."""
_BEGINS_LOCKED = re.compile(BEGINS_LOCKED)
_MAX_HELD = 6
"""Lines of a message with the names of a lock in it."""
_SOURCES = 64
"""Programs whose runs are followed at the same time."""


@dataclass(slots=True)
class Matter:
    """One kind of event about one file, from the first to the last."""

    first: Event
    last: Event
    count: int = 1
    paused: float = 0.0
    """Seconds that restic said it would wait, all together."""

    @property
    def grew(self) -> bool:
        """Whether the file was longer than the listing had said, at first or in the end."""
        return self.first.grew or self.last.grew

    @property
    def seconds(self) -> float:
        """How long it lasted: by the log's own times, else by the pauses."""
        first, last = self.first.line.seconds, self.last.line.seconds
        if first is not None and last is not None and last >= first:
            return last - first
        return self.paused


@dataclass(slots=True)
class Run:
    """What one restic said, summed up."""

    source: str = ""
    repository: str = ""
    """The beginning of the repository's id, '' where the log does not say it."""
    matters: dict[tuple[Kind, str], Matter] = field(default_factory=dict)
    """By kind and lock, in the order of their first events."""
    is_ended: bool = False

    def has(self, kind: Kind) -> bool:
        """Whether it said something of this kind."""
        return any(key[0] is kind for key in self.matters)

    def of(self, kind: Kind) -> list[Matter]:
        """All that it said of this kind."""
        return [matter for key, matter in self.matters.items() if key[0] is kind]

    @property
    def is_saved(self) -> bool:
        """Whether it made its snapshot."""
        return self.has(Kind.SAVED)

    def has_recovered(self, lock: str) -> bool:
        """Whether it could read this lock after all."""
        return bool(lock) and any(key[0] is Kind.RECOVERED and key[1] == lock for key in self.matters)

    def add(self, event: Event) -> None:
        """Takes one more event."""
        self.repository = self.repository or event.repository
        self.is_ended = self.is_ended or event.kind in _ENDS
        subject = event.lock or cause_of(event.error) or (event.file_type and f"{event.action} {event.file_type}")
        key = (event.kind, subject)
        known = self.matters.get(key)
        if known is not None:
            known.last = event
            known.count += 1
            known.paused += event.pause
        elif len(self.matters) < _MATTERS:
            self.matters[key] = Matter(event, event, paused=event.pause)

    def begins_anew(self, event: Event) -> bool:
        """Whether this event is another run's."""
        if not self.matters:
            return False
        if self.is_ended:
            return event.kind not in _AFTER_END
        if event.kind is Kind.SAVED and self.is_saved:
            return True
        if event.kind is Kind.OPENED:
            return not {key[0] for key in self.matters} <= _BEFORE_OPENED
        # Locks are looked at before anything else is done.
        is_first = event.kind in (*_STARTS, *_ENDS, Kind.WAITING) or (
            event.action in ("Load", "Save") and event.file_type == "lock"
        )
        is_restart = event.kind is Kind.STARTED and self.has(Kind.BACKING_UP)
        return is_restart or (self.is_saved and is_first)


@dataclass(slots=True)
class LogReader:
    """Reads a log as it comes and tells each run when it has ended, or when the log has."""

    _lines: Lines = field(default_factory=Lines)
    _open: OrderedDict[str, Run] = field(default_factory=OrderedDict)
    _begun: dict[str, list[Line]] = field(default_factory=dict)
    """By program, the lines of a message that a newline in somebody's name has cut."""
    count: int = 0
    """Lines that were read."""

    @property
    def open_runs(self) -> tuple[Run, ...]:
        """Those that have said something, and whose end is not known yet."""
        return tuple(self._open.values())

    def feed(self, data: bytes) -> Iterator[Run]:
        """The runs that are known to have ended."""
        for line in self._lines.feed(data):
            yield from self._take(line)

    def end(self) -> Iterator[Run]:
        """The rest."""
        for line in self._lines.end():
            yield from self._take(line)
        for line in [line for held in self._begun.values() for line in held]:
            event = recognise(line)
            if event is not None:
                yield from self._add(event)
        self._begun.clear()
        yield from self._open.values()
        self._open.clear()

    def _take(self, line: Line) -> Iterator[Run]:
        self.count = line.number
        for joined in self._join(line):
            event = recognise(joined)
            if event is not None:
                yield from self._add(event)

    def _add(self, event: Event) -> Iterator[Run]:
        source = event.line.source
        run = self._open.get(source)
        if run is not None and run.begins_anew(event):
            yield self._open.pop(source)
            run = None
        if run is None:
            run = self._open[source] = Run(source)
        self._open.move_to_end(source)
        run.add(event)
        if len(self._open) > _SOURCES:
            yield self._open.popitem(last=False)[1]

    def _join(self, line: Line) -> list[Line]:
        """A name in a lock can hold newlines, and after them what looks like another message: it is all one.

        Where the end of such a message does not come soon, the line was cut, and all are taken as they are.
        """
        held = [*self._begun.pop(line.source, []), line]
        if not _BEGINS_LOCKED.match(held[0].text):
            return held
        whole = replace(held[0], text="\n".join(one.text for one in held))
        event = recognise(whole)
        if event is not None and event.kind is Kind.LOCKED:
            return [whole]
        if len(held) > _MAX_HELD or len(self._begun) >= _SOURCES:
            return held
        self._begun[line.source] = held
        return []


def holder_of(run: Run) -> tuple[Holder | None, str, float | None]:
    """Whom restic named as the holder of what blocked it, the beginning of the lock's id, and its age in seconds."""
    named = run.of(Kind.LOCKED)
    ids, ages = run.of(Kind.LOCK_ID), run.of(Kind.LOCK_AGE)
    holder = named[-1].last.holder if named else None
    return holder, ids[-1].last.lock if ids else "", ages[-1].last.pause if ages else None
