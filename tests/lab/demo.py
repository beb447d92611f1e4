"""`./dev demo`: lockctl at work on locks that real restic left on a real, throwaway Samba."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.lab.demo_breaker import show_breaker
from tests.lab.demo_several import show_several
from tests.lab.processes import LabError
from tests.lab.restic import Repository, RunningBackup
from tests.lab.samba import Samba, stop_recorded
from tests.lab.seal import Owner, aged_lock
from tests.lab.showing import run, say, state_dir

RECORD = Path(sys.prefix) / "lab-demo.json"
UNATTENDED = "prune --yes"
COMMANDS = (("list", 0), (UNATTENDED, 3), ("doctor", 2), ("prune", 0), ("history", 0), ("list", 0))
"""What is shown, and with which status it ends: an unattended run says that its memory is too young for what waits,
and doctor that there is something to do."""
SEVERAL = 3
"""After so many of them two repositories are shown."""
HOUR = 3600
CUT_BYTES = 60
WEB1 = Owner("web1", pid=4209)
DB2 = Owner("db2", "backup", 31337, 34, 34)


@dataclass(frozen=True, slots=True)
class Origin:
    """How a lock came to be."""

    lock_id: str
    text: str


def main() -> int:
    """Run the demo, or end one that was kept; the exit status is 1 where lockctl or the backup failed."""
    parser = argparse.ArgumentParser("./dev demo", description="Show lockctl at work on a throwaway Samba.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--keep", action="store_true", help="leave Samba running, to try lockctl by hand")
    choice.add_argument("--stop", action="store_true", help="end the Samba that --keep left")
    about = "show restic's open circuit breaker and its cure (17 minutes)"
    choice.add_argument("--breaker", action="store_true", help=about)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        if options.stop:
            print("The demo's Samba has ended." if stop_recorded(RECORD) else "No Samba of a demo is running.")
            return 0
        return show_breaker() if options.breaker else demonstrate(options.keep)
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Nobody reads on; Python's own last flush would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def demonstrate(keep: bool) -> int:
    """Start Samba, fill a repository with locks, show lockctl; with `keep` leave it all behind."""
    if keep:
        stop_recorded(RECORD)
    samba = Samba()
    samba.start(outlives=keep)
    try:
        repository = Repository(samba)
        failed = show(repository)
        if keep:
            explain(repository)
            samba.detach(RECORD)
    finally:
        samba.stop()
    return int(failed)


def show(repository: Repository) -> bool:
    """Leave the locks, run the commands, end the backup; whether something failed."""
    say(f"Samba listens on {repository.samba.host}, port {repository.samba.port}.")
    say("Real restic makes a repository there through real rclone, and leaves locks in it ...")
    repository.init()
    killed = Origin(repository.backup_killed(), "a restic backup, killed hard (it and its rclone)")
    with repository.running_backup() as backup:
        origins = [killed, Origin(backup.lock_id, "a restic backup that still runs"), *more_locks(repository)]
        tell(origins)
        failures = [show_command(command, repository, status) for command, status in COMMANDS[:SEVERAL]]
        failures.append(show_several(repository))
        failures += [show_command(command, repository, status) for command, status in COMMANDS[SEVERAL:]]
        return survived(backup) or any(failures)


def show_command(command: str, repository: Repository, status: int) -> bool:
    """Run one command; whether it ended otherwise than it should."""
    failed = run(command, repository, status)
    if command == UNATTENDED:
        say("(Nobody was asked, so nothing goes that this machine has not seen for 22½ minutes by its own clock.)")
    return failed


def more_locks(repository: Repository) -> list[Origin]:
    """An exclusive lock of a killed check, and the locks that the lab itself puts there."""
    # restic locks exclusively only where nobody else has locked.
    with repository.locks_aside():
        check = repository.check_killed()
    cut = aged_lock(repository, 0, WEB1, cut_to=CUT_BYTES)
    three = aged_lock(repository, 3 * HOUR, WEB1)
    day = aged_lock(repository, 26 * HOUR, DB2, exclusive=True)
    old_cut = aged_lock(repository, 5 * HOUR, WEB1, cut_to=CUT_BYTES)
    return [
        Origin(check, "a restic check, killed hard: exclusive (the other locks were set aside meanwhile)"),
        Origin(cut, f"the first {CUT_BYTES} bytes of a lock, as an upload leaves it that was cut [lab]"),
        Origin(three, "a backup of the machine web1, 3 hours old [lab, aged]"),
        Origin(day, "a prune of the machine db2, 26 hours old: exclusive [lab, aged]"),
        Origin(old_cut, f"{CUT_BYTES} bytes of a lock, 5 hours old [lab, aged]"),
    ]


def tell(origins: list[Origin]) -> None:
    """Say how each lock came to be, and which of them are not restic's own."""
    say("")
    for origin in origins:
        say(f"  {origin.lock_id[:8]}  {origin.text}")
    say("")
    say(
        "[lab] is not restic's own: the lab sealed it with the repository's key and put it there over SMB. [aged]"
        " has a `time` in the past in it, and the file's creation and last write were set back over SMB: nobody"
        " waited for hours. All else is as restic left it."
    )


def survived(backup: RunningBackup) -> bool:
    """End the input of the backup that runs and show how it ends; whether that went wrong."""
    say("")
    say("The backup that ran all the time gets the end of its input:")
    done = backup.finish()
    summary = [line for line in done.stdout.splitlines() if line.strip()][-1:]
    say(f"  exit status {done.returncode}: {''.join(summary) or done.stderr.strip()}")
    say("What was killed a moment ago is still there: no lock goes within 7½ minutes of its last renewal.")
    return done.returncode != 0


def explain(repository: Repository) -> None:
    """Leave one more old lock for whoever tries, and print the environment to try in.

    It has a state folder of its own: the demo's has seen that this lock was not there a moment ago.
    """
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    say(f"\nSamba goes on, with one more old lock ({lock_id[:8]}). To try lockctl, restic and rclone by hand:\n")
    for name, value in {**repository.variables, "LOCKCTL_STATE_DIR": f"{state_dir(repository)}-by-hand"}.items():
        print(f"export {name}={shlex.quote(value)}")
    print(f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH")
    say("\nThe same repository in lockctl's own words, with the password of the share in LOCKCTL_SMB_PASSWORD:")
    say(f"  LOCKCTL_SMB_PASSWORD={repository.samba.password} lockctl list -r {repository.smb_address}")
    say("\n./dev demo --stop ends it.")


if __name__ == "__main__":
    sys.exit(main())
