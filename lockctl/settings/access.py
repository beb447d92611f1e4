"""All that opens one repository, as the user told it. A value; nothing is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lockctl.settings.place import Place
from lockctl.settings.policy import Policy


@dataclass(frozen=True, slots=True)
class Access:
    """A repository's place, its password and the key to try first; where to remember it, and how to judge its locks.

    Without a password nothing is decrypted.
    """

    place: Place
    password: str | None = field(repr=False)
    key_hint: str
    state_folder: Path
    policy: Policy = field(default_factory=Policy)
    name: str = ""
    """That the configuration gives the repository, '' where it gives none."""
