"""lockctl at a terminal, as a picture: real locks on the lab's Samba, and all that the real command line printed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

from rich.console import Console
from rich.style import Style
from rich.text import Text

from tests.cli.make import HOUR
from tests.cli.run import state_of
from tests.cli.seeing import seen_for
from tests.cli.terminal import at_width, drawn
from tests.lab.restic import Repository
from tests.lab.seal import Owner, aged_lock
from tests.pictures.look import Look

WIDTH = 100
COMMANDS = ("list", "prune --dry-run")
ADDRESS = "rclone:nas:backup/restic"
FOLDER = "restic"
SEEN_SECONDS = 4 * HOUR
_AS_HOST = 'echo "$0" >/proc/sys/kernel/hostname; exec "$@"'
_ON_WEB1 = ("unshare", "--map-root-user", "--uts", "sh", "-c", _AS_HOST, "web1")
"""Runs restic on a machine of that name."""


_NO_TERMINAL = Console(width=WIDTH)
_CHARACTER = 8.4
_LINE = 18
_MARGIN = 14
_FONT = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace'


def session(repository: Repository) -> list[str]:
    """What stands at the terminal after the commands, in a new repository with locks of several kinds."""
    repository.init()
    variables, shown = as_a_user(repository), list[str]()
    with replace(repository, within=_ON_WEB1).running_backup():
        leave_locks(repository)
        for command in COMMANDS:
            shown += [f"\x1b[1m$ lockctl {command}\x1b[0m", *drawn(at_width(variables, WIDTH, *command.split()))]
    return shown[:-1]


def leave_locks(repository: Repository) -> None:
    """Locks of machines that are gone, an upload that was cut, and one of a machine whose clock is wrong."""
    aged_lock(repository, 26 * HOUR, Owner("db1", "backup", 31337, 34, 34), exclusive=True)
    aged_lock(repository, 9 * HOUR, Owner("laptop", "anna", 2718, 1000, 1000))
    aged_lock(repository, 5 * HOUR, cut_to=60)
    aged_lock(repository, 3 * HOUR, Owner("pi4", pid=577), created_age=120)
    seen_for(repository, SEEN_SECONDS, address=ADDRESS)


def as_a_user(repository: Repository) -> Mapping[str, str]:
    """The environment of somebody whose rclone calls the lab's Samba `nas`."""
    lab = {name.replace("_LAB_", "_NAS_"): value for name, value in repository.env.items()}
    mine = {"RESTIC_REPOSITORY": ADDRESS, "LOCKCTL_STATE_DIR": str(state_of(repository)), "TERM": "xterm-256color"}
    return {**lab, **mine}


def draw(lines: Sequence[str], look: Look) -> str:
    """The lines, with the colours that they have in them, as SVG."""
    width, height = 2 * _MARGIN + WIDTH * _CHARACTER, 2 * _MARGIN + len(lines) * _LINE
    rows = [f'<text y="{_MARGIN + _LINE * (n + 0.75):g}">{_row(line)}</text>' for n, line in enumerate(lines) if line]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img"'
            f' font-family=\'{_FONT}\' font-size="14" fill="{look.text}">',
            f"<title>{' and '.join(f'lockctl {command}' for command in COMMANDS)}</title>",
            f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="8" fill="{look.ground}"'
            f' stroke="{look.frame}"/>',
            *rows,
            "</svg>\n",
        )
    )


def _row(line: str) -> str:
    """Each part between wide gaps stands where it should, whatever font there is, and takes the room that it should."""
    parts, column = [], 0
    for text, style, _ in Text.from_ansi(line).render(_NO_TERMINAL):
        for part in re.finditer(r"\S+(?: \S+)*", text):
            at, length = _MARGIN + (column + part.start()) * _CHARACTER, len(part[0]) * _CHARACTER
            place = f'x="{at:g}" textLength="{length:g}"{_paint(style or Style.null())}'
            parts.append(f"<tspan {place}>{escape(part[0])}</tspan>")
        column += len(text)
    return "".join(parts)


def _paint(style: Style) -> str:
    colour = f' fill="{style.color.get_truecolor().hex}"' if style.color else ""
    faint = ' fill-opacity="0.6"' if style.dim else ""
    return colour + faint + (' font-weight="bold"' if style.bold else "")
