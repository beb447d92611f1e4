"""`lockctl schedule`: what to install so that stale locks are removed by themselves."""

from __future__ import annotations

import os
import shutil
import sys
import zlib
from typing import TYPE_CHECKING, Annotated

import typer

from lockctl.cli.choosing import choose, read_settings
from lockctl.cli.console import Console
from lockctl.cli.options import REPOSITORY, Common, OlderOption, duration_option, with_common
from lockctl.clock.duration import spell_duration
from lockctl.errors import UsageError
from lockctl.settings import credentials, password
from lockctl.settings.address import LocalAddress, RcloneAddress, SmbAddress, parse_address, tells_password
from lockctl.settings.files import absolute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lockctl.settings.repositories import RepositorySettings

HOUR = 3600.0
_KEPT = (
    "LOCKCTL_CONFIG LOCKCTL_SMB_LANE RCLONE_CONFIG RESTIC_KEY_HINT RESTIC_PASSWORD_COMMAND "
    "KRB5_CLIENT_KTNAME KRB5_CONFIG"
).split()
"""Variables that such a run needs as this one does, and that are no secrets."""


@with_common(*[name for name in REPOSITORY if name != "timeout"], "everything", "tag", "state_dir")
def schedule(
    common: Common,
    cron: Annotated[bool, typer.Option("--cron", help="A line for a crontab.")] = False,
    systemd: Annotated[bool, typer.Option("--systemd", help="A service and a timer.")] = False,
    every: Annotated[
        float | None, duration_option("--every", help_text="How often, as in 30m or 1d; 1h if not told otherwise.")
    ] = None,
    older: OlderOption = None,
) -> int:
    """Print what to install so that stale locks are removed by themselves."""
    from lockctl.render.unattended import Unattended, check_period, crontab_lines, units

    if cron == systemd:
        raise UsageError("one of --cron and --systemd says for what", "See lockctl schedule --help")
    period = HOUR if every is None else every
    check_period(period)
    console = Console()
    chosen = choose(common, read_settings(console))
    addresses = [parse_address(one.address) for one in chosen]
    secrets = {
        password.CREDENTIAL: _absolute(common.password_file or os.environ.get("RESTIC_PASSWORD_FILE")),
        credentials.CREDENTIAL: _absolute(common.smb_credentials or os.environ.get("LOCKCTL_SMB_CREDENTIALS")),
    }
    what = Unattended(
        _program(),
        [*_choice(common), *(["--older", spell_duration(older)] if older is not None else [])],
        period,
        zlib.crc32("\n".join([os.uname().nodename, *(one.address for one in chosen)]).encode(errors="replace")) % 60,
        _variables(common, chosen, cron),
        {name: path for name, path in secrets.items() if path},
        [absolute(one.path) for one in addresses if isinstance(one, LocalAddress)],
        _missing(common, chosen, secrets),
    )
    console.result(crontab_lines(what) if cron else units(what))
    return 0


def _program() -> list[str]:
    """What starts this very lockctl."""
    found = shutil.which(sys.argv[0])
    return [absolute(found)] if found and not found.endswith(".py") else [sys.executable, "-m", "lockctl"]


def _choice(common: Common) -> list[str]:
    """The options of this run that the other one needs; the paths of secrets are handed over in another way."""
    options = ["--all"] if common.everything else []
    options += [word for tag in common.tag or () for word in ("--tag", tag)]
    for text in common.repo or ():
        address = parse_address(text)
        if tells_password(address):
            raise UsageError(
                "the address has a password",
                "Put it into a file, and give --smb-credentials; or into rclone's configuration",
            )
        local = isinstance(address, LocalAddress) and "/" in text
        options += ["-r", absolute(text.removeprefix("local:")) if local else text]
    options += ["--metadata-only"] if common.metadata_only else []
    options += ["--kerberos"] if common.kerberos else []
    options += ["--insecure-no-password"] if common.insecure_no_password else []
    options += ["--password-command", common.password_command] if common.password_command else []
    options += ["--key-hint", common.key_hint] if common.key_hint else []
    return options


def _variables(common: Common, chosen: Sequence[RepositorySettings], cron: bool) -> dict[str, str]:
    found = {name: os.environ[name] for name in _KEPT if os.environ.get(name)}
    if not (common.repo or common.everything or common.tag):
        found["LOCKCTL_REPOSITORY"] = _named(chosen[0])
    folder = common.state_dir or os.environ.get("LOCKCTL_STATE_DIR")
    if folder and cron:
        found["LOCKCTL_STATE_DIR"] = _absolute(folder)
    commands = [
        common.password_command,
        found.get("RESTIC_PASSWORD_COMMAND"),
        *(one.password.command for one in chosen),
    ]
    if any(commands) and os.environ.get("PATH"):
        found["PATH"] = os.environ["PATH"]  # cron's own is short
    return found


def _named(one: RepositorySettings) -> str:
    address = parse_address(one.address)
    if one.name:
        return one.name
    return absolute(address.path) if isinstance(address, LocalAddress) else str(address)


def _missing(common: Common, chosen: Sequence[RepositorySettings], secrets: dict[str, str]) -> str:
    """What nobody would be there to type."""
    told = []
    environment = os.environ.get("RESTIC_PASSWORD_COMMAND")
    has_password = secrets[password.CREDENTIAL] or common.password_command or environment or common.metadata_only
    if not has_password and not common.insecure_no_password:
        without = [one for one in chosen if one.password == password.PasswordOptions() and not one.metadata_only]
        if without:
            told.append("put the repository's password into a file, and name it in RESTIC_PASSWORD_FILE")
    for one in chosen:
        match parse_address(one.address):
            case SmbAddress() if common.kerberos or one.kerberos:
                if not os.environ.get("KRB5_CLIENT_KTNAME"):
                    told.append("make a keytab, and name it in KRB5_CLIENT_KTNAME")
            case SmbAddress() if not (one.smb_credentials or secrets[credentials.CREDENTIAL]):
                told.append("put user and password of the share into a file, and name it in LOCKCTL_SMB_CREDENTIALS")
            case RcloneAddress(remote=remote) if remote.tells_password:
                told.append("put the password of the share into rclone's configuration: the address has it")
            case RcloneAddress(remote=remote) if any(
                name.startswith(f"RCLONE_CONFIG_{remote.name.upper()}_") for name in os.environ
            ):
                told.append(
                    f"write rclone's remote {remote.name} into its configuration: it is in the environment alone"
                )
    return "; ".join(dict.fromkeys(told))


def _absolute(path: str | None) -> str:
    return absolute(path) if path else ""
