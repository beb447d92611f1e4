"""The fast way over SMB as a user meets it: what `-v` tells, and how it is forbidden."""

from __future__ import annotations

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import lockctl, smb_environment
from tests.cli.seeing import seen_for
from tests.contract.wires import choosy
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock

LOCKS = 12
"""More than go alone: they share frames of more bytes than a choosy server takes."""
MOST = 4000


@pytest.mark.parametrize(("setting", "gives_up"), [("", True), ("on", True), ("off", False)])
def test_a_server_that_does_not_get_on_with_it(repository: Repository, setting: str, gives_up: bool) -> None:
    made = {aged_lock(repository, 2 * HOUR + number, WEB1) for number in range(LOCKS)}
    with choosy(repository.samba, MOST) as port:
        variables = smb_environment(repository.through(port), LOCKCTL_SMB_LANE=setting)
        listed = lockctl(variables, "list", "-v")
        quiet = lockctl(variables, "list", "--json")
    assert (listed.status, quiet.status, quiet.stderr) == (0, 0, "")
    assert {lock["id"] for lock in quiet.json["locks"]} == made
    assert ("many requests came in one frame: going on in the plain way" in listed.stderr) is gives_up


def test_removals_that_it_loses_are_found_by_the_next_run(repository: Repository) -> None:
    """Locks that are known are not read again: so the first frame that holds many is one of handles to compare."""
    made = {aged_lock(repository, 2 * HOUR + number, WEB1) for number in range(LOCKS)}
    with choosy(repository.samba, MOST) as port:
        through = repository.through(port)
        seen_for(repository, address=through.smb_address)
        variables = smb_environment(through)
        first = lockctl(variables, "prune", "--yes")
        second = lockctl(variables, "prune", "--yes")
    assert (first.status, second.status) in ((0, 0), (3, 0)), first.text + second.text
    assert repository.lock_ids() == []
    told = lockctl(variables, "history", "--json").json["entries"]
    assert {entry["id"] for entry in told} == made
    assert all(entry["outcome"] for entry in told)
