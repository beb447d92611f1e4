"""Since when this machine sees each owner of an exclusive lock: a lock that is renewed is a new file each time, and
none of them tells when its owner began. Besides, when the locks of a repository were last read at all.

It is for monitoring alone, and nothing is ever removed on its account.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lockctl.state.files import folder_lock, make_folder, name_of, read_regular, write_whole

LONGEST_GAP = 7200 * 10**9
"""Nanoseconds between two looks after which an owner counts as a new one: in a container each has the same PID."""
MAX_OWNERS = 1000
"""That are remembered of one repository."""
_LOCK_SECONDS = 2.0
_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """What is remembered of one repository; moments are nanoseconds since 1970 by this machine's and the server's
    clock.
    """

    config: str = ""
    """The hash of its config file."""
    looked: tuple[int, int] | None = None
    """When it was last looked at, None where it never was."""
    first: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By the hash of an owner, when it was first seen."""

    def look(self, config: str, owners: Iterable[Hashable], now: tuple[int, int]) -> Held:
        """What is remembered after a look at `now` that showed these owners of exclusive locks."""
        goes_on = self.config == config and self.looked is not None and 0 <= now[0] - self.looked[0] <= LONGEST_GAP
        first = self.first if goes_on else {}
        names = sorted({digest(owner) for owner in owners})[:MAX_OWNERS]
        return Held(config, now, {name: first.get(name, now) for name in names})

    def seconds(self, owner: Hashable) -> float:
        """For how long an owner was seen, by the clock that says less: both can be set."""
        first = self.first.get(digest(owner))
        if first is None or self.looked is None:
            return 0.0
        return max(0.0, min(self.looked[0] - first[0], self.looked[1] - first[1]) / 1e9)


def digest(owner: Hashable) -> str:
    """By which an owner is remembered: names of strangers are of any length."""
    return hashlib.sha256(repr(owner).encode("utf-8", "surrogatepass")).hexdigest()


class Holdings:
    """What is remembered of the repository with this address, in a file below `folder`."""

    def __init__(self, folder: Path, address: str) -> None:
        self._path = folder / name_of(address)

    def read(self) -> Held:
        """What was remembered; nothing where that is not there, damaged or not for us."""
        try:
            return _decode(read_regular(self._path, _LIMIT))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Held()

    def note(self, config: str, owners: Iterable[Hashable], now: tuple[int, int]) -> tuple[Held, str]:
        """Remembers a look. Returns what is known then, and why it could not be kept, or ''. Never raises."""
        folder = self._path.parent
        try:
            make_folder(folder)
            with folder_lock(folder, _LOCK_SECONDS):
                held = self.read().look(config, owners, now)
                write_whole(self._path, _encode(held))
        except OSError as error:
            return self.read().look(config, owners, now), f"cannot write {folder}: {error.strerror}"
        return held, ""


def _encode(held: Held) -> bytes:
    return json.dumps({"config": held.config, "looked": held.looked, "first": held.first}).encode("ascii")


def _decode(data: bytes) -> Held:
    """Raises ValueError, TypeError, KeyError or AttributeError where it is damaged."""
    fields = json.loads(data)
    first = {str(name): _moment(moment) for name, moment in fields["first"].items()}
    return Held(str(fields["config"]), _moment(fields["looked"]), first)


def _moment(value: object) -> tuple[int, int]:
    if not isinstance(value, list) or not all(type(one) is int for one in value):
        raise ValueError("no two clocks")
    local, server = value
    return local, server
