"""From a place to a transport."""

from __future__ import annotations

from collections.abc import Callable

from lockctl.clock.deadline import Deadline
from lockctl.settings.place import LocalPlace, Place
from lockctl.transport.base import Remover


def connect(place: Place, deadline: Deadline, detail: Callable[[str], None]) -> Remover:
    """The transport to this place, which whoever gets it closes. `detail` is told what is done.

    Raises Unreachable's kinds and ShareRefused.
    """
    # What a place does not need is not imported: smbprotocol takes a tenth of a second.
    if isinstance(place, LocalPlace):
        from lockctl.transport.local.directory import LocalTransport

        return LocalTransport(place.path)
    from lockctl.transport.smb.transport import SmbTransport

    detail(f"connecting to {place.address.host} port {place.address.port} as {place.login.account}")
    transport = SmbTransport(place.address, place.login, deadline, lane=place.lane, detail=detail)
    detail(f"logged on; messages are {'encrypted' if transport.encrypted else 'signed'}")
    return transport
