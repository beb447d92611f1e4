"""No way out of a run takes longer than its deadline and the two seconds of the watchdog.

What is measured is work and memory, and whether the process ends at all: how long it takes depends on what else this
machine does.
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lockctl.transport.smb.hardening import LONGEST_GREETING
from tests.cli.run import COMMAND, ROOT, SECONDS, environment, smb_environment
from tests.lab.restic import Repository

CPU_SECONDS = 5.0
MEBIBYTES = 200
OWN_MEBIBYTES = 50
"""Beyond what the tests themselves have, where that is more."""
AT_ONCE = 4

IN_THE_BACKGROUND = """
import fcntl, os, subprocess, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
done = subprocess.Popen(sys.argv[1:], preexec_fn=lambda: os.setpgid(0, 0))
try:
    print(done.wait(timeout=50))
except subprocess.TimeoutExpired:
    print("still there")
    done.kill()
"""
"""A shell at a terminal that starts a command as with `&`."""


@contextmanager
def rambling(first: bytes) -> Iterator[int]:
    """A server that answers the first message of each client with these bytes, and then says nothing."""
    clients: list[socket.socket] = []

    def answer(client: socket.socket) -> None:
        with suppress(OSError):
            client.recv(65536)
            client.sendall(first)

    def accept() -> None:
        with suppress(OSError):
            while True:
                clients.append(listener.accept()[0])
                threading.Thread(target=answer, args=(clients[-1],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (b"\x20\0\0\0", "does not speak SMB"),
        (b"\x0d\x0a\x0d\x0a", "does not speak SMB"),
        (b"\0\xff\xff\xff", "does not speak SMB"),
        (LONGEST_GREETING.to_bytes(4), "not finished within 2 s (--timeout)"),
    ],
    ids=["512 MiB", "lines", "too long for one who has not logged on", "the longest that can be"],
)
def test_a_server_that_sends_what_is_no_answer(repository: Repository, first: bytes, said: str) -> None:
    """Four bytes of chance are a length of 2 GiB: a buffer of that size would take the machine's memory."""
    # What a process has had at most is never told as less than what its starter has.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bound = max(MEBIBYTES * 1024, own + OWN_MEBIBYTES * 1024)
    with rambling(first + os.urandom(4092)) as port:
        variables = environment(smb_environment(repository.through(port)))
        command = [*COMMAND, "list", "--timeout", "2s"]
        started = [
            subprocess.Popen(
                command, env=variables, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            for _ in range(AT_ONCE)
        ]
        for one in started:
            assert one.stderr is not None
            told = one.stderr.read()
            one.stderr.close()
            _, status, used = os.wait4(one.pid, 0)
            one.returncode = os.waitstatus_to_exitcode(status)
            assert (one.returncode, said in told) == (14, True), told
            assert used.ru_utime + used.ru_stime < CPU_SECONDS
            assert used.ru_maxrss < bound


@pytest.fixture
def hanging(repository: Repository, tmp_path: Path) -> list[str]:
    """A run that hangs in the kernel: nobody ever writes to what it reads its password from."""
    os.mkfifo(tmp_path / "password")
    return [*COMMAND, "list", "--timeout", "1s", "--password-file", str(tmp_path / "password")]


def full_pipe() -> tuple[int, int]:
    """A pipe that takes nothing more and that nobody reads."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    return reading, writing


def test_the_end_waits_for_no_reader(repository: Repository, hanging: list[str]) -> None:
    reading, writing = full_pipe()
    variables = environment(repository)
    try:
        done = subprocess.run(
            hanging,
            env=variables,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            timeout=SECONDS,
            check=False,
        )
    finally:
        os.close(reading)
        os.close(writing)
    assert done.returncode == 14


def test_an_error_that_nobody_reads_ends_too(repository: Repository) -> None:
    """Here it is not the kernel but the telling that hangs."""
    reading, writing = full_pipe()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        variables = environment(smb_environment(repository.through(mute.getsockname()[1])))
        try:
            done = subprocess.run(
                [*COMMAND, "list", "--timeout", "1s"],
                env=variables,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                timeout=SECONDS,
                check=False,
            )
        finally:
            os.close(reading)
            os.close(writing)
    assert done.returncode == 14


def test_the_end_in_the_background_of_a_terminal(repository: Repository, hanging: list[str]) -> None:
    """Who sets a terminal from there is stopped: the process would stand there for ever."""
    ours, theirs = os.openpty()
    try:
        shell = subprocess.run(
            [sys.executable, "-c", IN_THE_BACKGROUND, *hanging],
            env=environment(repository),
            cwd=ROOT,
            stdin=theirs,
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert shell.stdout == "14\n", shell.stderr
    assert "not finished within 1 s (--timeout)" in shell.stderr
