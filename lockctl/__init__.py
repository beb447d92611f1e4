"""lockctl: who holds the locks of a restic repository on an SMB share, and the safe removal of stale ones."""

from __future__ import annotations

__version__ = "0.1.0"
