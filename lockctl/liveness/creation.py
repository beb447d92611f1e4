"""How far a creation time is the server's own. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from lockctl.transport.base import Entry

_SECOND = 10**9


def is_own(entry: Entry, keeps: bool) -> bool:
    """Whether a creation time is likely the server's own; `keeps` says that the server is seen to keep such times.

    Within a second of the last write it may be made up from that.
    """
    return entry.created is not None and (keeps or abs(entry.created - entry.written) >= _SECOND)


def keeps_creation(entries: Iterable[Entry]) -> bool:
    """Whether one of these files and directories has a creation time that a server could not have made up.

    Samba makes up the least of the last access, write and change (measured on 4.17: of write and change it takes the
    seconds and the fraction apart), ksmbd takes the change. The change is not shown: so it may be any time, but of a
    directory it is not before the last write. A whole second is no clock's: Samba's `fake directory create times`
    shows one in 1980.
    """
    return any(_cannot_be_made_up(entry) for entry in entries)


def _cannot_be_made_up(entry: Entry) -> bool:
    if entry.created is None or not entry.written or entry.created in (entry.written, entry.accessed):
        return False
    if entry.created % _SECOND == 0:
        return False
    if entry.is_directory:
        shown = [time for time in (entry.written, entry.accessed) if time]
        return entry.created // _SECOND < min(shown) // _SECOND
    return entry.created > entry.written
