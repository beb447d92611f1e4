"""lockctl at a terminal of a given width, and what stands there in the end."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping

from tests.cli.run import COMMAND, ROOT


def at_width(variables: Mapping[str, str], width: int, *words: str) -> str:
    """What a terminal of this width gets."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    process = subprocess.Popen([*COMMAND, *words], env=variables, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    told = b""
    try:
        while part := _read(ours):
            told += part
        process.wait(60)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return told.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""  # how Linux tells that nobody has the other side open any more


def drawn(text: str) -> list[str]:
    """The lines as they stand there in the end: what was wiped is gone."""
    return [line.rsplit("\r", 1)[-1] for line in text.split("\n")]
