"""A repository whose folder locks/ is missing, or a file: one clear line, whoever looks or watches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import NoLocksFolder
from lockctl.repository.locks import Repository, open_metadata, open_repository
from lockctl.transport.base import Reader
from lockctl.transport.local.directory import LocalTransport
from tests.memory import MemoryTransport
from tests.unit.envelope import PASSWORD, config_bytes, key_bytes, named

SOUND = {"config": config_bytes(), **named("keys", key_bytes())}
MISSING = "the repository has no folder 'locks/'"
IN_ITS_PLACE = "a file stands where the repository's folder 'locks/' belongs"


def on_disk(folder: Path, files: dict[str, bytes]) -> LocalTransport:
    for path, data in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)
    return LocalTransport(str(folder))


@pytest.fixture(params=["memory", "disk"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[dict[str, bytes]], Reader]:
    """A transport to these files."""
    if request.param == "memory":
        return MemoryTransport
    return lambda files: on_disk(tmp_path, files)


@pytest.mark.parametrize("act", [Repository.find_locks, Repository.watch_locks], ids=["find", "watch"])
@pytest.mark.parametrize(("files", "said"), [({}, MISSING), ({"locks": b"a file"}, IN_ITS_PLACE)], ids=["gone", "file"])
def test_it_is_said_what_is_missing(
    make: Callable[[dict[str, bytes]], Reader],
    act: Callable[[Repository], object],
    files: dict[str, bytes],
    said: str,
) -> None:
    reader = make({**SOUND, **files})
    for repository in (open_repository(reader, PASSWORD, Deadline(60)), open_metadata(reader, Deadline(60))):
        with pytest.raises(NoLocksFolder) as caught:
            act(repository)
        assert str(caught.value).startswith(said)
        assert caught.value.status == 1


def test_a_folder_is_no_hindrance(make: Callable[[dict[str, bytes]], Reader]) -> None:
    repository = open_repository(make({**SOUND, "locks/notes.txt": b""}), PASSWORD, Deadline(60))
    assert [file.id for file in repository.find_locks().files] == ["notes.txt"]
    assert not repository.watch_locks().wait(0)
