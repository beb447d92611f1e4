"""The transport over SMB: from a place on a share to the contract, by the fast lane or in the plain way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from lockctl.clock.boot import boottime
from lockctl.clock.deadline import Deadline
from lockctl.errors import ConnectionLost, DeadlinePassed, FileError, Interrupted, LockctlError
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import Login
from lockctl.transport.base import Choose, Contents, Entry, Listing, Protection, Removal, choose_nothing
from lockctl.transport.names import check_directory, check_path
from lockctl.transport.smb import requests
from lockctl.transport.smb.answers import parse_create
from lockctl.transport.smb.connection import SmbConnection
from lockctl.transport.smb.errors import answered
from lockctl.transport.smb.lane.lane import Lane
from lockctl.transport.smb.lane.takeover import take_over
from lockctl.transport.smb.lane.unexpected import Unexpected, has_given_up
from lockctl.transport.smb.reading import AccessReading, FilesReading, FolderReading, on_share
from lockctl.transport.smb.removing import remove_many
from lockctl.transport.smb.watch import SmbWatch
from lockctl.transport.smb.wire import Wire, exchange

NEAR_SECONDS = 0.1
"""For connecting and logging on."""
T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class _Reading(Protocol[T_co]):
    """What was asked for and has yet to come."""

    def finish(self) -> T_co:
        """Waits for it."""


def _say_nothing(_: str) -> None:
    pass


class SmbTransport:
    """A repository on a share; see `base.Remover` for what each method promises."""

    def __init__(
        self,
        address: SmbAddress,
        login: Login,
        deadline: Deadline,
        *,
        lane: bool = True,
        detail: Callable[[str], None] = _say_nothing,
    ) -> None:
        """Connects and logs on. `lane` permits the fast way. Raises Unreachable, ShareRefused, NoRepository,
        DeadlinePassed.
        """
        self._address = address
        self._login = login
        self._root = address.path
        self._deadline = deadline
        self._detail = detail
        began = boottime()
        self._wire = self._connect(lane=lane)
        self._is_near = boottime() - began < NEAR_SECONDS
        self._another: Wire | None = None

    @property
    def encrypted(self) -> bool:
        """Whether all messages are encrypted; else all are signed."""
        return self._wire.server.encrypts

    def protection(self) -> Protection:
        """As it was agreed when logging on."""
        return Protection(self._wire.server.dialect_name, self._wire.server.encrypts)

    def may_delete(self, directory: str) -> bool | None:
        """By the access to the directory that the server tells with a CREATE, whose handle is closed at once."""
        access = self._begin(lambda: AccessReading(self._wire, self._root, directory))()
        return None if access is None else requests.permits_deletion(access)

    def now(self) -> int:
        """The server's clock, from its answer to NEGOTIATE."""
        return self._wire.server.now()

    def close(self) -> None:
        """Drops the connection: no handle of a lock is open between two calls, so the server has nothing to tidy."""
        self._wire.close()
        self._close_another()

    def list_directory(self, directory: str) -> Listing:
        """All files, and the directory's own times."""
        return self.begin_folder(directory, choose_nothing, 0)().listing

    def read_many(self, paths: Sequence[str], limit: int) -> Sequence[bytes | FileError]:
        """All in as few round trips as the server's credits allow."""
        return self.begin_files(paths, limit)()

    def begin_files(self, paths: Sequence[str], limit: int) -> Callable[[], Sequence[bytes | FileError]]:
        """It is sent with whatever else is begun."""
        return self._begin(lambda: FilesReading([self._wire], self._root, paths, limit))

    def begin_folder(self, directory: str, choose: Choose, limit: int) -> Callable[[], Contents]:
        """The listing is sent with whatever else is begun, and the reading of a page's files with the next page."""
        return self._begin(lambda: FolderReading(self._wire, self._root, directory, choose, limit, self._find_another))

    def watch(self, directory: str) -> SmbWatch:
        """CHANGE_NOTIFY, on a handle of its own."""
        path = on_share(self._root, check_directory(directory))
        return SmbWatch(self._wire, path, directory, lambda: self.list_directory(directory))

    def remove_many(self, directory: str, wanted: Sequence[tuple[Entry, bytes]]) -> Sequence[Removal | FileError]:
        """Opens for reading and deletion, sharing only reads; compares; marks that handle; closes; looks again."""
        return remove_many(self._wire, self._root, self._deadline, directory, wanted)

    def put_new(self, path: str, temporary: str, data: bytes) -> None:
        """Writes under `temporary`, renames without replacing, and removes what could not be renamed."""
        check_path(path)
        check_path(temporary)
        access = requests.WRITE | requests.DELETE | requests.LOOK
        options = requests.OPEN_FILE | 0x2  # FILE_WRITE_THROUGH: on the server's disk before it has its name
        name, unit = on_share(self._root, temporary), self._wire.server.max_write()
        creating = requests.create(name, access, requests.SHARE_READ, options, requests.NEW)
        opened, written = exchange(self._wire, creating, requests.write(requests.RELATED, data[:unit]))
        handle = parse_create(answered(opened, temporary)).handle
        try:
            answered(written, temporary)
            for offset in range(unit, len(data), unit):
                (written,) = exchange(self._wire, requests.write(handle, data[offset : offset + unit], offset))
                answered(written, temporary)
            (renamed,) = exchange(self._wire, requests.rename(handle, on_share(self._root, path)))
            answered(renamed, path)
        except FileError:
            exchange(self._wire, requests.mark_deleted(handle), requests.close(handle))
            raise
        exchange(self._wire, requests.close(handle))

    def _connect(self, *, lane: bool) -> Wire:
        plain = SmbConnection(self._address, self._login, self._deadline)
        if not lane or has_given_up(self._address.host, self._address.port):
            return plain
        try:
            taken = take_over(plain)
        except ConnectionLost as error:
            self._detail(f"{error.message}: connecting anew, for the plain way")
            return SmbConnection(self._address, self._login, self._deadline)
        return plain if taken is None else Lane(taken, self._deadline)

    def _find_another(self) -> Wire | None:
        """A second connection, once: each has a process of the server's. Far away it is not worth its log-on."""
        if self._is_near and isinstance(self._wire, Lane):
            self._is_near = False
            try:
                self._another = self._connect(lane=True)
            except (DeadlinePassed, Interrupted):
                raise
            except LockctlError as error:
                self._detail(f"no second connection: {error.message}")
        return self._another

    def _close_another(self) -> None:
        if self._another is not None:
            self._another.close()
        self._another = None

    def _begin(self, begin: Callable[[], _Reading[T]]) -> Callable[[], T]:
        """Begins, and returns what waits for the end. Where the lane gives up it begins anew, in the plain way."""
        wire, reading = self._wire, begin()

        def finish() -> T:
            if self._wire is wire:
                try:
                    return reading.finish()
                except Unexpected as error:
                    self._detail(f"{error.reason}: going on in the plain way")
                    self.close()
                    self._wire = self._connect(lane=False)
                finally:
                    self._close_another()  # else it would stay idle until the end, and then perhaps be dead
            return begin().finish()

        return finish
