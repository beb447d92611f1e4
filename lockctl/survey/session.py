"""A session: one repository, as long as a run works on it, and what its looks share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import time_ns
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.clock.rfc3339 import format_moment
from lockctl.errors import JournalError, NoRepository
from lockctl.liveness.evidence import State
from lockctl.settings.access import Access
from lockctl.state.journal import Journal
from lockctl.state.recent import Recent
from lockctl.state.sightings import Sightings
from lockctl.survey.returns import find_returned, held_ids
from lockctl.survey.values import Look, Return, Survey
from lockctl.transport.base import Remover, Watch

if TYPE_CHECKING:
    from lockctl.liveness.probe import Answers
    from lockctl.repository.headstart import HeadStart
    from lockctl.repository.locks import Repository
    from lockctl.repository.snapshot import FoundSnapshots


IDLE_SECONDS = 600.0
"""After which a connection is made anew: Windows ends a session that was idle for a quarter of an hour."""


class Teller(Protocol):
    """Whoever is told what a session comes upon."""

    def detail(self, text: str) -> None:
        """What only those want to know who ask for it."""

    def warn(self, text: str) -> None:
        """Something that is wrong, and does not end the run."""

    def returned(self, one: Return) -> None:
        """The owner of a lock that was removed was alive."""

    def doing(self, text: str) -> None:
        """What is waited for from now on; an empty text ends it."""


class Session:
    """One repository. It is connected when it is first looked at, and anew where the connection was dropped since.

    Each look is remembered, and compared with the journal: an owner that came back is told to `teller`, whichever
    command looked. Use it in a `with`, which ends the connection.
    """

    def __init__(self, access: Access, deadline: Deadline, teller: Teller, head_start: HeadStart | None = None) -> None:
        """Connects to nothing. `head_start` is what `take_head_start` gave."""
        self.deadline = deadline
        self.address = access.place.shown
        self.name = access.name
        self.journal = Journal(access.state_folder)
        self.teller = teller
        self._access = access
        self._head_start = head_start
        self._sightings = Sightings(access.state_folder / "sightings")
        self._recent = Recent(access.state_folder)
        self._answers: Answers = {}
        self._told: set[str] = set()
        self._opened: tuple[Remover, Repository] | None = None
        self._used_at = boottime()
        self._has_looked = False

    def __enter__(self) -> Session:
        """The session itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drops the connection."""
        self.drop()

    def connect(self, deadline: Deadline | None = None) -> Remover:
        """The transport, connected where it is not yet, and with the key being derived.

        `deadline` is this connection's, without one the run's. Raises Unreachable's kinds, ShareRefused, NoRepository.
        """
        try:
            return self._open(deadline or self.deadline)[0]
        finally:
            self.teller.doing("")

    def drop(self) -> None:
        """Ends the connection, if there is one. The next look makes a new one."""
        if self._opened is not None:
            self._opened[0].close()
        self._opened = None

    def watch(self) -> Watch:
        """Watches locks/. Raises as `connect`, and as the transport's `watch`."""
        return self._open(self.deadline)[1].watch_locks()

    def look(self, *, anew: bool = False) -> Survey:
        """Looks, remembers what stands there, and judges; asks the probes of those about which there is doubt.

        `anew` asks each probe again, whatever it said a moment ago. Raises as `connect`, and WrongPassword, DamagedKey,
        DamagedConfig and the transport's errors.
        """
        try:
            _, repository = self._open(self.deadline)
            # Imported while the key is being derived, which takes longer.
            from lockctl.survey.observe import observe

            key = ", and deriving the key" if self._access.password is not None and not self._has_looked else ""
            self.teller.doing(f"reading the locks{key}")
            look = observe(repository, self._access.place.shown, self._access.policy.this_host)
            self._has_looked = True
            self._keep_key(repository)
            owned = ((one.id, one.lock.hostname if one.lock is not None else "") for one in look.files)
            self._recent.note(look.address, owned)
            return self.compare(replace(self._judge(look, anew), name=self.name))
        finally:
            self.teller.doing("")

    def find_snapshots(self, seconds: float, tell: Callable[[int, int], None]) -> FoundSnapshots:
        """The snapshots of the last `seconds`; `tell` hears how many of how many files were read.

        Raises as `look` does.
        """
        return self._open(self.deadline)[1].find_snapshots(seconds, tell)

    def _open(self, deadline: Deadline) -> tuple[Remover, Repository]:
        if boottime() - self._used_at > IDLE_SECONDS:
            self.drop()  # a question may have stood for long, and servers end what is idle
        self._used_at = boottime()
        if self._opened is None:
            # Imported while the key is being derived, which takes longer.
            from lockctl.transport.connect import connect

            place = self._access.place
            self.teller.doing(f"connecting to {place.shown}")
            transport = connect(place, deadline, self.teller.detail)
            try:
                self._opened = (transport, self._open_repository(transport, deadline))
            except BaseException as error:
                transport.close()
                if isinstance(error, NoRepository):
                    raise NoRepository(f"{place.shown}: {error}") from error
                raise
        return self._opened

    def _open_repository(self, transport: Remover, deadline: Deadline) -> Repository:
        from lockctl.repository.locks import open_metadata, open_repository

        password = self._access.password
        if password is None:
            return open_metadata(transport, deadline)
        return open_repository(transport, password, deadline, self._access.key_hint, self._head_start)

    def _keep_key(self, repository: Repository) -> None:
        if self._head_start is None:
            return
        try:
            self._head_start.keep(repository.key_file)
        except OSError as error:
            text = f"the key file was not kept for a faster start: {error.strerror}"
            self._tell_once(self.teller.detail, text)

    def _judge(self, look: Look, anew: bool) -> Survey:
        """A probe's answer is the same look, judged again."""
        from lockctl.liveness.probe import ask_probes
        from lockctl.survey.assess import assess

        policy = self._access.policy
        # The id alone does not do: a copy of a repository has the same one.
        memory, forgetful = self._sightings.note(f"{look.config.sha256}\n{look.address}", look.files, look.moment)
        survey = assess(look, memory, policy, forgetful=forgetful)
        doubted = [verdict.file for verdict in survey.verdicts if verdict.state is not State.ACTIVE]
        if policy.probes:
            self.teller.doing("asking whether the owners live")
        recent = {} if anew else self._answers
        answers = ask_probes(doubted, policy.probes, recent=recent, seconds=self.deadline.left())
        return assess(look, memory, policy, answers, forgetful=forgetful) if answers else survey

    def _tell_once(self, tell: Callable[[str], None], text: str) -> None:
        """However often this session looks."""
        if text not in self._told:
            self._told.add(text)
            tell(text)

    def compare(self, survey: Survey) -> Survey:
        """With the journal: who came back is told, and noted there; what was put back is held.

        Each look ends with this. Whoever closes an intent of the journal after that compares once more.
        """
        try:
            records = self.journal.records()
        except JournalError as error:
            self._tell_once(self.teller.warn, str(error))
            return survey
        for text in (*self.journal.warnings, *self.journal.damaged):
            self._tell_once(self.teller.warn, text)
        for one in find_returned(records, survey):
            self._tell_return(one)
        return replace(survey, held=held_ids(records, time_ns()))

    def _tell_return(self, one: Return) -> None:
        """Told first: a journal that cannot be written must not keep it back."""
        self._tell_once(lambda _: self.teller.returned(one), f"returned {one.record.key}")
        try:
            self.journal.note_returned(one.record.key, one.verdict.file.id, format_moment(time_ns()))
        except JournalError as error:
            self._tell_once(self.teller.warn, str(error))
