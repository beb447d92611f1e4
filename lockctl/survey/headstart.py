"""What a session begins with, before all else is imported: to derive the key where its file was kept."""

from __future__ import annotations

from lockctl.repository.headstart import HeadStart
from lockctl.settings.access import Access
from lockctl.state.keycache import KeyCache


def take_head_start(access: Access) -> HeadStart | None:
    """Starts to derive the key where the key file of the last time was kept; None where nothing is decrypted."""
    if access.password is None:
        return None
    return HeadStart(KeyCache(access.state_folder / "keys", access.place.shown), access.password)
