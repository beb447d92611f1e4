"""The password of the repository, found as restic finds it."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lockctl.errors import UsageError
from lockctl.settings.files import find_credential, read_text

COMMAND_SECONDS = 60.0
CREDENTIAL = "restic-password"
"""The name of the credential that systemd hands to a service."""


@dataclass(frozen=True, slots=True)
class PasswordOptions:
    """What the command line said of the repository's password."""

    file: str | None = None
    command: str | None = None
    none: bool = False


def find_password(
    options: PasswordOptions,
    environment: Mapping[str, str],
    ask: Callable[[str, str], str],
    seconds: float = COMMAND_SECONDS,
) -> str:
    """The repository's password, found as restic does. Raises UsageError; `ask` prompts or raises."""
    if options.none:
        return ""
    file, command = options.file, options.command
    if file is None and command is None:
        file = environment.get("RESTIC_PASSWORD_FILE") or None
        command = environment.get("RESTIC_PASSWORD_COMMAND") or None
    if file and command:
        raise UsageError("a password file and a password command were both given", "Give one of them")
    if command:
        return _run_restics_command(command, seconds)
    if file:
        return read_text(file, "password file").strip()
    if environment.get("RESTIC_PASSWORD"):
        return environment["RESTIC_PASSWORD"]
    if credential := find_credential(CREDENTIAL, environment):
        return read_text(credential, "credential").strip()
    return ask("password of the repository", "Set RESTIC_PASSWORD_FILE, RESTIC_PASSWORD_COMMAND or RESTIC_PASSWORD")


def _run_restics_command(command: str, seconds: float) -> str:
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise UsageError("the password command has an open quote", "Quote it as a shell would") from error
    return run_password_command(arguments, seconds).strip()


def run_password_command(arguments: list[str], seconds: float, name: str = "the password command") -> str:
    """What this command prints, run without a shell. Raises UsageError, also after `seconds` without an end."""
    if not arguments or not arguments[0]:
        raise UsageError(f"{name} is empty", "Give the command that prints the password")
    try:
        done = subprocess.run(arguments, stdout=subprocess.PIPE, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "no answer in time"
        raise UsageError(f"{name} {arguments[0]!r} did not work: {reason}") from error
    if done.returncode != 0:
        raise UsageError(f"{name} {arguments[0]!r} failed with status {done.returncode}")
    return done.stdout.decode("utf-8", "surrogateescape")
