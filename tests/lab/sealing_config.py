"""rclone's configuration, encrypted by rclone's own menu: the only way that every version has."""

from __future__ import annotations

import os
import pty
import select
import time
from pathlib import Path

from tests.lab.processes import LabError, binary

_SECONDS = 30.0


def seal_config(path: Path, password: str) -> None:
    """Encrypt this file, which must have no remotes: what rclone writes into it later is encrypted too."""
    environment = {"RCLONE_CONFIG": str(path), "PATH": os.environ["PATH"], "HOME": str(path.parent)}
    rclone = binary("rclone", "rclone")
    # It starts another reader for each answer: from a pipe the first would swallow them all.
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(rclone, [rclone, "config"], environment)
    try:
        for prompt, answer in [("q>", "s"), ("q>", "a"), ("password:", password), ("password:", password), ("q>", "q")]:
            _await(terminal, prompt.encode())
            os.write(terminal, f"{answer}\n".encode())
        _await(terminal, b"q>")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    if "RCLONE_ENCRYPT_V0:" not in path.read_text(encoding="utf-8"):
        raise LabError("rclone did not encrypt its configuration")


def _await(terminal: int, prompt: bytes) -> None:
    seen, end = b"", time.monotonic() + _SECONDS
    while prompt not in seen:
        if not select.select([terminal], [], [], end - time.monotonic())[0]:
            raise LabError(f"rclone did not ask for {prompt!r}: {seen!r}")
        seen += os.read(terminal, 4096)
