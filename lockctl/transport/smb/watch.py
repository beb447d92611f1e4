"""CHANGE_NOTIFY on a directory: the server tells of a change by itself, within milliseconds ([MS-SMB2] 2.2.35)."""

from __future__ import annotations

from collections.abc import Callable

from smbprotocol.header import NtStatus

from lockctl.transport.base import Listing, Watch
from lockctl.transport.polling import PollingWatch
from lockctl.transport.smb import requests
from lockctl.transport.smb.answers import parse_create
from lockctl.transport.smb.errors import translate_file
from lockctl.transport.smb.wire import Wire, exchange

POLL_SECONDS = 10.0
"""Between listings where the server tells nothing by itself."""
_TOLD = {NtStatus.STATUS_NOTIFY_ENUM_DIR, NtStatus.STATUS_NOTIFY_CLEANUP}
"""Too many changes to name, or the directory itself has gone: both are changes."""


class SmbWatch:
    """A handle on the directory, with one request that the server answers when something changes.

    The handle shares everything and is on no lock, so it hinders nobody.
    """

    def __init__(self, wire: Wire, path: str, shown: str, look: Callable[[], Listing]) -> None:
        """Opens and arms. `look` lists the directory, for a server that does not know CHANGE_NOTIFY."""
        self._wire = wire
        self._look = look
        self._instead: Watch | None = None
        opening = requests.create(path, requests.LIST, requests.SHARE_ALL, requests.OPEN_DIRECTORY)
        (opened,) = exchange(wire, opening)
        if isinstance(opened, int):
            raise translate_file(opened, shown)
        self._handle = parse_create(opened).handle
        self._pending = wire.begin(requests.change_notify(self._handle))
        wire.await_start(self._pending)

    @property
    def polls(self) -> bool:
        """Whether the server has refused CHANGE_NOTIFY."""
        return self._instead is not None

    def wait(self, seconds: float) -> bool:
        """Waits for the server's word, and asks for the next one: what happens in between the server keeps."""
        if self._instead is not None:
            return self._instead.wait(seconds)
        answer = self._wire.poll(self._pending, seconds)
        if answer is None:
            return False
        if isinstance(answer, int) and answer not in _TOLD:
            self._instead = PollingWatch(self._look, POLL_SECONDS)
            return True  # what happened until now nobody told
        self._pending = self._wire.begin(requests.change_notify(self._handle))
        return True
