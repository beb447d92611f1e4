"""The part of the demo with two repositories by name: a configuration, all at once, monitoring, and a line for cron."""

from __future__ import annotations

from pathlib import Path

from tests.cli.run import lockctl
from tests.lab.known import Known
from tests.lab.restic import Repository, copy_repository
from tests.lab.seal import Owner, aged_lock
from tests.lab.showing import prompt, say, state_dir

DAY = 86400
WEB3 = Owner("web3", pid=611)
COMMANDS = (
    ("list --all", "", 0),
    ("check --all", "", 2),
    ("metrics --all", "lockctl_blocked", 0),
    ("schedule --cron --all", "", 0),
)
"""What is shown, of that the lines that begin so, and the status."""


def show_several(repository: Repository) -> bool:
    """A second repository beside this one, and both by their names; whether something failed."""
    home = repository.samba.directory / "home"
    home.mkdir(exist_ok=True)
    known = Known(home)
    office = copy_repository(repository.samba, repository.path, "office")
    for lock in (office.path / "locks").iterdir():
        lock.unlink()
    aged_lock(office, 2 * DAY, WEB3)
    known.open({"nas": repository, "office": office})
    say("\nTwo repositories by name, in ~/.config/lockctl/config.toml:\n")
    print(known.file.read_text(encoding="utf-8").strip(), flush=True)
    failures = [_show(command, beginning, status, known, repository) for command, beginning, status in COMMANDS]
    return any(failures)


def _show(command: str, beginning: str, status: int, known: Known, repository: Repository) -> bool:
    prompt(f"lockctl {command}" + (f" | grep ^{beginning}" if beginning else ""))
    # A state folder of its own: the other commands' memory is of the same share by another address.
    state = Path(f"{state_dir(repository)}-by-name")
    done = lockctl(known.variables(), *command.split(), state_dir=state)
    lines = [line for line in done.stdout.splitlines() if line.startswith(beginning)]
    print("\n".join([*([done.stderr.rstrip()] if done.stderr else []), *lines]), flush=True)
    if done.status != 0:
        say(f"(exit status {done.status})")
    return done.status != status
