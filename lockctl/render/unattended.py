"""What to install so that lockctl runs by itself: a line for a crontab, or a service and a timer for systemd. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lockctl.clock.duration import describe_duration
from lockctl.errors import UsageError
from lockctl.render.harmless import visible

MINUTE, HOUR, DAY = 60, 3600, 86400
_MINUTES = (10, 15, 20, 30)
_HOURS = (1, 2, 3, 4, 6, 8, 12, 24)
_LONGEST_LINE = 900
"""Characters of a command: Debian's cron reads a thousand."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_UNIT_PLAIN = re.compile(r"[A-Za-z0-9_@:+=,./%$-]+")
_HARDENING = """\
# lockctl tells by the processes of this machine who lives, so it has to see them all: no ProtectProc=, no ProcSubset=,
# no PrivateUsers=, no PrivatePIDs=, no DynamicUser=, and this one capability.
CapabilityBoundingSet=CAP_SYS_PTRACE{capabilities}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077"""


@dataclass(frozen=True, slots=True)
class Unattended:
    """What is to run, and how often."""

    program: Sequence[str]
    """The path of lockctl, or what else starts it."""
    options: Sequence[str]
    """That choose the repositories, and what of them goes."""
    every: float
    """Seconds: see `check_period`."""
    minute: int
    """Of the hour, so that not all begin at once."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """That it needs, and that are no secrets."""
    credentials: Mapping[str, str] = field(default_factory=dict)
    """The paths of secrets, by the names under which systemd hands them over."""
    folders: Sequence[str] = ()
    """Directories of this machine in which it removes locks."""
    missing: str = ""
    """What a person has to see to before it works."""


def check_period(seconds: float) -> None:
    """Raises UsageError for what no crontab can express."""
    if seconds not in [*(m * MINUTE for m in _MINUTES), *(h * HOUR for h in _HOURS)]:
        raise UsageError(
            f"a crontab has no line for every {describe_duration(seconds)}",
            "Give 10m, 15m, 20m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h or 1d",
        )


def crontab_lines(what: Unattended) -> str:
    """Variables and one line, for the crontab of the user who runs it."""
    words = [*what.program, "prune", *what.options, "--yes", "--quiet", "--skip-if-running"]
    words += ["--jitter", "5m", "--timeout", "30m"]
    options = {"restic-password": "RESTIC_PASSWORD_FILE", "smb-credentials": "LOCKCTL_SMB_CREDENTIALS"}
    variables = {**what.variables, **{options[name]: path for name, path in what.credentials.items()}}
    command = shlex.join(words)
    if _CONTROLS.search(command):
        raise UsageError("a crontab cannot hold an address or a path with control characters", "Give it a name")
    if "\\" in command:  # of two cron makes one, and before a % it is gone
        raise UsageError("a crontab cannot hold a backslash", "Give the repository a name, or write //HOST/SHARE/PATH")
    if len(command) > _LONGEST_LINE:
        raise UsageError("the line is longer than crons read", "Give the repositories names, and use --all or --tag")
    return "\n".join(
        [
            f"# Every {describe_duration(what.every)}; for 'crontab -e' of the user whose files these are.",
            "# In /etc/cron.d the user's name stands before the command.",
            "# cron sends a mail when a lock was removed or something failed.",
            "# The first run only looks: what rests on the clocks of others goes from the second run on.",
            *_missing(what),
            *(f"{name}={_cron_value(name, value)}" for name, value in variables.items()),
            # A plain % would be the end of the command (crontab(5)).
            f"{_cron_times(what)} {command.replace('%', chr(92) + '%')}",
        ]
    )


def units(what: Unattended) -> str:
    """A service and a timer, each below a comment that names its file."""
    last = "# Then: systemctl daemon-reload && systemctl enable --now lockctl-prune.timer"
    return "\n".join([*_service(what), "", *_timer(what), "", last])


def _service(what: Unattended) -> list[str]:
    words = [*what.program, "prune", *what.options, "--yes", "--quiet", "--skip-if-running", "--timeout", "30m"]
    return [
        "# /etc/systemd/system/lockctl-prune.service",
        "[Unit]",
        "Description=Remove stale locks of restic",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=oneshot",
        *_missing(what),
        "# With a user systemd sets HOME, by which lockctl finds its configuration and rclone's.",
        "User=root",
        f"ExecStart={' '.join(map(_exec_word, words))}",
        *(f"LoadCredential={name}:{_unit_path(path)}" for name, path in what.credentials.items()),
        *(f"Environment={_assignment(name, value)}" for name, value in what.variables.items()),
        "Environment=LOCKCTL_STATE_DIR=%S/lockctl",
        "# Journal and memory; to see them: LOCKCTL_STATE_DIR=/var/lib/lockctl lockctl history",
        "StateDirectory=lockctl",
        "StateDirectoryMode=0700",
        *(f"ReadWritePaths={_unit_path(path)}" for path in what.folders),
        _HARDENING.format(capabilities=" CAP_DAC_OVERRIDE" if what.folders else ""),
    ]


def _timer(what: Unattended) -> list[str]:
    return [
        "# /etc/systemd/system/lockctl-prune.timer",
        "[Unit]",
        "Description=When stale locks of restic are removed",
        "",
        "[Timer]",
        f"OnCalendar={_calendar(what)}",
        "RandomizedDelaySec=5min",
        "Persistent=yes",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]


def _missing(what: Unattended) -> list[str]:
    return [f"# TO DO: {visible(what.missing)}"] if what.missing else []


def _cron_times(what: Unattended) -> str:
    if what.every < HOUR:
        step = int(what.every) // MINUTE
        minutes = ",".join(str(minute) for minute in range(what.minute % step, 60, step))
        return f"{minutes} * * * *"
    hours = int(what.every) // HOUR
    shown = "*" if hours == 1 else ",".join(str(hour) for hour in range(what.minute % hours, 24, hours))
    return f"{what.minute} {shown} * * *"


def _calendar(what: Unattended) -> str:
    minutes, hours, *_ = _cron_times(what).split()
    return f"*-*-* {hours}:{minutes}:00"


def _cron_value(name: str, value: str) -> str:
    """As crontab(5) has it: quotes of one kind around it, and nothing is escaped."""
    if _CONTROLS.search(value) or ('"' in value and "'" in value):
        raise UsageError(f"a crontab cannot hold this value of {name}", "Put the repository into the configuration")
    return f"'{value}'" if '"' in value else f'"{value}"'


def _exec_word(word: str) -> str:
    """One word of a command line (systemd.service(5), "COMMAND LINES"): % and $ are doubled."""
    return _unit_word(word.replace("%", "%%").replace("$", "$$"))


def _assignment(name: str, value: str) -> str:
    """Of a variable (systemd.exec(5), Environment=): $ has no meaning there."""
    return _unit_word(f"{name}={value}".replace("%", "%%"))


def _unit_word(word: str) -> str:
    if _CONTROLS.search(word):
        raise UsageError("a unit cannot hold an address or a path with control characters", "Give it a name")
    if _UNIT_PLAIN.fullmatch(word):
        return word
    inner = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def _unit_path(path: str) -> str:
    if _CONTROLS.search(path) or " " in path or '"' in path or "'" in path or "\\" in path:
        raise UsageError(f"a unit cannot hold the path {visible(path)}", "Use a path without spaces and quotes")
    return path.replace("%", "%%")
