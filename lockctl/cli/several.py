"""Several repositories in one run: opened together, each told by its name, and one exit status for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from lockctl.cli.choosing import choose, read_settings
from lockctl.cli.console import Console
from lockctl.cli.opening import find_access, start_deadline
from lockctl.cli.relaying import Relay
from lockctl.errors import Interrupted, LockctlError
from lockctl.render.harmless import visible
from lockctl.settings.address import show_address

if TYPE_CHECKING:
    from lockctl.cli.options import Common
    from lockctl.settings.access import Access
    from lockctl.settings.repositories import RepositorySettings
    from lockctl.survey.session import Session

T = TypeVar("T")
PARTLY = 3
LOCKS_REMAIN = 11


@dataclass(frozen=True, slots=True)
class Spoken(Relay):
    """What is said of one repository among several, on the console of all: each line has its name."""

    name: str = ""
    heading: list[str] = field(default_factory=list)
    """What stands above the first result, and is gone from here then."""
    said: set[str] = field(default_factory=set)
    """The warnings of all: what holds for every repository is said once."""

    def result_in_pieces(self, pieces: Iterable[str]) -> bool:
        """Below the heading."""
        while self.heading:
            self.inner.result(self.heading.pop())
        return self.inner.result_in_pieces(pieces)

    def warn(self, text: str) -> None:
        """With the name."""
        if text not in self.said:
            self.said.add(text)
            self.inner.warn(f"{self.name}: {text}")

    def detail(self, text: str) -> None:
        """With the name."""
        self.inner.detail(f"{self.name}: {text}")

    def note(self, text: str) -> None:
        """With the name."""
        self.inner.note(f"{self.name}: {text}")

    def fail(self, text: str) -> None:
        """With the name."""
        self.inner.fail(f"{self.name}: {text}")

    def news(self, text: str) -> None:
        """With the name."""
        self.inner.news(f"{self.name}: {text}")

    def confirm(self, question: str) -> bool:
        """With the name."""
        return self.inner.confirm(f"{self.name}: {question}")

    def ask_secret(self, what: str, otherwise: str) -> str:
        """With the name."""
        return self.inner.ask_secret(f"{what} ({self.name})", otherwise)

    def doing(self, text: str) -> None:
        """Of several at once that would be a flicker."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One repository of several, and what became of it: `session` is open until the next is asked for."""

    number: int
    name: str
    address: str
    console: Console
    session: Session | None
    error: LockctlError | None

    @property
    def shown(self) -> str:
        """The name, else the address."""
        return visible(self.name or self.address)

    @property
    def failure(self) -> LockctlError:
        """The error of one that has one."""
        return self.error or LockctlError("nothing is known of it")

    def fail(self, *, json: bool) -> int:
        """Tells the error of this one, and returns its exit status."""
        error = self.failure
        if json:
            from lockctl.render.as_json import dump, error_object

            text = dump(error_object(error, self.name, self.address))
            self.console.result(text)
        self.console.fail(str(error))
        return error.status


class Several:
    """The repositories that were chosen. `listen` makes what hears of each one, where that is not the console.

    Raises UsageError where options or configuration are wrong; what is wrong with one repository is its own error.
    """

    def __init__(
        self,
        common: Common,
        console: Console,
        listen: Callable[[RepositorySettings], Console] | None = None,
        trust_clock: str | None = None,
    ) -> None:
        self._common, self._console = common, console
        self._deadline = start_deadline(common)
        configuration = read_settings(console)
        self._policy = replace(configuration.policy, trust_clock=trust_clock)
        self._chosen = choose(common, configuration)
        self._voices = [(listen or speak_for(console))(settings) for settings in self._chosen]

    def visit(self, work: Callable[[Session], T]) -> Iterator[tuple[Seen, T | None]]:
        """Each as it is done, with what `work` found there: that is called in threads, each with another session."""
        found: list[tuple[int, Access]] = []
        for number in range(len(self._chosen)):
            access = self._find(number)
            if isinstance(access, Seen):
                yield access, None
            else:
                found.append((number, access))
        # Imported only now: what was wrong with the options is told without it.
        from lockctl.survey.fleet import Fleet

        def open_one(number: int) -> Session:
            return self._open(*found[number])

        fleet = Fleet([access.place for _, access in found], open_one, work, self._common.jobs)
        with closing(fleet.visits()) as visits, self._console.progressing():
            for done, visit in enumerate(visits, len(self._chosen) - len(found)):
                number, access = found[visit.number]
                self._console.progress(f"{done + 1} of {len(self._chosen)} repositories")
                place = access.place.shown
                yield Seen(number, access.name, place, self._voices[number], visit.session, visit.error), visit.found

    def _find(self, number: int) -> Access | Seen:
        settings, voice = self._chosen[number], self._voices[number]
        try:
            return find_access(settings, self._policy, self._common, voice, self._deadline)
        except Interrupted:
            raise
        except LockctlError as error:
            return Seen(number, settings.name, show_address(settings.address), voice, None, error)

    def _open(self, number: int, access: Access) -> Session:
        from lockctl.survey.headstart import take_head_start
        from lockctl.survey.session import Session

        return Session(access, self._deadline, self._voices[number], take_head_start(access))


def speak_for(console: Console, *, headed: bool = False) -> Callable[[RepositorySettings], Console]:
    """Makes what speaks for each repository. `headed`: its name stands above its results."""
    said: set[str] = set()

    def speak(settings: RepositorySettings) -> Console:
        name = visible(settings.shown)
        heading = [f"{name}:"] if headed else []
        return Spoken(console.quiet, console.verbose, console.colour, console, name, heading, said)

    return speak


def common_status(statuses: Iterable[int]) -> int:
    """One exit status for all: that of each where they agree, else that it was done in part."""
    found = set(statuses)
    if found == {0, LOCKS_REMAIN}:
        return LOCKS_REMAIN
    return found.pop() if len(found) == 1 else PARTLY
