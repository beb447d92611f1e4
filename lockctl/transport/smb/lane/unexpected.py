"""What makes the lane give up: a server that does what is not in its book, and that the plain way may get on with."""

from __future__ import annotations

from lockctl.errors import ConnectionLost

_gave_up: set[tuple[str, int]] = set()
"""Hosts and ports of the servers that did so: for the rest of the run they are spoken to in the plain way."""


class Unexpected(ConnectionLost):
    """What the server did. Whoever only reads can begin anew in the plain way; for all others the answer is lost."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"connection to the server lost: {reason}", "Run the command again")
        self.reason = reason


def give_up(host: str, port: int) -> None:
    """From now on the lane is not taken to this server."""
    _gave_up.add((host, port))


def has_given_up(host: str, port: int) -> bool:
    """Whether the lane gave up with this server before, in this run."""
    return (host, port) in _gave_up
