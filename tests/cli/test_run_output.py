"""What `lockctl run` passes through, where the reader is slow, the files are odd, and the text is hostile."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess

import pytest

from tests.cli.run import COMMAND

NOWHERE = {"PATH": "/usr/bin:/bin"}
PAGE = 4096
MANY = 2 * PAGE
"""Bytes: more than the smallest pipe holds, and less than two of them and what is under way between them."""


def read_all(fd: int) -> bytes:
    pieces = []
    while data := os.read(fd, 65536):
        pieces.append(data)
    os.close(fd)
    return b"".join(pieces)


@pytest.mark.parametrize("blocking", [True, False])
def test_a_reader_that_is_slow_gets_all_of_it(blocking: bool) -> None:
    """Nobody reads until long after the command has ended; a file that does not block is somebody else's as well."""
    end, output = os.pipe()
    fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, PAGE)  # who has many pipes gets small ones anyway
    os.set_blocking(output, blocking)
    said, saying = os.pipe()
    script = f"head -c {MANY} /dev/zero >&2; echo ended >&7"
    command = [*COMMAND, "run", "--", "bash", "-c", script.replace("7", str(saying))]
    with subprocess.Popen(command, env=NOWHERE, stdout=output, stderr=output, pass_fds=[saying]) as process:
        os.close(output)
        os.close(saying)
        assert select.select([said], [], [], 60)[0], "the command waits for its reader"
        assert os.read(said, 100) == b"ended\n"
        os.close(said)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        assert read_all(end) == bytes(MANY)
        assert process.wait(30) == 0


def test_what_was_opened_for_the_command_is_open() -> None:
    """As `--password-file <(pass restic)` is."""
    end, written = os.pipe()
    os.write(written, b"secret")
    os.close(written)
    command = [*COMMAND, "run", "--", "cat", f"/dev/fd/{end}"]
    done = subprocess.run(command, env=NOWHERE, capture_output=True, pass_fds=[end], check=False, timeout=60)
    os.close(end)
    assert (done.returncode, done.stdout) == (0, b"secret")


def test_text_that_cannot_be_read_along_holds_nothing_up() -> None:
    hostile = json.dumps({"__REALTIME_TIMESTAMP": "²", "time": "inf", "MESSAGE": "x"}, ensure_ascii=False)
    script = f"echo '{hostile}' >&2; head -c {MANY} /dev/zero >&2; exit 5"
    done = subprocess.run(
        [*COMMAND, "run", "--", "sh", "-c", script], env=NOWHERE, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 5
    assert done.stderr == hostile.encode() + b"\n" + bytes(MANY)
