"""Runs the real command line as a process, without a terminal or at a terminal of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.lab.processes import LabError
from tests.lab.restic import Repository
from tests.promise import assert_promised

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "lockctl")
SECONDS = 60.0
QUESTION = "[y/N] "
CTRL_C, CTRL_D = "\x03", "\x04"

Target = Repository | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Done:
    """How a run ended. At a terminal all output is in `stdout`, with plain newlines."""

    status: int
    stdout: str
    stderr: str = ""
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """Everything that was said."""
        return self.stdout + self.stderr

    @property
    def json(self) -> Any:
        """The one object on standard output."""
        return json.loads(self.stdout)


def state_of(repository: Repository) -> Path:
    """The state folder that runs use where nothing else is said: beside the repository."""
    return repository.path.with_name(f"{repository.path.name}.state")


def environment(target: Target, state_dir: Path | None = None) -> dict[str, str]:
    """The environment of a run."""
    variables = target.env if isinstance(target, Repository) else dict(target)
    if state_dir is None and isinstance(target, Repository):
        state_dir = state_of(target)
    if state_dir is not None:
        variables["LOCKCTL_STATE_DIR"] = str(state_dir)
    return {"TERM": "xterm", **variables}


def smb_environment(repository: Repository, **changes: str) -> dict[str, str]:
    """The environment of a user who gives lockctl's own form of the address, without rclone."""
    variables = {name: value for name, value in repository.env.items() if not name.startswith("RCLONE_")}
    variables["LOCKCTL_STATE_DIR"] = str(state_of(repository))
    variables["RESTIC_REPOSITORY"] = repository.smb_address
    variables["LOCKCTL_SMB_PASSWORD"] = repository.samba.password
    return {**variables, **changes}


def lockctl(
    target: Target,
    *args: str,
    stdin: str = "",
    tty: bool = False,
    state_dir: Path | None = None,
    seconds: float = SECONDS,
    before_answer: Callable[[], object] | None = None,
    typed_first: str = "",
    command: Sequence[str] = COMMAND,
) -> Done:
    """Run lockctl to its end. With `tty` it runs at a terminal, and a line of `stdin` is typed whenever it asks.

    `before_answer` is called while the question stands there, `typed_first` is typed before anything is asked.
    `command` starts it, where that is to be in some other way.
    """
    variables = environment(target, state_dir)
    begun = time.monotonic()
    if tty:
        done = _run_at_terminal([*command, *args], variables, _Person(stdin, before_answer, typed_first), seconds)
    else:
        ended = subprocess.run(
            [*command, *args],
            env=variables,
            cwd=ROOT,
            input=stdin.encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
        done = Done(ended.returncode, ended.stdout.decode(), ended.stderr.decode(), time.monotonic() - begun)
    assert "Traceback" not in done.text, done.text
    if "--json" in args and not tty and "run" not in args:
        assert_promised(done.stdout)
    return done


def start(target: Target, *args: str, state_dir: Path | None = None) -> subprocess.Popen[str]:
    """Start lockctl; the caller waits for its end."""
    return subprocess.Popen(
        [*COMMAND, *args],
        env=environment(target, state_dir),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Process(Protocol):
    """A lockctl at work: what `start` started, or what behaves like it."""

    @property
    def pid(self) -> int:
        """Its process id."""

    def send_signal(self, number: int, /) -> None:
        """Signals it, unless it was waited for."""

    def kill(self) -> None:
        """Ends it hard."""

    def wait(self, timeout: float | None = None) -> int:
        """Its status once it has ended; negative where a signal ended it."""

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:  # noqa: A002
        """Its output and errors once it has ended."""


def finish(process: Process, seconds: float = SECONDS) -> Done:
    """Wait for the end of what `start` started; kill it where that does not come."""
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert "Traceback" not in output + errors, output + errors
    return Done(process.wait(), output, errors)


def list_locks(target: Target, *args: str) -> list[dict[str, Any]]:
    """The locks of `list --json`, which has to succeed."""
    done = lockctl(target, "list", "--json", *args)
    assert done.status == 0, done.text
    locks: list[dict[str, Any]] = done.json["locks"]
    return locks


def history(target: Target, state_dir: Path | None = None) -> list[dict[str, Any]]:
    """The entries of `history --json`, which has to succeed."""
    done = lockctl(target, "history", "--json", state_dir=state_dir)
    assert done.status == 0, done.text
    entries: list[dict[str, Any]] = done.json["entries"]
    return entries


def ids(locks: Sequence[Mapping[str, Any]]) -> set[str]:
    """The ids of locks or entries."""
    return {lock["id"] for lock in locks}


def assert_fails(done: Done, status: int, *said: str) -> None:
    """One or two lines on standard error that say these things, and that status."""
    assert done.status == status, done.text
    assert done.stdout == ""
    assert 1 <= len(done.stderr.splitlines()) <= 2
    assert done.stderr.startswith("lockctl: ")
    assert "internal error" not in done.stderr
    for one in said:
        assert one in done.stderr


def assert_same_in_json(done: Done, status: int, kind: str) -> None:
    """The same failure as an object."""
    assert done.status == status
    assert list(done.json) == ["schema", "code", "kind", "message"]
    assert (done.json["schema"], done.json["code"], done.json["kind"]) == ("lockctl.error/1", status, kind)
    assert done.stdout.count("\n") == 1


@dataclass(frozen=True, slots=True)
class _Person:
    """Who sits at the terminal."""

    answer: str
    before_answer: Callable[[], object] | None
    typed_first: str


def _run_at_terminal(command: Sequence[str], variables: dict[str, str], person: _Person, seconds: float) -> Done:
    ours, theirs = pty.openpty()
    begun = time.monotonic()
    process = subprocess.Popen(
        command,
        env=variables,
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    os.write(ours, person.typed_first.encode())
    try:
        output = _converse(ours, person, begun + seconds)
        status = process.wait(timeout=max(0.1, begun + seconds - time.monotonic()))
    finally:
        os.close(ours)
        process.kill()
        process.wait()
    return Done(status, output.replace("\r\n", "\n"), seconds=time.monotonic() - begun)


def _converse(terminal: int, person: _Person, deadline: float) -> str:
    """Read until the other side has closed, and type one line of the answer whenever a question stands there."""
    output, left = b"", person.answer.splitlines(keepends=True) or [""]
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:
            part = b""  # how Linux tells that nobody has the other side open any more
        if not part:
            return output.decode()
        output += part
        if left and output.decode(errors="ignore").endswith((QUESTION, ": ")):
            if person.before_answer is not None:
                person.before_answer()
            os.write(terminal, left.pop(0).encode())
    raise LabError(f"no end at the terminal; so far: {output.decode(errors='replace')}")
