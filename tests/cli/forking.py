"""Runs of the command line that begin at once: a helper that has imported all of lockctl forks for each of them.

The helper has no thread and no connection, so a run is what one is that has just imported what it needs. What comes
before that, Python's own start and the imports, is the same in all runs: where one thing is tried a hundred times, a
few true starts do.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any, NoReturn

from tests.cli.run import ROOT, SECONDS, Done, Process, Target, environment, finish, start

TRUE_STARTS = 10
"""One in so many runs is not forked."""
MESSAGE_BYTES = 1 << 17
"""More than any request: words and an environment."""
DESCRIPTORS = 4
END_SECONDS = 10.0


def lockctl_at(number: int, target: Target, *words: str) -> Done:
    """Run lockctl to its end, as the run of this number of a series. How long it took is told without its start."""
    process = start_at(number, target, *words)
    begun = time.monotonic()
    return replace(finish(process), seconds=time.monotonic() - begun)


def start_at(number: int, target: Target, *words: str) -> Process:
    """Start lockctl as the run of this number of a series; the caller waits for its end."""
    return start(target, *words) if number % TRUE_STARTS == 0 else Forked(words, environment(target))


def longest(number: int, seconds: float) -> float:
    """Within how many seconds the run of this number has to end: Python's own start may take long beside others."""
    return 2 * seconds if number % TRUE_STARTS == 0 else seconds


class Forked:
    """A run that was forked, with as much of a `subprocess.Popen` as its tests need. It has no input."""

    def __init__(self, words: Sequence[str], variables: Mapping[str, str]) -> None:
        """Begins it, with nothing else in its environment."""
        self._output, self._errors = (os.memfd_create(name) for name in ("output", "errors"))
        self._report, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = json.dumps({"words": list(words), "variables": dict(variables)}).encode()
        with theirs, open(os.devnull, "rb") as nothing:
            descriptors = [nothing.fileno(), self._output, self._errors, theirs.fileno()]
            socket.send_fds(_helper(), [request], descriptors)
        self._waiting = threading.Lock()
        self._status: int | None = None
        self.pid = self._told(SECONDS)

    def send_signal(self, number: int) -> None:
        """Signals it, unless its end was told."""
        if self._status is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it hard."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its status once it has ended. Raises subprocess.TimeoutExpired where that takes longer."""
        with self._waiting:
            if self._status is None:
                try:
                    self._status = self._told(timeout)
                except TimeoutError as error:
                    raise subprocess.TimeoutExpired("lockctl", timeout or 0.0) from error
                self._report.close()
            return self._status

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:  # noqa: A002
        """Its output and errors once it has ended."""
        self.wait(timeout)
        return _all_of(self._output), _all_of(self._errors)

    def _told(self, timeout: float | None) -> int:
        self._report.settimeout(timeout)
        return int(self._report.recv(MESSAGE_BYTES))


def _all_of(descriptor: int) -> str:
    with open(descriptor, encoding="utf-8") as stream:
        stream.seek(0)
        return stream.read()


@functools.cache
def _helper() -> socket.socket:
    """The socket of this process's helper, which is started with the first run and ends when we do."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.cli.forking", str(theirs.fileno())]
    with theirs:
        # Its own output is none: so Python writes that of the runs in blocks, as into a pipe.
        nothing = subprocess.DEVNULL
        helper = subprocess.Popen(command, cwd=ROOT, stdin=nothing, stdout=nothing, pass_fds=[theirs.fileno()])

    def end() -> None:
        ours.close()
        helper.wait(END_SECONDS)

    atexit.register(end)
    return ours


def _serve(requests: socket.socket) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who see to the runs
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, MESSAGE_BYTES, DESCRIPTORS)
        if not request:
            return
        if os.fork() == 0:
            requests.close()
            _see_to(json.loads(request), descriptors)
        for one in descriptors:
            os.close(one)


def _see_to(request: dict[str, Any], descriptors: Sequence[int]) -> NoReturn:
    """Begin a run, tell its PID, and when it has ended its status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, report = descriptors
    pid = os.fork()
    if pid == 0:
        os.close(report)
        _run(request, streams)
    for one in streams:
        os.close(one)
    os.write(report, str(pid).encode())
    _, status = os.waitpid(pid, 0)
    os.write(report, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _run(request: dict[str, Any], streams: Sequence[int]) -> NoReturn:
    """Become a run of the command line."""
    from lockctl.__main__ import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["variables"])
    time.tzset()
    try:
        main(request["words"])
        sys.stdout.flush()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the test that reads it fails, as it does after a true start
        traceback.print_exc()
        os._exit(1)


def _import_all() -> None:
    import lockctl

    for module in pkgutil.walk_packages(lockctl.__path__, "lockctl."):
        import_module(module.name)


if __name__ == "__main__":
    _import_all()
    _serve(socket.socket(fileno=int(sys.argv[1])))
