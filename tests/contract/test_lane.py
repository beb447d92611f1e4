"""The fast way and the plain way show the same, and where a server does not get on with the one, the other goes on."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import ConnectionLost, FileError
from lockctl.settings.address import SmbAddress
from lockctl.settings.credentials import Login
from lockctl.transport.base import Contents, Entry, Removal
from lockctl.transport.smb import answers, requests
from lockctl.transport.smb.connection import SmbConnection
from lockctl.transport.smb.lane import unexpected
from lockctl.transport.smb.lane.lane import Lane
from lockctl.transport.smb.reading import SMALL
from lockctl.transport.smb.transport import SmbTransport
from tests.contract.places import connect
from tests.contract.wires import choosy
from tests.lab.proxy import Proxy
from tests.lab.samba import Samba

LIMIT = 3000
NAMES = ["ünï", "日本", "💾", "a\u202eb", "x" * 200, "two\nlines", "a:b*c?", "plain", "UPPER", "dir"]
SIGNING = {
    "2.02": {"server max protocol": "SMB2_02"},
    "2.10": {"server max protocol": "SMB2_10"},
    "3.00, encrypted": {"server max protocol": "SMB3_00"},
    "3.11, signed by CMAC": {"server smb encrypt": "off", "server smb3 signing algorithms": "AES-128-CMAC"},
    "3.11, signed by GMAC": {"server smb encrypt": "off", "server smb3 signing algorithms": "AES-128-GMAC"},
    "3.11, signed by HMAC": {"server smb encrypt": "off", "server smb3 signing algorithms": "HMAC-SHA256"},
    "3.11, AES-128-CCM": {"server smb3 encryption algorithms": "AES-128-CCM"},
    "3.11, AES-256-GCM": {"server smb3 encryption algorithms": "AES-256-GCM"},
    "3.11, AES-256-CCM": {"server smb3 encryption algorithms": "AES-256-CCM"},
}


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server has done anything unexpected yet."""
    monkeypatch.setattr(unexpected, "_gave_up", set())


@pytest.fixture(scope="module")
def other_samba() -> Iterator[Samba]:
    """A server to restart with other options."""
    with Samba() as running:
        yield running


def furnish(samba: Samba, folder: str, seed: int) -> None:
    """A folder with whatever may lie in one, by chance."""
    chance = random.Random(seed)
    where = samba.make_folder("backup", f"{folder}/locks")
    for number in range(chance.choice([0, 1, 3, 17, 40, 200])):
        name = chance.choice(NAMES) if chance.random() < 0.1 else f"{chance.getrandbits(256):064x}"
        size = chance.choice([0, 1, 150, 200, LIMIT - 1, LIMIT, LIMIT + 1, 5000, 70_000])
        path = where / name
        if path.exists():
            continue
        if chance.random() < 0.05:
            path.mkdir()
            continue
        path.write_bytes(chance.randbytes(size))
        moment = chance.randrange(10**18, 17 * 10**17) // 100 * 100
        os.utime(path, ns=(moment, moment))
        if number % 5 == 0:
            path.chmod(chance.choice([0o400, 0o000, 0o600]))
    samba.give(where)


def some(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Nearly all of them."""
    return [entry for entry in entries if entry.size != 200]


def seen(samba: Samba, folder: str, *, lane: bool) -> Contents:
    transport = connect(samba, folder, lane=lane)
    try:
        return transport.begin_folder("locks", some, LIMIT)()
    finally:
        transport.close()


def plain_text(contents: Contents) -> dict[str, object]:
    """What can be compared: an error by its kind and words."""
    return {name: one if isinstance(one, bytes) else (type(one), str(one)) for name, one in contents.data.items()}


def unread(contents: Contents) -> list[Entry]:
    """Without the time of the last access, which reading moves."""
    return [replace(entry, accessed=0) for entry in contents.listing.entries]


def test_both_ways_show_the_same_of_many_random_folders(samba: Samba) -> None:
    shown = 0
    for seed in range(40):
        furnish(samba, f"random-{seed}", seed)
        fast, plain = (seen(samba, f"random-{seed}", lane=lane) for lane in (True, False))
        assert unread(fast) == unread(plain)
        assert fast.listing.changed == plain.listing.changed
        assert plain_text(fast) == plain_text(plain)
        shown += len(fast.data)
    assert shown > 1000


@pytest.mark.parametrize("options", SIGNING.values(), ids=SIGNING)
def test_every_way_to_protect_messages(other_samba: Samba, options: dict[str, str]) -> None:
    other_samba.restart(options)
    furnish(other_samba, "protected", 5)
    transport = connect(other_samba, "protected")
    assert isinstance(transport._wire, Lane)
    assert transport.encrypted is not any("signed" in text or text.startswith("2.") for text in names_of(options))
    fast, plain = (seen(other_samba, "protected", lane=lane) for lane in (True, False))
    assert len(fast.data) > 20
    assert plain_text(fast) == plain_text(plain)
    transport.put_new("locks/new", "locks/new-tmp-1", b"bytes")
    entry = next(one for one in transport.list_directory("locks").entries if one.name == "new")
    assert transport.remove_many("locks", [(entry, b"bytes")]) == [Removal.REMOVED]
    transport.close()


def names_of(options: dict[str, str]) -> list[str]:
    return [name for name, one in SIGNING.items() if one == options]


def test_the_lane_is_taken_where_it_may_be(samba: Samba) -> None:
    assert isinstance(connect(samba, "")._wire, Lane)
    assert isinstance(connect(samba, "", lane=False)._wire, SmbConnection)


def test_a_server_that_does_not_take_many_requests_in_one_frame(samba: Samba) -> None:
    """It hangs up: whoever reads is told nothing of it but with -v, and from then on all goes the plain way."""
    folder = samba.make_folder("backup", "choosy/locks")
    for number in range(100):
        (folder / str(number)).write_bytes(str(number).encode())
    samba.give(folder)
    said: list[str] = []
    with choosy(samba, most=4000) as port:
        address = SmbAddress(samba.host, "backup", "choosy", port)

        def transport() -> SmbTransport:
            return SmbTransport(address, Login(samba.user, samba.password), Deadline(60), detail=said.append)

        first = transport()
        assert isinstance(first._wire, Lane)
        contents = first.begin_folder("locks", lambda entries: entries, 10)()
        assert contents.data == {str(number): str(number).encode() for number in range(100)}
        assert isinstance(first._wire, SmbConnection)
        assert said == ["it closed it when many requests came in one frame: going on in the plain way"]
        second = transport()
        assert isinstance(second._wire, SmbConnection), "for the rest of the run"
        wanted = [(entry, entry.name.encode()) for entry in contents.listing.entries]
        assert set(second.remove_many("locks", wanted)) == {Removal.REMOVED}


def test_what_is_lost_while_it_is_removed_is_lost(samba: Samba) -> None:
    """Nothing is tried again blindly: the next look tells what became of it, in the plain way."""
    folder = samba.make_folder("backup", "choosy-removal/locks")
    for number in range(40):
        (folder / str(number)).write_bytes(b"lock")
    samba.give(folder)
    with choosy(samba, most=4000) as port:
        transport = connect(samba, "choosy-removal", port=port)
        wanted = [(entry, b"lock") for entry in transport.list_directory("locks").entries]
        with pytest.raises(ConnectionLost):
            transport.remove_many("locks", wanted)
        again = connect(samba, "choosy-removal", port=port)
        assert isinstance(again._wire, SmbConnection)
        assert len(again.list_directory("locks").entries) == 40


def test_folders_and_files_that_are_begun_together_take_one_turn_each(samba: Samba) -> None:
    """Two: one for the listings and the file, one for what was chosen of them."""
    for name in ("keys", "locks"):
        folder = samba.make_folder("backup", f"turns/{name}")
        for number in range(300):
            (folder / str(number)).write_bytes(name.encode())
    samba.put("backup", "turns/config", b"config")
    with Proxy(samba.port, delay=0.02) as proxy:
        transport = connect(samba, "turns", port=proxy.port)
        before = proxy.turns
        keys = transport.begin_folder("keys", lambda entries: entries[:20], 100)
        config = transport.begin_files(["config"], 100)
        locks = transport.begin_folder("locks", lambda entries: entries, 100)
        assert list(keys().data.values()) == [b"keys"] * 20
        assert config() == [b"config"]
        assert list(locks().data.values()) == [b"locks"] * 300
        assert proxy.turns - before <= 4
        transport.close()


def test_a_folder_of_several_pages(samba: Samba) -> None:
    folder = samba.make_folder("backup", "pages/locks")
    for number in range(9000):
        (folder / f"{number:064x}").write_bytes(b"%d" % number)
    samba.give(folder)
    asked: list[int] = []

    def choose(entries: Sequence[Entry]) -> Sequence[Entry]:
        asked.append(len(entries))
        return entries[::7]

    transport = connect(samba, "pages")
    contents = transport.begin_folder("locks", choose, 100)()
    assert len(contents.listing.entries) == sum(asked) == 9000
    assert len(asked) >= 3
    assert len(contents.data) == sum(-(-count // 7) for count in asked)
    assert all(data == b"%d" % int(name, 16) for name, data in contents.data.items())
    transport.close()


@pytest.mark.parametrize("missing", ["folder", "file"])
def test_one_error_is_no_others(samba: Samba, missing: str) -> None:
    samba.put("backup", f"errors-{missing}/locks/a", b"a")
    transport = connect(samba, f"errors-{missing}")
    gone = transport.begin_folder("nowhere", lambda entries: entries, 10)
    files = transport.begin_files(["locks/none", "locks/a"], 10)
    locks = transport.begin_folder("locks", lambda entries: entries, 10)
    if missing == "folder":
        with pytest.raises(FileError):
            gone()
    first, second = files()
    assert isinstance(first, FileError)
    assert second == b"a"
    assert locks().data == {"a": b"a"}
    transport.close()


@pytest.mark.parametrize("lane", [False, True], ids=["plain", "lane"])
def test_what_is_larger_than_it_was_listed_is_not_read_beyond_that(
    samba: Samba, monkeypatch: pytest.MonkeyPatch, lane: bool
) -> None:
    """Else a server that lists little and sends much costs without end; whoever looks again sees how large it is."""
    samba.put("backup", f"grown-{lane}/locks/lock", bytes(20_000))
    listed = answers.parse_entries

    def say_less(buffer: bytes) -> Iterator[Entry]:
        return (replace(entry, size=min(entry.size, 100)) for entry in listed(buffer))

    transport = connect(samba, f"grown-{lane}", lane=lane)
    monkeypatch.setattr(answers, "parse_entries", say_less)
    assert transport.begin_folder("locks", lambda entries: entries, LIMIT)().data == {"lock": bytes(LIMIT + 1)}
    assert transport.begin_folder("locks", lambda entries: entries, 65536)().data == {"lock": bytes(SMALL)}
    monkeypatch.undo()
    assert transport.begin_folder("locks", lambda entries: entries, 65536)().data == {"lock": bytes(20_000)}
    transport.close()


def test_what_is_listed_twice_is_read_once(samba: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    samba.put("backup", "twice/locks/lock", b"lock")
    listed = answers.parse_entries
    monkeypatch.setattr(answers, "parse_entries", lambda buffer: [*listed(buffer)] * 5)
    asked: list[str] = []
    created = requests.create

    def note(path: str, *rest: int) -> requests.Request:
        asked.append(path)
        return created(path, *rest)

    monkeypatch.setattr(requests, "create", note)
    transport = connect(samba, "twice")
    contents = transport.begin_folder("locks", lambda entries: entries, 100)()
    assert len(contents.listing.entries) == 5, "all that it lists is shown"
    assert contents.data == {"lock": b"lock"}
    assert asked == ["twice/locks", "twice/locks/lock"]
    transport.close()
