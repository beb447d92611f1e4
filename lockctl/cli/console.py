"""Where output goes: results to standard output, everything else to standard error; questions to a terminal only."""

from __future__ import annotations

import getpass
import os
import select
import shutil
import sys
import termios
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lockctl.errors import LockctlError, Unanswered, UsageError
from lockctl.render.harmless import visible

if TYPE_CHECKING:
    from lockctl.cli.status_line import StatusLine
    from lockctl.survey.values import Return


@dataclass(frozen=True, slots=True)
class Console:
    """The terminal, or what stands in for it. `quiet` silences notes, never results, warnings and errors."""

    quiet: bool = False
    verbose: bool = False
    colour: bool = False

    def result(self, text: str) -> bool:
        """A line of what was asked for. Whether anybody reads on."""
        return self.result_in_pieces((text,))

    def result_in_pieces(self, pieces: Iterable[str]) -> bool:
        """The same of a line that nobody needs to hold whole."""
        try:
            with _status_line().aside():
                sys.stdout.writelines(pieces)
                sys.stdout.write("\n")
                sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read has seen enough. The work goes on, and its exit status counts.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return False
        except OSError as error:
            raise LockctlError(f"cannot write the output: {error.strerror}") from error
        return True

    @staticmethod
    def is_read() -> bool:
        """Whether anybody still reads standard output: a pipe whose other end was closed is not read."""
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return not any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))

    @staticmethod
    def shows(text: str) -> bool:
        """Whether standard output's encoding has all of these characters."""
        try:
            text.encode(sys.stdout.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def note(self, text: str) -> None:
        """Something that is good to know, where there is something."""
        if text and not self.quiet:
            self._say(text)

    def tell(self, text: str) -> None:
        """A line that was kept back, as it is."""
        self._say(text)

    def detail(self, text: str) -> None:
        """What only `--verbose` shows."""
        if self.verbose:
            self._say(f"lockctl: {text}")

    def progress(self, text: str) -> None:
        """One line on a terminal that the next one replaces; an empty text removes it."""
        if self._shows_status():
            _status_line().tell(visible(text))

    def doing(self, text: str) -> None:
        """What is waited for from now on: a terminal shows it where that takes its time. An empty text ends it."""
        if self._shows_status():
            _status_line().wait_for(visible(text))

    def _shows_status(self) -> bool:
        return not self.quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    @staticmethod
    def width() -> int:
        """Columns of the terminal that standard output is; 0 where it is none, and nothing has to fit."""
        return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0

    @contextmanager
    def progressing(self) -> Iterator[None]:
        """Removes the line of progress at the end, however that comes."""
        try:
            yield
        finally:
            self.progress("")

    def warn(self, text: str) -> None:
        """Something that is wrong, and did not end the run. What it quotes of others does no harm here."""
        self._say(f"lockctl: warning: {visible(text)}")

    def returned(self, one: Return) -> None:
        """The owner of a lock that was removed was alive: nothing is more important to know."""
        from lockctl.render.table import removal_line

        record = one.record
        self.fail(
            f"ERROR: the owner of lock {record.removed.id[:8]}, which was removed at {record.at[:19]}Z, was alive: "
            f"it came back as {removal_line(one.verdict, {})}. Check what ran meanwhile: 'restic check'"
        )

    def news(self, text: str) -> None:
        """What people want to hear of who do not look at the output. It has been said already."""

    def fail(self, text: str) -> None:
        """What ended the run."""
        self._say(f"lockctl: {visible(text)}")

    def confirm(self, question: str) -> bool:
        """Whether a person says yes. Raises Unanswered where there is no terminal to ask on."""
        return self.ask(f"{question} [y/N]", "Add --yes to remove without asking").lower() in ("y", "yes")

    def ask(self, question: str, otherwise: str = "Run it at a terminal") -> str:
        """What a person answers. Raises Unanswered where there is no terminal to ask on."""
        if not has_terminal():
            raise Unanswered("nobody is there to answer: this is no terminal", otherwise)
        with suppress(termios.error):
            termios.tcflush(sys.stdin, termios.TCIFLUSH)  # what was typed before is no answer to this
        with _status_line().aside():
            sys.stderr.write(f"{question} ")
            sys.stderr.flush()
        answer = ""
        try:
            answer = sys.stdin.readline()
        finally:
            if not answer.endswith("\n"):
                self._say("")  # what comes next starts a line of its own
        return answer.strip()

    def ask_secret(self, what: str, otherwise: str) -> str:
        """A password, typed unseen. Raises UsageError, with what to do otherwise, where there is no terminal."""
        if not has_terminal():
            raise UsageError(f"no {what} was given, and nobody is there to ask", otherwise)
        return getpass.getpass(f"{what[0].upper()}{what[1:]}: ")

    def _say(self, text: str) -> None:
        # Where errors cannot be told, the exit status still does.
        with suppress(OSError), _status_line().aside():
            sys.stderr.write(text + "\n")
            sys.stderr.flush()


def _status_line() -> StatusLine:
    # Imported only when something is written: the key is being derived by then.
    from lockctl.cli.status_line import STATUS_LINE

    return STATUS_LINE


def has_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def wants_colour(environment: Mapping[str, str]) -> bool:
    """Whether standard output is a terminal with colours, and NO_COLOR (no-color.org) is not set."""
    return sys.stdout.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
