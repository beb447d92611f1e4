"""The options that many commands share, written once. A command takes one value, `Common`, for all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from lockctl.clock.duration import parse_duration

REPOSITORY = (
    "repo metadata_only password_file password_command insecure_no_password key_hint smb_credentials kerberos timeout"
).split()
SEVERAL = "everything tag jobs".split()
"""For a command that takes several repositories at once."""
OUTPUT = "state_dir quiet verbose no_color".split()


@dataclass(frozen=True, slots=True)
class Common:
    """What the shared options say; see their help."""

    repo: list[str] | None = None
    everything: bool = False
    tag: list[str] | None = None
    jobs: int = 8
    metadata_only: bool = False
    password_file: str | None = None
    password_command: str | None = None
    insecure_no_password: bool = False
    key_hint: str | None = None
    smb_credentials: str | None = None
    kerberos: bool = False
    timeout: float | None = None
    state_dir: str | None = None
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False


def duration_option(*names: str, help_text: str) -> Any:
    """An option that takes a duration such as 2h."""
    return typer.Option(*names, parser=parse_duration, metavar="DURATION", help=help_text)


_OPTIONS: dict[str, Any] = {
    "repo": Annotated[
        list[str] | None,
        typer.Option(
            "-r",
            "--repo",
            metavar="REPOSITORY",
            help="smb://USER@HOST/SHARE/PATH, //HOST/SHARE/PATH, rclone:REMOTE:SHARE/PATH, a path, or a name in "
            "the configuration. Default: LOCKCTL_REPOSITORY, RESTIC_REPOSITORY.",
        ),
    ],
    "everything": Annotated[bool, typer.Option("--all", help="All repositories of the configuration.")],
    "tag": Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="TAG", help="Those of the configuration with this tag; may be given again."),
    ],
    "jobs": Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Repositories at the same time.")],
    "metadata_only": Annotated[
        bool,
        typer.Option("--metadata-only", help="Without the password: decrypt nothing, know no owners."),
    ],
    "password_file": Annotated[
        str | None,
        typer.Option(metavar="FILE", help="File with the repository's password (RESTIC_PASSWORD_FILE)."),
    ],
    "password_command": Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND", help="Command that prints the repository's password (RESTIC_PASSWORD_COMMAND)."
        ),
    ],
    "insecure_no_password": Annotated[bool, typer.Option("--insecure-no-password", help="The password is empty.")],
    "key_hint": Annotated[str | None, typer.Option(metavar="ID", help="The key to try first (RESTIC_KEY_HINT).")],
    "smb_credentials": Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="User and password of the share, as mount.cifs reads them (LOCKCTL_SMB_CREDENTIALS).",
        ),
    ],
    "kerberos": Annotated[
        bool, typer.Option("--kerberos", help="Log on to the share with a Kerberos ticket, and no password.")
    ],
    "timeout": Annotated[float | None, duration_option("--timeout", help_text="Limit for the whole run, as in 2m.")],
    "state_dir": Annotated[str | None, typer.Option(metavar="DIR", help="Folder of the journal (LOCKCTL_STATE_DIR).")],
    "quiet": Annotated[bool, typer.Option("-q", "--quiet", help="Say only what was done and what failed.")],
    "verbose": Annotated[bool, typer.Option("-v", "--verbose", help="Say what is being done.")],
    "no_color": Annotated[bool, typer.Option("--no-color", help="No colour on a terminal (NO_COLOR).")],
}
_DEFAULTS = Common()

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
DryRunOption = Annotated[bool, typer.Option("-n", "--dry-run", help="Show the plan and remove nothing.")]
YesOption = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask; remove only what needs no person's word.")]
HostOption = Annotated[
    list[str] | None,
    typer.Option("--host", metavar="HOST", help="Only locks of this host; may be given again."),
]
OlderOption = Annotated[
    float | None,
    duration_option("--older", help_text="Only locks of which at least this age is certain, as in 2h."),
]


def with_common(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds shared options to a command, whose first parameter takes them as one `Common`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        shared = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=getattr(_DEFAULTS, name),
                annotation=_OPTIONS[name],
            )
            for name in names
        ]

        def call(**values: Any) -> Any:
            common = Common(**{name: values.pop(name) for name in names})
            return command(common, **values)

        parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own] + shared
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        call.__name__, call.__doc__ = command.__name__, command.__doc__
        return call

    return decorate
