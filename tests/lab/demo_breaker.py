"""`./dev demo --breaker`: the failure as its users see it, beside the same backup with the cure."""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tests.cli.run import COMMAND
from tests.lab.beside import Beside
from tests.lab.breaker import CURE, HALF_BYTES, SERVE, WRITER, HalfListed, Line
from tests.lab.processes import newer_restic
from tests.lab.restic import Repository, copy_repository
from tests.lab.samba import Samba
from tests.lab.showing import run, say, state_dir

FAILING, CURED, SUPERVISED = "as it is", "cured", "run"
LOOK_SECONDS = 0.5
INTRODUCTION = f"""\
Three backups begin, each into a repository of its own. In each another client, {WRITER.hostname}, is just writing its \
lock: restic lists it when its first {HALF_BYTES} bytes are there, and reads it when it is whole. Only that other \
client is played. restic, rclone, Samba and all that they say are real."""
WAITING = """\
rclone remembers the size that it had listed, and serves the whole file under it. restic asks again, with growing \
pauses, for a quarter of an hour, although the lock has been whole since the first try. Ctrl-C ends this."""
CURED_SAYS = """\
With --cache-objects=false rclone remembers no sizes; for that it asks the share once more for each file that is \
read."""
SUPERVISED_SAYS = """\
lockctl saw on the share that the lock is sound, ended the restic that could not come to read it, and started it \
again. The first one goes on trying:"""
LOCKCTL_RUN = ("lockctl", "run", "--restart-on-breaker", "1", "--")

AFTERWARDS = (("list", 0), ("doctor --log {log}", 2))
"""Commands of lockctl that look at what is left, and their status. `{log}` is all that the failed backup printed."""

Told = tuple[str, Line]


def show_breaker() -> int:
    """Show all; the exit status is 1 where one did not end as it should. Raises `LabError`."""
    restic = newer_restic()
    with Samba() as samba:
        say("Real restic makes a repository on a throwaway Samba through real rclone ...")
        failing = Repository(samba, "failing", restic=restic)
        failing.init()
        cured = replace(copy_repository(samba, failing.path, "cured"), restic=restic)
        supervised = supervise(replace(copy_repository(samba, failing.path, "supervised"), restic=restic))
        told: queue.SimpleQueue[Told] = queue.SimpleQueue()
        hear = partial(_hear, told)
        say(f"\n{INTRODUCTION}\n")
        print(f"{FAILING:>8}: restic backup ...\n{CURED:>8}: restic -o rclone.args='{CURE}' backup ...")
        print(f"{SUPERVISED:>8}: {' '.join(LOCKCTL_RUN)} restic backup ...\n", flush=True)
        runs = {
            FAILING: Beside(HalfListed(failing, heard=hear(FAILING))),
            CURED: Beside(HalfListed(cured, CURE, heard=hear(CURED))),
            SUPERVISED: Beside(HalfListed(supervised, heard=hear(SUPERVISED))),
        }
        try:
            follow(runs, told)
            return conclude(*(one.done() for one in runs.values()))
        finally:
            for one in runs.values():
                one.stop()


def supervise(repository: Repository) -> Repository:
    """The same repository, where restic is run by lockctl."""
    within = ("env", f"LOCKCTL_STATE_DIR={state_dir(repository)}", *COMMAND, *LOCKCTL_RUN[1:])
    return replace(repository, within=within)


def _hear(told: queue.SimpleQueue[Told], name: str) -> Callable[[Line], None]:
    return lambda line: told.put((name, line))


def follow(runs: dict[str, Beside[HalfListed]], told: queue.SimpleQueue[Told]) -> None:
    """Show what all print as it comes, with a word where something new happens, until they have ended."""
    explained = False
    praised = {CURED: CURED_SAYS, SUPERVISED: SUPERVISED_SAYS}
    while any(one.is_running for one in runs.values()) or not told.empty():
        try:
            name, line = told.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            for name in [name for name in praised if not runs[name].is_running]:
                say(f"\n{outcome(runs[name].done())} {praised.pop(name)}\n")
            continue
        if line.text:
            print(f"{name:>8} {line.seconds:4.0f} s | {line.text}", flush=True)
        if not explained and "Content-Length" in line.text:
            explained = True
            say(f"\n{WAITING}\n")


def outcome(done: HalfListed) -> str:
    """How a backup ended, in a sentence."""
    success = "It succeeded" if done.status == 0 else f"It failed with exit status {done.status}"
    return f"{success} after {done.seconds:.0f} s."


def conclude(failed: HalfListed, cured: HalfListed, supervised: HalfListed) -> int:
    """Say what is left behind and show it; the exit status of the demo."""
    state = "sound: its name is the SHA-256 of its bytes" if failed.is_sound else "not whole"
    say(f"\n{outcome(failed)} The lock of {WRITER.hostname} ({failed.lock_id[:8]}) is {state}.")
    say("Nothing on the share has to be removed or repaired:")
    log = failed.repository.samba.directory / "backup.log"
    log.write_text(failed.text, encoding="utf-8")
    failures = [run(command.format(log=log), failed.repository, status) for command, status in AFTERWARDS]
    say(f"\nWhat ends it: restic's option rclone.args, with {CURE.removeprefix(SERVE).strip()} at its end.")
    went_well = (failed.status, cured.status, supervised.status) == (1, 0, 0) and failed.is_sound
    return int(not went_well or any(failures))
