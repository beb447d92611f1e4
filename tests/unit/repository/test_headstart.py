"""The kept key file: it opens what it opened before, and is only a hint."""

from __future__ import annotations

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import WrongPassword
from lockctl.repository.headstart import HeadStart
from lockctl.repository.locks import open_repository
from tests.memory import MemoryTransport
from tests.unit.envelope import PASSWORD, config_bytes, key_bytes, named


class Memory:
    """Keeps a key file as long as the test lasts."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data
        self.written = 0

    def read(self, limit: int) -> bytes:
        return self.data[:limit]

    def keep(self, data: bytes) -> None:
        self.data = data
        self.written += 1


def kept(data: bytes, password: str = PASSWORD) -> HeadStart:
    memory = Memory()
    HeadStart(memory, password).keep(data)
    return HeadStart(memory, password)


def test_nothing_kept_is_no_head_start() -> None:
    head_start = HeadStart(Memory(), PASSWORD)
    assert (head_start.id, head_start.key()) == ("", None)


def test_the_same_key_is_not_written_again() -> None:
    memory, other = Memory(key_bytes()), key_bytes("other")
    HeadStart(memory, PASSWORD).keep(memory.data)
    assert memory.written == 0
    HeadStart(memory, PASSWORD).keep(other)
    assert (memory.data, memory.written) == (other, 1)


def test_what_was_kept_opens_the_repository_without_the_others() -> None:
    data = key_bytes()
    head_start = kept(data)
    files = {"config": config_bytes(), **named("keys", key_bytes("other"), data)}
    repository = open_repository(MemoryTransport(files), PASSWORD, Deadline(60), head_start=head_start)
    assert repository.config.format == 2
    assert repository.key_file == data
    assert named("keys", data).keys() == {f"keys/{head_start.id}"}


def test_a_key_that_was_revoked_opens_nothing_any_more() -> None:
    head_start = kept(key_bytes())
    files = {"config": config_bytes(), **named("keys", key_bytes("other"))}
    repository = open_repository(MemoryTransport(files), PASSWORD, Deadline(60), head_start=head_start)
    with pytest.raises(WrongPassword):
        _ = repository.config


def test_another_password_is_not_let_in() -> None:
    data = key_bytes()
    head_start = HeadStart(Memory(data), "wrong")
    files = {"config": config_bytes(), **named("keys", data)}
    repository = open_repository(MemoryTransport(files), "wrong", Deadline(60), head_start=head_start)
    with pytest.raises(WrongPassword):
        _ = repository.config


@pytest.mark.parametrize("data", [b"", b"damaged", key_bytes(p=2**40)])
def test_a_damaged_copy_is_no_head_start(data: bytes) -> None:
    good = key_bytes()
    head_start = kept(data)
    files = {"config": config_bytes(), **named("keys", good)}
    repository = open_repository(MemoryTransport(files), PASSWORD, Deadline(60), head_start=head_start)
    assert repository.key_file == good
