"""What all tests share: the lab's Samba and repositories on it. A missing program is a failure."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.run import COMMAND, state_of
from tests.lab.beside import Beside, LongRuns
from tests.lab.breaker import CURE, HalfListed
from tests.lab.live_backup import LiveBackup
from tests.lab.loop import LoopOfPrunes
from tests.lab.processes import newer_restic
from tests.lab.restic import Repository, copy_repository
from tests.lab.samba import BACKUP, Samba, Share, default_user

# The same files once more, but only to be read; and a share whose creation times are made up by Samba.
READ_ONLY = Share("read-only", Path(BACKUP.name), {"read only": "yes"})
UNDATED = Share("undated", options={"store dos attributes": "no"})

NewRepository = Callable[..., Repository]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs beside all other tests is collected when they have ended."""
    items.sort(key=is_collected_last)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """How several workers share the tests: one of them has nothing but what is collected last."""
    from tests.spread import Spread

    return Spread(config, log)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes by their number: what is sealed is other bytes each time, and all workers have to name a test alike."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def is_collected_last(item: pytest.Item) -> bool:
    """Whether a test only waits for what runs beside all others."""
    return item.get_closest_marker("collected_last") is not None


def supervised(repository: Repository) -> Repository:
    """restic in a script that `lockctl run` may start once more. A script is never ended early."""
    run = (*COMMAND, "run", "--restart-on-breaker", "1", "--", "sh", "-c", '"$@"; exit $?', "sh")
    return replace(repository, within=("env", f"LOCKCTL_STATE_DIR={state_of(repository)}", *run))


def is_worker(config: pytest.Config) -> bool:
    """Whether this is one of several processes that test (pytest-xdist)."""
    return hasattr(config, "workerinput")


@pytest.fixture(scope="session")
def long_runs(template: Path) -> Iterator[LongRuns]:
    """All begun, on a Samba of their own: the lab's connection to that of the others is not for several threads."""
    restic = newer_restic()
    with Samba() as samba:

        def repository(folder: str) -> Repository:
            return copy_repository(samba, template, folder)

        def newer(folder: str) -> Repository:
            return replace(repository(folder), restic=restic)

        loop = LoopOfPrunes(repository("loop-of-prunes"))
        loop.prepare()
        runs = LongRuns(
            Beside(loop),
            Beside(LiveBackup(repository("live-backup"))),
            Beside(HalfListed(newer("open-breaker"))),
            Beside(HalfListed(newer("cured"), CURE)),
            Beside(HalfListed(newer("cut-short"), stays_cut=True)),
            Beside(HalfListed(supervised(newer("supervised")))),
        )
        yield runs
        runs.stop()


@pytest.fixture(scope="session")
def breaker_log(long_runs: LongRuns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all that restic printed on its way into the open breaker, as cron's mail has it.

    It waits for that, a quarter of an hour: who uses it is collected last, and stands in `tests.spread.TOGETHER`.
    """
    path = tmp_path_factory.mktemp("breaker") / "backup.log"
    path.write_text(long_runs.open_breaker.done().text, encoding="utf-8")
    return path


@pytest.fixture(scope="session", autouse=True)
def begun_first(request: pytest.FixtureRequest) -> None:
    """The long runs, begun before the first test where one wants them."""
    if not is_worker(request.config) and any(map(is_collected_last, request.session.items)):
        request.getfixturevalue("long_runs")


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
