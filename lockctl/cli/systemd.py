"""Tells systemd how it goes, where it started this run and wants to know (sd_notify(3))."""

from __future__ import annotations

import os
from contextlib import suppress

_SECONDS = 1.0
"""For which a service manager that does not listen may hold up a run."""


def notify(*fields: str) -> None:
    """Sends such fields as READY=1 or STATUS=text. Nobody's run fails because that could not be told."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    # Imported only where systemd asked for it.
    import socket

    address = f"\0{path[1:]}" if path.startswith("@") else path
    message = "\n".join(field.replace("\n", " ") for field in fields)
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.settimeout(_SECONDS)
        sender.sendto(message.encode("utf-8", "replace"), address)
