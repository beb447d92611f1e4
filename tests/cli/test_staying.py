"""`prune --watch` and `show --watch`: staying until doubt is settled.

Nobody waits half an hour: the memory is replaced by an older one while a run watches, and a change makes that look.
"""

from __future__ import annotations

import json
import time

import pytest

from lockctl.cli.run import spell_out
from lockctl.survey.watching import LOOK_SECONDS
from tests.cli.make import HOUR, WEB1, WEB2
from tests.cli.run import list_locks, lockctl
from tests.cli.running import doubtful_lock, remove, running
from tests.cli.seeing import seen_for
from tests.conftest import NewRepository
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock


@pytest.mark.parametrize("ending", ["renewed", "gone"])
def test_prune_stays_until_doubt_is_settled(repository: Repository, ending: str) -> None:
    stale, lock = aged_lock(repository, 2 * HOUR, WEB2), doubtful_lock(repository)
    seen_for(repository, whatever_its_times=True)
    with running(repository, "prune", "--yes", "--watch") as prune:
        prune.said(f"watching {lock[:8]} (web1, PID 4209, root), doubtful, for 6 min ")
        if ending == "renewed":
            aged_lock(repository, 0, WEB1)
        remove(repository, lock)
        assert prune.end() == 0
    assert stale not in repository.lock_ids()
    assert [line[:16] for line in prune.out if line.startswith("removed ")] == [f"removed {stale[:8]}"]


@pytest.mark.parametrize("share", ["backup", "undated"])
def test_prune_removes_what_our_own_clock_settles(new_repository: NewRepository, share: str) -> None:
    """What is stale by the clocks of others, or doubtful on a share without a clock of its own; and in one run."""
    repository = new_repository(share)
    lock = aged_lock(repository, 5 * HOUR, WEB1)
    with running(repository, "prune", "--yes", "--watch=25m") as prune:
        prune.said("stale, for 22 min " if share == "backup" else "doubtful, for 24 min ")
        assert repository.lock_ids() == [lock]
        seen_for(repository, 31 * 60)
        aged_lock(repository, 0, WEB2)
        assert prune.end() == 0
    assert lock not in repository.lock_ids()


def test_prune_looks_again_as_soon_as_it_is_sure(repository: Repository) -> None:
    """Nothing changes on the share, and nobody tells it to look: in ten seconds, and not at its next regular look."""
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository, 1340)
    with running(repository, "prune", "--yes", "--watch") as prune:
        prune.said("stale, for ")
        begun = time.monotonic()
        assert prune.end() == 0
    assert time.monotonic() - begun < LOOK_SECONDS - 5
    assert [line[:16] for line in prune.out if line.startswith("removed ")] == [f"removed {lock[:8]}"]
    assert repository.lock_ids() == []


@pytest.mark.parametrize("first", [False, True], ids=["a later run", "the first run"])
def test_a_watch_ends_in_time_and_changes_nothing(repository: Repository, first: bool) -> None:
    lock = doubtful_lock(repository)
    if not first:
        seen_for(repository, 10, whatever_its_times=True)
    done = lockctl(repository, "prune", "--yes", "--watch", "1s", "--json")
    assert (done.status, done.json["removed"]) == (3 if first else 0, [])
    assert ("no earlier run is remembered" in done.stderr) == first
    assert repository.lock_ids() == [lock]


def test_where_nothing_is_in_doubt_nobody_waits(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes", "--watch")
    assert done.status == 0
    assert "watching" not in done.text
    assert repository.lock_ids() == []


def test_a_watch_leaves_time_for_the_removal(repository: Repository) -> None:
    """`--timeout` is for the whole run: the stay ends before it does, and what is certain goes."""
    aged_lock(repository, 2 * HOUR, WEB2)
    doubtful = doubtful_lock(repository)
    seen_for(repository, whatever_its_times=True)
    done = lockctl(repository, "prune", "--yes", "--watch", "--timeout", "8s")
    assert done.status == 0, done.text
    assert repository.lock_ids() == [doubtful]


def test_nobody_waits_for_a_question_that_nobody_hears(repository: Repository) -> None:
    lock = doubtful_lock(repository)
    done = lockctl(repository, "prune", "--watch")
    assert done.status == 2
    assert "nobody is there to answer" in done.stderr
    assert "--yes" in done.stderr
    assert repository.lock_ids() == [lock]


def test_what_was_typed_before_the_question_is_no_answer(repository: Repository) -> None:
    """During a long stay somebody may type anything."""
    aged_lock(repository, 2 * HOUR, WEB2)
    done = lockctl(repository, "prune", "--watch=3s", tty=True, stdin="n\n", typed_first="y\n")
    assert done.status == 1, done.text
    assert len(repository.lock_ids()) == 1


def test_quiet_says_nothing(repository: Repository) -> None:
    doubtful_lock(repository)
    seen_for(repository, 10, whatever_its_times=True)  # the first run of all says that it has no memory
    done = lockctl(repository, "prune", "--yes", "--quiet", "--watch", "1s")
    assert (done.status, done.text) == (0, "")


def test_show_stays_until_a_lock_is_renewed(repository: Repository) -> None:
    lock = doubtful_lock(repository)
    with running(repository, "show", lock[:8], "--watch") as show:
        show.said("watching")
        new = aged_lock(repository, 0, WEB1)
        remove(repository, lock)
        assert show.end() == 0
    assert show.out == [f"{lock[:8]} (web1, PID 4209, root) was renewed, as {new[:8]}: its owner lives"]


def test_show_stays_until_a_lock_is_gone(repository: Repository) -> None:
    lock = doubtful_lock(repository)
    with running(repository, "show", lock[:8], "--watch", "--json") as show:
        show.said("watching")
        remove(repository, lock)
        assert show.end() == 0
    told = json.loads(show.out[0])
    assert (told["schema"], told["lock"], told["renewed_as"]) == ("lockctl.show/1", None, None)


def test_show_stays_until_a_lock_is_settled(repository: Repository) -> None:
    lock = doubtful_lock(repository)
    with running(repository, "show", lock[:8], "--watch", "--json") as show:
        show.said("watching")
        seen_for(repository, 31 * 60, whatever_its_times=True)
        aged_lock(repository, 0, WEB2)
        assert show.end() == 0
    assert json.loads(show.out[0])["lock"]["state"] == "stale"


def test_nobody_waits_for_what_is_held_unless_it_is_shown(repository: Repository) -> None:
    """What was put back stays for a day, whatever becomes certain of it meanwhile."""
    lock = aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    assert lockctl(repository, "restore", lock).status == 0
    seen_for(repository, 60, whatever_its_times=True)
    assert [one["state"] for one in list_locks(repository)] == ["doubtful"]
    done = lockctl(repository, "prune", "--yes", "--watch")
    assert (done.status, "watching" in done.stderr, repository.lock_ids()) == (0, False, [lock]), done.text
    with running(repository, "show", lock[:8], "--watch") as show:
        show.said("watching")
        remove(repository, lock)
        assert show.end() == 0


@pytest.mark.parametrize(
    ("words", "spelt"),
    [
        ("prune --watch", "prune --watch=31m"),
        ("prune --watch --yes", "prune --watch=31m --yes"),
        ("prune --watch 5m --yes", "prune --watch 5m --yes"),
        ("prune --watch=5m", "prune --watch=5m"),
        ("show --watch abc", "show --watch abc"),
        ("show abc --watch", "show abc --watch"),
        ("", ""),
    ],
)
def test_a_watch_without_a_duration(words: str, spelt: str) -> None:
    assert spell_out(words.split()) == spelt.split()
