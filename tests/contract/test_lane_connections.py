"""The lane's connections: how it comes to one, and when it takes a second."""

from __future__ import annotations

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import ConnectionLost, Interrupted
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import Login
from lockctl.transport.smb import hardening, reading
from lockctl.transport.smb import transport as transport_module
from lockctl.transport.smb.connection import SmbConnection
from lockctl.transport.smb.reading import MANY
from lockctl.transport.smb.transport import SmbTransport
from tests.contract.places import connect
from tests.lab.proxy import Proxy
from tests.lab.samba import Samba


@pytest.mark.parametrize(("near", "connections"), [(1000.0, 2), (0.0, 1)], ids=["near", "far"])
def test_thousands_of_files_are_read_by_two_connections_where_that_pays(
    samba: Samba, monkeypatch: pytest.MonkeyPatch, near: float, connections: int
) -> None:
    monkeypatch.setattr(transport_module, "NEAR_SECONDS", near)
    folder = samba.make_folder("backup", f"thousands-{connections}/locks")
    for number in range(MANY + 500):
        (folder / f"{number:064x}").write_bytes(b"%d" % number)
    samba.give(folder)
    with Proxy(samba.port) as proxy:
        transport = connect(samba, f"thousands-{connections}", port=proxy.port)
        for _ in range(2):
            data = transport.begin_folder("locks", lambda entries: entries, 100)().data
            assert data == {f"{number:064x}": b"%d" % number for number in range(MANY + 500)}
            assert proxy.connections == connections
        transport.close()
        with pytest.raises(ConnectionLost):
            transport.list_directory("locks")


def test_a_second_connection_that_cannot_be_had_is_done_without(samba: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = samba.make_folder("backup", "alone/locks")
    for number in range(40):
        (folder / str(number)).write_bytes(b"lock")
    samba.give(folder)
    monkeypatch.setattr(reading, "MANY", 10)
    monkeypatch.setattr(transport_module, "NEAR_SECONDS", 1000.0)
    said: list[str] = []
    with Proxy(samba.port) as proxy:
        address = SmbAddress(samba.host, "backup", "alone", proxy.port)
        transport = SmbTransport(address, Login(samba.user, samba.password), Deadline(60), detail=said.append)
        proxy.cut_after(proxy.frames + 2)  # the listing, and the first word of the other connection
        assert len(transport.begin_folder("locks", lambda entries: entries, 100)().data) == 40
        transport.close()
    assert len(said) == 1
    assert said[0].startswith("no second connection: ")


def test_a_socket_that_cannot_be_taken_over_is_done_without(samba: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    """smbprotocol's thread does not end: the plain way is taken on a connection of its own."""
    samba.put("backup", "kept/locks/a", b"a")
    monkeypatch.setattr(hardening, "RELEASE_SECONDS", 0.01)
    monkeypatch.setattr(hardening.BoundedTcp, "release", lambda tcp: tcp._sock)
    transport = connect(samba, "kept")
    assert isinstance(transport._wire, SmbConnection)
    assert transport.read_many(["locks/a"], 10) == [b"a"]
    transport.close()


def test_a_signal_while_a_second_connection_is_made_ends_the_run(samba: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no server that cannot be had: a prune would go on, and remove."""
    folder = samba.make_folder("backup", "interrupted/locks")
    for number in range(40):
        (folder / str(number)).write_bytes(b"lock")
    samba.give(folder)
    monkeypatch.setattr(reading, "MANY", 10)
    monkeypatch.setattr(transport_module, "NEAR_SECONDS", 1000.0)
    transport = connect(samba, "interrupted")

    def interrupt(**_: bool) -> SmbConnection:
        raise Interrupted(2)

    monkeypatch.setattr(transport, "_connect", interrupt)
    with pytest.raises(Interrupted):
        transport.begin_folder("locks", lambda entries: entries, 100)()
    transport.close()
