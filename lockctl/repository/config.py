"""What restic's config file says. A value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RepositoryConfig:
    """What restic's config file says; None where nobody opened it. `sha256` is that of the file, sealed as it is."""

    id: str | None
    format: int | None
    sha256: str
    """What tells repositories apart even where nothing can be opened."""
