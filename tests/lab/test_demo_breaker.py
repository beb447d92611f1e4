"""`./dev demo --breaker` as far as it shows itself within a minute: all of it takes a quarter of an hour."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest

from tests.lab.processes import NEWER_RESTIC, family, kill_started, runs

DEMO = [sys.executable, "-m", "tests.lab.demo", "--breaker"]


def test_ctrl_c_ends_it_and_leaves_nothing() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)  # Samba's user has to get through
        demo = subprocess.Popen(
            DEMO,
            env={**os.environ, "TMPDIR": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that began these tests in the background has them ignore it.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        try:
            assert demo.stdout is not None
            shown = ""
            while "server replied with more than declared Content-Length" not in shown:
                line = demo.stdout.readline()
                assert line, shown + (demo.stderr.read() if demo.stderr else "")
                shown += line
            started = family(demo.pid)[1:]
            assert {"smbd", "restic", "rclone"} <= {process.name() for process in started}
            demo.send_signal(signal.SIGINT)
            _, errors = demo.communicate(timeout=30)
        finally:
            kill_started(demo)
        assert (demo.returncode, errors) == (130, "")
        assert not [process for process in started if runs(process)]
        assert list(Path(folder).iterdir()) == []


@pytest.mark.parametrize("other", ["--keep", "--stop"])
def test_it_goes_with_no_other_choice(other: str) -> None:
    done = subprocess.run([*DEMO, other], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"argument {other}: not allowed with argument --breaker" in done.stderr


@pytest.mark.parametrize("given", ["", "/nowhere/restic"])
def test_without_a_newer_restic_it_says_so(given: str) -> None:
    environment = {**os.environ, NEWER_RESTIC: given}
    done = subprocess.run(DEMO, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"demo: {NEWER_RESTIC} has to name a restic of 0.17 or newer")
