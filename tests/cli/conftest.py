"""The tests of the command line start it some hundred times: their repositories have a key that is quick to derive."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.cli.make import quicken
from tests.conftest import NewRepository
from tests.lab.restic import Repository, copy_repository
from tests.lab.samba import BACKUP, Samba


@pytest.fixture(scope="session")
def quick_template(samba: Samba, template: Path) -> Path:
    """A copy of the template that real restic made, with another key for the same password."""
    repository = copy_repository(samba, template, "quick-template")
    quicken(repository)
    return repository.path


@pytest.fixture(scope="session")
def new_repository(samba: Samba, quick_template: Path) -> NewRepository:
    """Make a fresh repository in a folder of its own: `new_repository(share="backup")`."""
    numbers = itertools.count(1)

    def make(share: str = BACKUP.name) -> Repository:
        return copy_repository(samba, quick_template, f"cli-{next(numbers)}", share)

    return make


@pytest.fixture
def repository(new_repository: NewRepository) -> Repository:
    """A fresh repository on the share `backup`."""
    return new_repository()
