"""The kept key file: it opens what it opened before, is for its owner's eyes only, and is only a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import WrongPassword
from lockctl.repository.headstart import HeadStart
from lockctl.repository.opening import open_repository
from tests.memory import MemoryTransport
from tests.unit.envelope import PASSWORD, config_bytes, key_bytes, named

ADDRESS = "smb://backup@nas/backup/restic"


def kept(folder: Path, data: bytes, password: str = PASSWORD) -> HeadStart:
    HeadStart(folder, ADDRESS, password).keep(data)
    return HeadStart(folder, ADDRESS, password)


def test_nothing_kept_is_no_head_start(tmp_path: Path) -> None:
    head_start = HeadStart(tmp_path / "keys", ADDRESS, PASSWORD)
    assert (head_start.id, head_start.key()) == ("", None)


def test_what_was_kept_opens_the_repository_without_the_others(tmp_path: Path) -> None:
    data = key_bytes()
    head_start = kept(tmp_path / "keys", data)
    files = {"config": config_bytes(), **named("keys", key_bytes("other"), data)}
    repository = open_repository(MemoryTransport(files), PASSWORD, Deadline(60), head_start=head_start)
    assert repository.config.format == 2
    assert repository.key_file == data
    assert named("keys", data).keys() == {f"keys/{head_start.id}"}


def test_a_key_that_was_revoked_opens_nothing_any_more(tmp_path: Path) -> None:
    head_start = kept(tmp_path / "keys", key_bytes())
    files = {"config": config_bytes(), **named("keys", key_bytes("other"))}
    repository = open_repository(MemoryTransport(files), PASSWORD, Deadline(60), head_start=head_start)
    with pytest.raises(WrongPassword):
        _ = repository.config


def test_another_password_is_not_let_in(tmp_path: Path) -> None:
    data = key_bytes()
    kept(tmp_path / "keys", data)
    head_start = HeadStart(tmp_path / "keys", ADDRESS, "wrong")
    files = {"config": config_bytes(), **named("keys", data)}
    repository = open_repository(MemoryTransport(files), "wrong", Deadline(60), head_start=head_start)
    with pytest.raises(WrongPassword):
        _ = repository.config


@pytest.mark.parametrize("data", [b"", b"damaged", key_bytes(p=2**40)])
def test_a_damaged_copy_is_no_head_start(tmp_path: Path, data: bytes) -> None:
    good = key_bytes()
    head_start = kept(tmp_path / "keys", data)
    files = {"config": config_bytes(), **named("keys", good)}
    repository = open_repository(MemoryTransport(files), PASSWORD, Deadline(60), head_start=head_start)
    assert repository.key_file == good


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "keys"
    kept(folder, key_bytes())
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert PASSWORD.encode() not in file.read_bytes()


def test_each_address_has_its_own(tmp_path: Path) -> None:
    kept(tmp_path, key_bytes())
    assert HeadStart(tmp_path, "smb://other/share", PASSWORD).id == ""
