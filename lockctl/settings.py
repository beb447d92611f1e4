"""Where the repository is and what opens it: options, environment and the files that they name.

Secrets come from the environment, files, commands or a prompt; they are never printed, and no error quotes them.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lockctl.address import LocalAddress, RcloneAddress, SmbAddress, parse_address
from lockctl.errors import UsageError
from lockctl.rclone import read_remote

_COMMAND_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class PasswordOptions:
    """What the command line said of the repository's password."""

    file: str | None = None
    command: str | None = None
    none: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs on to a share."""

    user: str
    password: str = field(repr=False)
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A repository's place: `shown` is the address as the user gave it, without a password."""

    shown: str
    target: SmbAddress | LocalAddress
    login: Login | None = None
    warning: str = ""


def find_place(
    option: str | None,
    credentials_file: str | None,
    environment: Mapping[str, str],
    ask: Callable[[str, str], str],
) -> Place:
    """The repository to work on and the login for its share. `ask` prompts for a password, or raises UsageError."""
    text = option or _address_from(environment)
    return resolve_place(text, credentials_file, environment, ask)


def resolve_place(
    text: str, credentials_file: str | None, environment: Mapping[str, str], ask: Callable[[str, str], str]
) -> Place:
    """The place that an address names. Raises UsageError."""
    address = parse_address(text)
    match address:
        case LocalAddress():
            path = str(Path(address.path).absolute())
            return Place(path, LocalAddress(path))
        case RcloneAddress():
            target = read_remote(address, environment)
            login = Login(target.user, target.password or "", target.domain)
            return Place(str(address), target, login)
        case SmbAddress():
            login = _find_login(address, credentials_file, environment, ask)
            warning = ""
            if address.password is not None:
                warning = "the password in the address can be seen by others: use LOCKCTL_SMB_PASSWORD"
            return Place(str(address), address, login, warning)


def find_password(
    options: PasswordOptions,
    environment: Mapping[str, str],
    ask: Callable[[str, str], str],
    seconds: float = _COMMAND_SECONDS,
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
        return _run_password_command(command, seconds)
    if file:
        return _read_text(file, "password file").strip()
    if environment.get("RESTIC_PASSWORD"):
        return environment["RESTIC_PASSWORD"]
    return ask("password of the repository", "Set RESTIC_PASSWORD_FILE, RESTIC_PASSWORD_COMMAND or RESTIC_PASSWORD")


def state_directory(option: str | None, environment: Mapping[str, str]) -> Path:
    """Where journal and memory are kept: --state-dir, LOCKCTL_STATE_DIR, else the XDG state folder."""
    given = option or environment.get("LOCKCTL_STATE_DIR")
    if given:
        return Path(given)
    base = environment.get("XDG_STATE_HOME", "")
    try:
        # The XDG specification: a path that is not absolute is to be ignored.
        home = Path(environment["HOME"]) if environment.get("HOME") else Path.home()
        return (Path(base) if base.startswith("/") else home / ".local/state") / "lockctl"
    except RuntimeError as error:
        raise UsageError("there is no home folder for the journal", "Set LOCKCTL_STATE_DIR or --state-dir") from error


def configuration_file(environment: Mapping[str, str]) -> Path:
    """Where the configuration file is, if there is one: below the XDG configuration folder."""
    base, home = environment.get("XDG_CONFIG_HOME", ""), environment.get("HOME") or "/"
    return (Path(base) if base.startswith("/") else Path(home) / ".config") / "lockctl/config.toml"


def _address_from(environment: Mapping[str, str]) -> str:
    for name in ("LOCKCTL_REPOSITORY", "RESTIC_REPOSITORY"):
        if environment.get(name):
            return environment[name]
    if environment.get("RESTIC_REPOSITORY_FILE"):
        return _read_text(environment["RESTIC_REPOSITORY_FILE"], "repository file").strip()
    raise UsageError("no repository was given", "Use -r ADDRESS, or set LOCKCTL_REPOSITORY or RESTIC_REPOSITORY")


def _find_login(
    address: SmbAddress,
    credentials_file: str | None,
    environment: Mapping[str, str],
    ask: Callable[[str, str], str],
) -> Login:
    file = credentials_file or environment.get("LOCKCTL_SMB_CREDENTIALS")
    fields = parse_credentials(_read_text(file, "credentials file")) if file else {}
    user = address.user or fields.get("username") or environment.get("USER") or environment.get("LOGNAME") or ""
    if address.user and fields.get("username", address.user) != address.user:
        raise UsageError(
            f"the address names user {address.user!r} and the credentials file another one",
            "Leave the user out of one of them",
        )
    if not user:
        raise UsageError("no user for the share was given", "Write smb://USER@HOST/…, or use --smb-credentials")
    domain = address.domain or fields.get("domain", "")
    for password in (address.password, fields.get("password"), environment.get("LOCKCTL_SMB_PASSWORD")):
        if password is not None:
            return Login(user, password, domain)
    return Login(
        user, ask(f"password of {user} on {address.host}", "Set LOCKCTL_SMB_PASSWORD, or use --smb-credentials"), domain
    )


def parse_credentials(text: str) -> dict[str, str]:
    """`username`, `password` and `domain` of a file as mount.cifs(8) reads it."""
    names = {
        "username": "username",
        "user": "username",
        "password": "password",
        "pass": "password",
        "domain": "domain",
        "dom": "domain",
        "workgroup": "domain",
    }
    fields: dict[str, str] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        name, equals, value = line.lstrip().partition("=")
        if equals and name.strip().lower() in names:
            fields[names[name.strip().lower()]] = value
    return fields


def _run_password_command(command: str, seconds: float) -> str:
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise UsageError("the password command has an open quote", "Quote it as a shell would") from error
    if not arguments:
        raise UsageError("the password command is empty", "Give the command that prints the password")
    try:
        done = subprocess.run(arguments, stdout=subprocess.PIPE, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "no answer in time"
        raise UsageError(f"the password command {arguments[0]!r} did not work: {reason}") from error
    if done.returncode != 0:
        raise UsageError(f"the password command {arguments[0]!r} failed with status {done.returncode}")
    return done.stdout.decode("utf-8", "surrogateescape").strip()


def _read_text(path: str, what: str) -> str:
    """The text of a file, without a byte order mark, as restic reads such files (internal/textfile)."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the {what} {path!r}: {error.strerror}") from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "surrogateescape")
