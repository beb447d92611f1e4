"""The entry point: `lockctl` and `python -m lockctl`. Turns every failure into one line and an exit status."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from lockctl import __version__
from lockctl.background import end_all


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        # Before anything else is imported: a version should come at once.
        os._exit(_tell_version())
    # Until our own handlers stand, a signal ends the process as it ends any other, without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # A run makes a great many small values and keeps them: looking through them again and again for what is not
    # needed takes a tenth of its time (measured with ten thousand locks).
    gc.set_threshold(50_000, 20, 100)
    from lockctl.cli.run import run_command_line

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - open until the end
    status = run_command_line(words)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # what could not be written was told already, or nobody is there to read it
            stream.flush()
    end_all()
    # No exit handlers and no waiting for threads: neither a name server that hangs nor the tidying of modules
    # (a tenth of a short run) may hold up the end.
    os._exit(status)


def _tell_version() -> int:
    """The exit status. By the descriptor itself: it may be closed, and what it leads to full."""
    try:
        os.write(1, f"lockctl {__version__}\n".encode())
    except OSError as error:
        with suppress(OSError):
            os.write(2, f"lockctl: cannot write the output: {error.strerror}\n".encode())
        return 1
    return 0


if __name__ == "__main__":
    main()
