"""What all tests share: the lab's Samba and repositories on it. A missing program is a failure."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.lab.loop import LoopOfPrunes
from tests.lab.restic import Repository, copy_repository
from tests.lab.samba import BACKUP, Samba, Share, default_user

# The same files once more, but only to be read; and a share whose creation times are made up by Samba.
READ_ONLY = Share("read-only", Path(BACKUP.name), {"read only": "yes"})
UNDATED = Share("undated", options={"store dos attributes": "no"})

NewRepository = Callable[..., Repository]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs beside all other tests is collected when they have ended."""
    items.sort(key=lambda item: item.get_closest_marker("collected_last") is not None)


@pytest.fixture(scope="session", autouse=True)
def loop_of_prunes(request: pytest.FixtureRequest) -> Iterator[LoopOfPrunes | None]:
    """The loop of ten minutes, begun before the first test where one wants it."""
    if not any(item.get_closest_marker("collected_last") for item in request.session.items):
        yield None
        return
    samba, template = request.getfixturevalue("samba"), request.getfixturevalue("template")
    loop = LoopOfPrunes(copy_repository(samba, template, "loop-of-prunes"))
    loop.start()
    yield loop
    loop.stop()


@pytest.fixture(scope="session")
def samba() -> Iterator[Samba]:
    """One Samba for all tests, with the shares `backup`, `read-only` and `undated`.

    For root there is also the user `games`, who may read what Unix permissions let him read.
    """
    users = [default_user(), "games"] if os.geteuid() == 0 else [default_user()]
    with Samba([BACKUP, READ_ONLY, UNDATED], users=users) as running:
        yield running


@pytest.fixture(scope="session")
def template(samba: Samba) -> Path:
    """A fresh repository of format 2, made by real restic through rclone; it is only ever copied."""
    repository = Repository(samba, "template")
    repository.init()
    return repository.path


@pytest.fixture(scope="session")
def new_repository(samba: Samba, template: Path) -> NewRepository:
    """Make a fresh repository in a folder of its own: `new_repository(share="backup")`."""
    numbers = itertools.count(1)

    def make(share: str = BACKUP.name) -> Repository:
        return copy_repository(samba, template, f"repo-{next(numbers)}", share)

    return make


@pytest.fixture
def repository(new_repository: NewRepository) -> Repository:
    """A fresh repository on the share `backup`."""
    return new_repository()
