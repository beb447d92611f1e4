"""What README promises for an administrator's day, played with real parts. Each test has the name of README's heading.

The two that are not here: `test_real_owners` has the laptop, and `test_breaker` the circuit breaker.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lockctl.liveness.evidence import State
from tests.cli.make import HOUR, quicken
from tests.cli.run import COMMAND, ids, list_locks, lockctl
from tests.cli.seeing import seen_for
from tests.lab.alone import see_no_strangers
from tests.lab.processes import newer_restic
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository, copy_repository
from tests.lab.samba import Samba
from tests.lab.seal import Owner, aged_lock
from tests.lab.test_real_owners import OWN_NAMESPACE, look

IN_CONTAINER = (
    *OWN_NAMESPACE,
    "--uts",
    "sh",
    "-c",
    'echo app >/proc/sys/kernel/hostname; echo "$0" >/proc/sys/kernel/ns_last_pid; "$@"; exit $?',
)
"""A container with the host name `app` whose next process has the PID after the argument."""


@pytest.fixture(autouse=True)
def no_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restic in somebody else's container, or in that of a test beside this one, would silence the process table."""
    see_no_strangers(os.getpid(), monkeypatch.setattr)


def test_the_nas_was_restarted_in_the_middle_of_a_backup(template: Path) -> None:
    """restic tries again, and goes on. Its lock stays where the client went while the server was away."""
    with Samba() as samba:
        repository = copy_repository(samba, template, "repo")
        quicken(repository)
        with repository.running_backup() as backup:
            seen_for(repository, whatever_its_times=True)
            samba.restart({})
            pruned = lockctl(repository, "prune", "--yes", "--quiet")
            assert (pruned.status, pruned.text, repository.lock_ids()) == (0, "", [backup.lock_id])
            backup.feed("the second line\n")
            assert backup.finish().returncode == 0
        assert repository.lock_ids() == []
        with Proxy(samba.port) as proxy, repository.through(proxy.port).running_backup() as lost:
            proxy.__exit__()
        assert repository.lock_ids() == [lost.lock_id]
        verdicts = [look(repository, minutes) for minutes in (2, 10)]
    assert [verdict.state for verdict in verdicts] == [State.ACTIVE, State.DEAD]
    assert [verdict.removable for verdict in verdicts] == [False, True]


def test_two_containers_have_the_same_host_name(repository: Repository) -> None:
    """`restic unlock` in one asks its own process table for the other's PID, and takes the live lock."""
    assert os.geteuid() == 0, "a PID namespace is made by root"
    first, second = ((*IN_CONTAINER, pid) for pid in ("4208", "76"))
    with replace(repository, within=first).running_backup() as backup:
        (lock,) = list_locks(repository)
        assert (lock["hostname"], lock["pid"]) == ("app", 4209)
        seen_for(repository, whatever_its_times=True)
        pruned = lockctl(repository, "prune", "--yes", "--json", command=(*second, *COMMAND))
        assert (pruned.status, ids(pruned.json["kept"]), pruned.json["removed"]) == (0, {backup.lock_id}, [])
        assert repository.lock_ids() == [backup.lock_id]
        replace(repository, within=second).run("unlock")
        assert repository.lock_ids() == [], "the backup is still at work"
        assert backup.is_alive


def test_a_lock_is_damaged_and_restic_unlock_leaves_it_there(repository: Repository) -> None:
    newer = replace(repository, restic=newer_restic())
    damaged = aged_lock(repository, 5 * HOUR, Owner("web1"), cut_to=60)
    newer.run("unlock")
    assert repository.lock_ids() == [damaged]
    seen_for(repository)
    done = lockctl(repository, "prune", "--older", "2h", "--yes", "--quiet")
    assert done.text == (
        f"removed {damaged[:8]} (owner not known): cut short or altered, and no longer being written: 5 h old\n"
    )
    with newer.running_backup() as backup:
        assert backup.finish().returncode == 0
    assert repository.lock_ids() == []


def test_prune_is_blocked_at_three_in_the_morning(repository: Repository) -> None:
    """The first of cron's runs looks, a later one removes, and restic's prune of the next night runs."""
    old = aged_lock(repository, 3 * HOUR, Owner("web1"))
    blocked = repository.run("prune", check=False)
    assert blocked.returncode != 0
    assert "repository is already locked by PID 4209 on web1" in blocked.stderr
    cron = ("prune", "--older", "2h", "--yes", "--quiet")
    first = lockctl(repository, *cron)
    assert first.status == 3
    assert "no earlier run is remembered" in first.stderr
    seen_for(repository)
    second = lockctl(repository, *cron)
    assert (second.status, second.text) == (0, f"removed {old[:8]} (web1, PID 4209, root): not renewed for 3 h\n")
    assert repository.run("prune").returncode == 0
    silent = lockctl(repository, *cron)
    assert (silent.status, silent.text) == (0, "")
