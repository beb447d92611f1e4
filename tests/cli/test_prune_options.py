"""`lockctl prune`: options that narrow, trust a clock, set the exit status or silence it."""

from __future__ import annotations

import pytest

from tests.cli.make import HOUR, WEB1, WEB2, WEB3
from tests.cli.run import ids, lockctl, state_of
from tests.cli.seeing import long_kept, seen_for
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock


@pytest.mark.parametrize(
    ("options", "goes"),
    [
        (["--older", "2h30m"], {"web2"}),
        (["--older", "1h"], {"web1", "web2"}),
        (["--older", "1w"], set()),
        (["--host", "web1"], {"web1"}),
        (["--host", "web1", "--host", "web2"], {"web1", "web2"}),
        (["--host", "web1", "--older", "2h30m"], set()),
        (["--host", "web3", "--older", "1s"], set()),
    ],
)
def test_options_narrow(repository: Repository, options: list[str], goes: set[str]) -> None:
    made = {
        "web1": aged_lock(repository, 2 * HOUR, WEB1),
        "web2": aged_lock(repository, 3 * HOUR, WEB2),
        "web3": aged_lock(repository, 60, WEB3),
    }
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes", "--json", *options)
    assert done.status == 0
    assert ids(done.json["removed"]) == {made[host] for host in goes}
    assert repository.sound_lock_ids() == {made[host] for host in made if host not in goes}


def test_trusted_owner_clock(repository: Repository) -> None:
    """The server's clock is known to be wrong: it says 10 minutes where the owner's says 2 hours."""
    lock_id = aged_lock(repository, 2 * HOUR, WEB1, created_age=600)
    seen_for(repository, whatever_its_times=True)
    without = lockctl(repository, "prune", "--yes")
    assert (without.status, repository.lock_ids()) == (0, [lock_id])
    assert "doubtful" in without.stdout
    done = lockctl(repository, "prune", "--yes", "--trust-clock", "owner")
    assert done.status == 0
    assert repository.lock_ids() == []


def test_trusted_server_clock(repository: Repository) -> None:
    """The owner's clock is known to be wrong: it is an hour and a half ahead."""
    lock_id = aged_lock(repository, 600, WEB1, created_age=2 * HOUR)
    seen_for(repository)
    without = lockctl(repository, "prune", "--yes")
    assert (without.status, repository.lock_ids()) == (0, [lock_id])
    done = lockctl(repository, "prune", "--yes", "--trust-clock", "server")
    assert done.status == 0
    assert repository.lock_ids() == []


@pytest.mark.parametrize("clock", ["owner", "server"])
def test_a_trusted_clock_alone_is_not_enough_unattended(repository: Repository, clock: str) -> None:
    """A person says yes to that one clock, and is told so."""
    lock_id = aged_lock(repository, 2 * HOUR, WEB1)
    long_kept(state_of(repository))
    done = lockctl(repository, "prune", "--yes", "--trust-clock", clock)
    assert (done.status, repository.lock_ids()) == (0, [lock_id])
    assert "can go after" in done.stdout
    person = lockctl(repository, "prune", "--trust-clock", clock, tty=True, stdin="y\n")
    assert f"It is stale by the {clock}'s clock alone; 'prune --watch' makes sure in 23 min. [y/N]" in person.stdout
    assert repository.lock_ids() == []


@pytest.mark.parametrize("clock", ["owner", "server"])
def test_no_trust_removes_what_was_just_renewed(repository: Repository, clock: str) -> None:
    just_made = aged_lock(repository, 5 * HOUR, WEB1, created_age=60)
    just_renewed = aged_lock(repository, 60, WEB2, created_age=60, written_age=5 * HOUR)
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes", "--trust-clock", clock)
    assert done.status == 0
    assert repository.sound_lock_ids() == {just_made, just_renewed}


def test_fail_if_locked(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    free = lockctl(repository, "prune", "--yes", "--fail-if-locked")
    assert (free.status, repository.lock_ids()) == (0, [])
    old, new = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 60, WEB2)
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes", "--fail-if-locked")
    assert done.status == 11
    assert old[:8] in done.stdout
    assert "1 of the locks that block restic remain" in done.stderr
    assert repository.lock_ids() == [new]
    again = lockctl(repository, "prune", "--yes", "--fail-if-locked", "--json")
    assert again.status == 11
    assert len(again.stdout.splitlines()) == 1, "one object on standard output"
    assert again.json["schema"] == "lockctl.prune/1"
    assert ids(again.json["kept"]) == {new}


def test_quiet_says_nothing_where_nothing_happens(repository: Repository) -> None:
    empty = lockctl(repository, "prune", "--yes", "--quiet")
    assert (empty.status, empty.text) == (0, "")
    aged_lock(repository, 60, WEB2)
    aged_lock(repository, 900, WEB3)
    seen_for(repository)
    kept = lockctl(repository, "prune", "--older", "2h", "--yes", "--quiet")
    assert (kept.status, kept.text) == (0, "")


def test_quiet_says_what_was_removed(repository: Repository) -> None:
    old = aged_lock(repository, 3 * HOUR, WEB1)
    aged_lock(repository, 60, WEB2)
    seen_for(repository)
    done = lockctl(repository, "prune", "--older", "2h", "--yes", "--quiet")
    assert done.status == 0
    assert done.stdout == f"removed {old[:8]} (web1, PID 4209, root): not renewed for 3 h\n"
    assert done.stderr == ""


def test_a_dry_run_of_an_unattended_run(repository: Repository) -> None:
    """It announces what the unattended run then removes, and what waits."""
    old, new = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 60, WEB2)
    first = lockctl(repository, "prune", "--dry-run", "--yes")
    assert (first.status, first.stdout.count("can go after")) == (0, 1)
    seen_for(repository)
    planned = lockctl(repository, "prune", "--dry-run", "--yes", "--json").json
    assert (ids(planned["removed"]), ids(planned["kept"])) == ({old}, {new})
    done = lockctl(repository, "prune", "--yes", "--json").json
    assert ids(done["removed"]) == {old}


def test_others_are_counted_and_not_listed(repository: Repository) -> None:
    mine, other = aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)
    done = lockctl(repository, "prune", "--dry-run", "--host", "web1")
    assert done.status == 0
    assert mine[:8] in done.stdout
    assert other[:8] not in done.stdout
    assert "1 other lock not asked for" in done.stdout
