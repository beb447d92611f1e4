"""One run of the command line: from words to an exit status. Every failure ends here, as one line or one object."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper

import typer
from typer.core import TyperCommand

from lockctl import __version__
from lockctl.cli.console import Console
from lockctl.cli.signals import SIGNALS
from lockctl.errors import Interrupted, LockctlError, UsageError

COMMANDS = {
    "list": "list.list_locks",
    "ls": "list.list_locks",
    "show": "show.show",
    "prune": "prune.prune",
    "rm": "rm.rm",
    "restore": "restore.restore",
    "history": "history.history",
    "watch": "watch.watch",
    "doctor": "doctor.doctor",
    "check": "check.check",
    "metrics": "metrics.metrics",
    "run": "run.run",
    "advise": "advise.advise",
    "schedule": "schedule.schedule",
    "config": "config.config",
    "schema": "schema.schema",
    "completion": "completion.completion",
    "complete-words": "complete_words.complete_words",
}
"""Each command, and the function in this folder that does it."""
HIDDEN = ("ls", "complete-words")
"""Those that no help names."""


REPOSITORY_VARIABLES = ("LOCKCTL_REPOSITORY", "RESTIC_REPOSITORY", "RESTIC_REPOSITORY_FILE")
"""Where one of them is set, `lockctl` alone lists."""
_HELP_WIDTH = 100
_OF_OUTPUT = (errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC)
"""Why what typer prints cannot be written."""
WATCH_DEFAULT = "31m"
"""What `prune --watch` means without a duration: by then everything is settled."""


def choose_command(words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The words with `help COMMAND` as an option, and with a command where none is given."""
    if words[:1] == ["help"]:
        return [*(word for word in words if word != "help"), "--help"]
    if words:
        return list(words)
    return ["list"] if any(environment.get(name) for name in REPOSITORY_VARIABLES) else ["--help"]


def spell_out(words: Sequence[str]) -> list[str]:
    """The words with a duration for a `--watch` that has none, which typer cannot express."""
    if words[:1] != ["prune"]:
        return list(words)
    following = [*words[1:], "-"]
    pairs = zip(words, following, strict=True)
    return [f"--watch={WATCH_DEFAULT}" if word == "--watch" and after[:1] == "-" else word for word, after in pairs]


def build_app(words: Sequence[str]) -> typer.Typer:
    """The commands; only the one that `words` start with, where they do, so that no other is imported."""
    app = typer.Typer(
        name="lockctl",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        help="Shows who holds the locks of a restic repository on an SMB share, and removes stale ones safely.",
        epilog="lockctl help COMMAND shows a command's options and examples. Without a command: list, where "
        "RESTIC_REPOSITORY or LOCKCTL_REPOSITORY is set.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _HELP_WIDTH},
    )

    @app.callback()
    def _all(version: bool = typer.Option(False, "--version", help="Show the version and exit.")) -> None:
        if version:
            typer.echo(f"lockctl {__version__}")
            raise typer.Exit

    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        module, function = COMMANDS[name].split(".")
        command = getattr(import_module(f"lockctl.cli.commands.{module}"), function)
        # What stands behind the first word of another program's command is that program's.
        settings = {"allow_interspersed_args": name != "run"}
        about = (command.__doc__ or "").partition("\n")[0]  # else click cuts what is longer than a line
        kind, hidden = _command_class(words), name in HIDDEN
        add = app.command(name, cls=kind, hidden=hidden, context_settings=settings, short_help=about)
        add(command)
    return app


def _command_class(words: Sequence[str]) -> type[TyperCommand]:
    """Only a reader of help pays for its groups and examples."""
    if not {"-h", "--help"} & set(words):
        return TyperCommand
    from lockctl.cli.helping import GroupedCommand

    return GroupedCommand


def run_command_line(words: Sequence[str]) -> int:
    """Runs one command and returns its exit status. No traceback passes."""
    # Names that this terminal cannot show are written out instead of ending the run.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    SIGNALS.install()
    words = choose_command(words, os.environ)
    try:
        status = build_app(words)(args=spell_out(words), prog_name="lockctl", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except LockctlError as error:
        # What a signal cut short can look like a lost connection.
        return _report(Interrupted(SIGNALS.received) if SIGNALS.received else error, words)
    except SystemExit:
        return 0  # typer's answer to a reader of --help who has seen enough
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback ever reaches a user
        if hasattr(error, "exit_code") and hasattr(error, "format_message"):
            command = f" {words[0]}" if words and words[0] in COMMANDS else ""
            message = error.format_message().rstrip(".").replace("Value error, ", "")
            message = re.sub(r"\. (Did you mean .*)\?$", r" (\1?)", message)
            return _report(UsageError(message, f"See lockctl{command} --help"), words)
        if isinstance(error, OSError) and error.filename is None and error.errno in _OF_OUTPUT:
            return _report(LockctlError(f"cannot write the output: {error.strerror}"), words)
        where = error.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        place = f"{where.tb_frame.f_code.co_qualname}:{where.tb_lineno}" if where is not None else "?"
        return _report(LockctlError(f"internal error {type(error).__name__} in {place}", "Please report it"), words)


def _report(error: LockctlError, words: Sequence[str]) -> int:
    if words[:1] == ["check"]:
        return _report_to_monitoring(error)
    if "--json" in words and words[0] != "run":
        from lockctl.render.as_json import dump, error_object

        with suppress(LockctlError):  # where standard output takes nothing, that is the very error
            Console().result(dump(error_object(error)))
    Console().fail(str(error))
    return error.status


def _report_to_monitoring(error: LockctlError) -> int:
    """Whatever went wrong: the one line that a monitoring system reads, and the status that it takes for unknown."""
    from lockctl.monitoring.limits import Level
    from lockctl.render.nagios import error_line

    with suppress(LockctlError):
        Console().result(error_line(error))
    return Level.UNKNOWN.value
