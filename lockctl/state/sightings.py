"""Sightings: the memory of each repository, a file of its own in the state folder.

Where it cannot be kept the other witnesses stand, and a run that nobody attends has to say so: it would wait for ever.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from lockctl.clock.duration import describe_duration
from lockctl.state.files import (
    LOCK,
    folder_lock,
    is_open_to_others,
    make_folder,
    name_of,
    read_regular,
    remove_left_over,
    remove_unused,
    write_whole,
)
from lockctl.state.machine import Host, file_system, this_machine
from lockctl.state.memory import Memory, Moment, Shown, Sighting

KEPT_SECONDS = 90 * 86400.0
"""For which a repository is remembered that nobody looks at."""
_YOUNG_SECONDS = 1350.0
_FOR_EVER = 1e11
"""Seconds: three thousand years."""
_STANDS_STILL = (
    "what earlier runs saw does not add up: to all appearance this machine is started anew before each run, or two "
    "write this memory by turns. Use --watch"
)
_LOCK_SECONDS = 2.0
_FLEETING = {"tmpfs": "a tmpfs, which is emptied at each start", "overlay": "a container, and goes with it"}
"""File systems that do not outlive what made them."""


class Sightings:
    """The memories below `folder`, as one run uses them."""

    def __init__(self, folder: Path, machine: Host | None = None) -> None:
        self._folder = folder
        self._machine = machine or this_machine()
        self._problems: dict[str, str] = {}
        """By repository, what was wrong when this run looked for the first time."""
        self._seen: dict[str, Memory] = {}
        """By repository, what is known after the last look."""

    def note(self, repository: str, files: Sequence[Shown], now: Moment) -> tuple[Memory, str]:
        """Notes that these files stand there now. Returns what is known then, and why earlier looks are not, or ''.

        `repository` is whatever tells it from others. Never raises: without a memory all is seen for the first time.
        """
        path = self._folder / name_of(repository)
        try:
            make_folder(self._folder)
            # Two runs at once must not lose each other's first sight of a lock.
            with folder_lock(self._folder, _LOCK_SECONDS):
                memory = self._recall(path, repository).look(files, now)
                write_whole(path, _encode(memory, self._machine))
                remove_unused(self._folder, KEPT_SECONDS)
                remove_left_over(self._folder)
        except OSError as error:
            # What this run itself has seen counts all the same: a run that stays needs no more.
            memory = (self._seen.get(repository) or self._recall(path, repository)).look(files, now)
            problem = f"cannot write {self._folder}: {error.strerror}. Give a folder that can be kept: --state-dir"
        else:
            problem = self._problems[repository] or self._youth() or (_STANDS_STILL if memory.stands_still else "")
        self._seen[repository] = memory
        return memory, problem

    def _recall(self, path: Path, repository: str) -> Memory:
        """What the file holds, if it is there, sound and this machine's."""
        memory, problem = Memory(), ""
        try:
            _refuse_from_others(path)
            memory, machine = _decode(read_regular(path))
            if not machine.may_be(self._machine):
                problem = f"{self._folder} was another machine's ({machine.hostname}). Give each a folder of its own"
                memory = Memory()
        except FileNotFoundError:
            pass  # a repository that nobody has looked at so far
        except OSError as error:
            problem = f"{path} could not be read, and starts anew: {error.strerror}"
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            problem = f"{path} could not be read, and starts anew"
        self._problems.setdefault(repository, problem)
        return memory

    def _youth(self) -> str:
        """What is to be said of a folder in which nothing can have been seen for long enough, '' of another."""
        try:
            # That file is never written: so its time tells how old the folder is.
            age = time.time() - (self._folder / LOCK).lstat().st_mtime
        except OSError:
            return ""
        if not 0 <= age <= _YOUNG_SECONDS:  # a clock that was wrong then says nothing
            return ""
        lies = _FLEETING.get(file_system(self._folder))
        where = f" It lies in {lies}." if lies else ""
        hint = "If that was the first run, all is well; else it is not kept: see --state-dir, or use --watch"
        return f"{self._folder} was made {describe_duration(age)} ago.{where} {hint}"


def _refuse_from_others(path: Path) -> None:
    """What others could have written lets nothing go unattended. Raises OSError."""
    status = path.lstat()
    if status.st_uid not in (0, os.geteuid()):
        raise OSError(errno.EPERM, f"it belongs to another user (uid {status.st_uid})")
    for one in (path, path.parent, path.parent.parent):
        if not one.is_symlink() and is_open_to_others(one.stat()):
            raise OSError(errno.EPERM, f"others can write {one}")


def _encode(memory: Memory, machine: Host) -> bytes:
    looked = astuple(memory.looked)[:5] if memory.looked is not None else None
    locks = {name: [one.instance[1:], one.first, one.stood, one.absent] for name, one in memory.sightings.items()}
    fields = {"machine": astuple(machine), "looked": looked, "complete": memory.complete, "locks": locks}
    return json.dumps(fields).encode("ascii")


def _decode(data: bytes) -> tuple[Memory, Host]:
    """The memory in this file, and whose it is. Raises ValueError, TypeError or KeyError where it is damaged."""
    fields = json.loads(data)
    identity, hostname = fields["machine"]
    boot_id, *times = fields["looked"]
    awake, boot, wall, server = (_seconds(one) for one in times)
    sightings = {str(name): _decode_sighting(str(name), *one) for name, one in fields["locks"].items()}
    looked = Moment(str(boot_id), awake, boot, wall, server)
    return Memory(looked, bool(fields["complete"]), sightings), Host(tuple(map(str, identity)), str(hostname))


def _decode_sighting(name: str, version: Any, first: Any, stood: Any, absent: Any) -> Sighting:
    (size, written), (wall, server) = version, first
    if not stood >= 0:
        raise ValueError("nothing stands for less than no time")
    since = None if absent is None else _seconds(absent)
    return Sighting((name, int(size), int(written)), (_seconds(wall), _seconds(server)), _seconds(stood), since)


def _seconds(value: Any) -> float:
    """Of any clock. Raises ValueError for what none shows."""
    number = float(value)
    if not -_FOR_EVER < number < _FOR_EVER:
        raise ValueError("not a moment that ever was")
    return number
