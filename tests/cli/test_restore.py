"""`lockctl restore`: what was removed comes back byte for byte, and is held."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from lockctl.state.journal import Journal
from tests.cli.make import HOUR, WEB1, WEB2, put_old
from tests.cli.run import Done, history, ids, lockctl, smb_environment, state_of
from tests.cli.seeing import seen_for
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock


def standing(repository: Repository) -> set[Path]:
    """All files of the repository, and what lies beside it."""
    return {*repository.path.rglob("*"), *repository.path.parent.iterdir()}


@pytest.fixture
def removed(repository: Repository) -> tuple[str, bytes]:
    """A lock that was removed, and its bytes."""
    lock_id = aged_lock(repository, 2 * HOUR, WEB1, exclusive=True)
    data = (repository.path / "locks" / lock_id).read_bytes()
    seen_for(repository)
    done = lockctl(repository, "prune", "--yes")
    assert (done.status, repository.lock_ids()) == (0, []), done.text
    return lock_id, data


def test_byte_for_byte(repository: Repository, removed: tuple[str, bytes]) -> None:
    lock_id, data = removed
    done = lockctl(repository, "restore", lock_id[:7])
    assert done.status == 0
    assert done.stdout == f"restored {lock_id[:8]} to {repository.address}; prune leaves it alone for a day\n"
    assert done.stderr == ""
    assert repository.lock_ids() == [lock_id], "and no temporary file"
    assert (repository.path / "locks" / lock_id).read_bytes() == data
    listed = repository.run("list", "locks", "--no-lock")
    assert lock_id in listed.stdout
    assert '"hostname": "web1"' in repository.run("cat", "lock", lock_id, "--no-lock").stdout
    assert repository.run("check", check=False).returncode != 0, "it blocks again"


def test_on_the_servers_disk(repository: Repository, removed: tuple[str, bytes]) -> None:
    lock_id, data = removed
    done = lockctl(repository, "restore", lock_id, "-r", str(repository.path))
    assert done.status == 0, done.text
    assert repository.lock_ids() == [lock_id]
    assert (repository.path / "locks" / lock_id).read_bytes() == data


def test_held_after_restore(repository: Repository, removed: tuple[str, bytes]) -> None:
    lock_id, _ = removed
    assert lockctl(repository, "restore", lock_id).status == 0
    repository.samba.set_times("backup", f"{repository.folder}/locks/{lock_id}", 1_700_000_000_000_000_000, None)
    other = aged_lock(repository, 2 * HOUR, WEB2)
    seen_for(repository, whatever_its_times=True)  # it was written anew when it was put back
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0
    assert f"removed {other[:8]}" in done.stdout
    assert "put back by 'restore', and left alone for a day" in done.stdout
    at_terminal = lockctl(repository, "prune", tty=True, stdin="y\n")
    assert at_terminal.status == 0
    assert repository.lock_ids() == [lock_id]


def test_refuses_where_the_name_stands(repository: Repository, removed: tuple[str, bytes]) -> None:
    lock_id, _ = removed
    standing = repository.path / "locks" / lock_id
    standing.write_bytes(b"in the way")
    for address in (repository.address, str(repository.path)):
        done = lockctl(repository, "restore", lock_id, "-r", address)
        assert done.status == 1
        assert "stands there already" in done.stderr
        assert standing.read_bytes() == b"in the way"
        assert repository.lock_ids() == [lock_id]
    (entry,) = history(repository)
    assert entry["restored_at"] is None


def test_what_could_not_be_put_back_is_not_held(repository: Repository, removed: tuple[str, bytes]) -> None:
    """It was not restored less than a day ago: what stands there goes as anything else does."""
    lock_id, data = removed
    put_old(repository, lock_id, data)
    assert lockctl(repository, "restore", lock_id).status == 1
    seen_for(repository, whatever_its_times=True)
    done = lockctl(repository, "prune", "--yes")
    assert done.status == 0, done.text
    assert repository.lock_ids() == []


def test_a_hold_outlives_a_restore_that_fails(repository: Repository, removed: tuple[str, bytes]) -> None:
    lock_id, _ = removed
    assert lockctl(repository, "restore", lock_id).status == 0
    assert lockctl(repository, "restore", lock_id).status == 1
    repository.samba.set_times("backup", f"{repository.folder}/locks/{lock_id}", 1_700_000_000_000_000_000, None)
    seen_for(repository, whatever_its_times=True)
    done = lockctl(repository, "prune", "--yes")
    assert (done.status, repository.lock_ids()) == (0, [lock_id])
    assert "put back by 'restore', and left alone for a day" in done.stdout


def test_whatever_breaks_a_lock_that_stands_again_is_held(repository: Repository, removed: tuple[str, bytes]) -> None:
    """The connection is cut at each frame, and what the server did with the last one nobody knows."""
    lock_id, _ = removed
    unknown: list[bool] = []
    journal = (state_of(repository) / "journal.jsonl").read_bytes()

    def restore(disturb: Callable[[Proxy], None]) -> tuple[Done, int]:
        (repository.path / "locks" / lock_id).unlink(missing_ok=True)
        (state_of(repository) / "journal.jsonl").write_bytes(journal)
        with Proxy(repository.samba.port) as proxy:
            disturb(proxy)
            done = lockctl(repository.through(proxy.port), "restore", lock_id, "--timeout", "20s")
        return done, proxy.frames

    whole, frames = restore(lambda proxy: None)
    assert whole.status == 0, whole.text
    for number in range(1, frames + 1):
        for disturb in (Proxy.cut_after, Proxy.drop_reply_after):
            restore(partial(disturb, n=number))
            (record,) = Journal(state_of(repository)).records()
            stands = lock_id in repository.lock_ids()
            assert record.held_at is not None or not stands, f"{disturb.__name__} at frame {number}"
            unknown.append(stands and record.restored_at is None)
    assert any(unknown), "it stood again, and no reply had told so"


@pytest.mark.parametrize("name", ["../../config", "../planted", "planted", "{id}-tmp-1/../../planted"])
@pytest.mark.parametrize("transport", ["SMB", "disk"])
def test_an_altered_journal_puts_nothing_anywhere(
    repository: Repository, removed: tuple[str, bytes], name: str, transport: str
) -> None:
    lock_id, _ = removed
    journal = state_of(repository) / "journal.jsonl"
    name = name.format(id=lock_id)
    journal.write_text(journal.read_text().replace(f'"id":"{lock_id}"', f'"id":"{name}"'))
    assert name in journal.read_text()
    before = standing(repository)
    for beginning in (name, name[:4], lock_id):
        address = repository.address if transport == "SMB" else str(repository.path)
        done = lockctl(repository, "restore", beginning, "-r", address)
        assert done.status == 1
        assert f"line 1 of {journal} is damaged and was passed over" in done.stderr
        assert "the journal has no lock whose id starts with" in done.stderr
    assert standing(repository) == before


def test_refuses_another_repository(repository: Repository, removed: tuple[str, bytes]) -> None:
    lock_id, _ = removed
    other = Repository(repository.samba, f"{repository.folder}-other")
    other.init()
    done = lockctl(repository, "restore", lock_id, "-r", other.address)
    assert done.status == 1
    assert f"{other.address} is not the repository that lock {lock_id[:8]} came from" in done.stderr
    assert other.lock_ids() == repository.lock_ids() == []


def test_refuses_what_is_no_repository(repository: Repository, removed: tuple[str, bytes]) -> None:
    lock_id, _ = removed
    repository.samba.make_folder("backup", "empty/locks")
    done = lockctl(repository, "restore", lock_id, "-r", "rclone:lab:backup/empty", "--json")
    assert done.status == 10, done.text
    assert done.json["schema"] == "lockctl.error/1"
    assert repository.samba.names("backup", "empty/locks") == []


def test_by_another_address(repository: Repository, removed: tuple[str, bytes]) -> None:
    lock_id, data = removed
    done = lockctl(smb_environment(repository), "restore", lock_id, "-r", repository.smb_address)
    assert done.status == 0, done.text
    assert (repository.path / "locks" / lock_id).read_bytes() == data


def test_without_an_address(repository: Repository, removed: tuple[str, bytes]) -> None:
    """It goes where it came from, whatever the environment says, and needs no password of a repository."""
    lock_id, _ = removed
    variables = {name: value for name, value in repository.env.items() if not name.startswith("RESTIC_")}
    done = lockctl(variables, "restore", lock_id, state_dir=state_of(repository))
    assert done.status == 0, done.text
    assert repository.lock_ids() == [lock_id]


@pytest.mark.parametrize("beginning", ["ffff00", "nonsense", ""])
def test_unknown_id(repository: Repository, removed: tuple[str, bytes], beginning: str) -> None:
    done = lockctl(repository, "restore", beginning)
    assert done.status == 1
    assert "the journal has no lock whose id starts with" in done.stderr
    assert repository.lock_ids() == []


def test_an_empty_journal(repository: Repository) -> None:
    done = lockctl(repository, "restore", "00", "--json")
    assert done.status == 1
    assert (done.json["code"], done.json["kind"]) == (1, "unknown-lock")


def test_two_ids(repository: Repository) -> None:
    made = [aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)]
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    done = lockctl(repository, "restore", "--json", *made)
    assert done.status == 0
    told = done.json
    assert told["schema"] == "lockctl.restore/1"
    assert ids(told["restored"]) == set(made)
    assert told["failed"] == []
    assert repository.sound_lock_ids() == set(made)


def test_two_ids_of_which_one_stands(repository: Repository) -> None:
    made = [aged_lock(repository, 2 * HOUR, WEB1), aged_lock(repository, 2 * HOUR, WEB2)]
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    (repository.path / "locks" / made[0]).write_bytes(b"x")
    done = lockctl(repository, "restore", *made)
    assert done.status == 3
    assert f"restored {made[1][:8]}" in done.stdout
    assert "stands there already" in done.stderr
    assert set(repository.lock_ids()) == set(made)


def test_two_ids_of_which_one_is_unknown(repository: Repository, removed: tuple[str, bytes]) -> None:
    lock_id, _ = removed
    done = lockctl(repository, "restore", lock_id, "ffff00")
    assert done.status == 1, done.text
    assert "the journal has no lock whose id starts with" in done.stderr
    assert repository.lock_ids() == [], "nothing was done, as the status says"


def test_an_ambiguous_id(repository: Repository) -> None:
    made = [aged_lock(repository, 2 * HOUR, WEB1) for _ in range(17)]
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    twice = next(one[0] for one in made if sum(other[0] == one[0] for other in made) > 1)
    done = lockctl(repository, "restore", twice)
    assert done.status == 1
    assert "several removed locks have ids that start with" in done.stderr
    assert repository.lock_ids() == []


def test_what_was_restored_and_removed_again(repository: Repository, removed: tuple[str, bytes]) -> None:
    """The hold ends after a day; the newest removal counts."""
    lock_id, data = removed
    assert lockctl(repository, "restore", lock_id).status == 0
    again = lockctl(repository, "restore", lock_id)
    assert again.status == 1
    assert "stands there already" in again.stderr
    (entry,) = history(repository)
    assert entry["outcome"] == "removed"
    assert entry["restored_at"].endswith("Z")
    assert (repository.path / "locks" / lock_id).read_bytes() == data


def test_a_damaged_lock_comes_back_damaged(repository: Repository) -> None:
    lock_id = aged_lock(repository, 2 * HOUR, cut_to=60)
    data = (repository.path / "locks" / lock_id).read_bytes()
    seen_for(repository)
    assert lockctl(repository, "prune", "--yes").status == 0
    assert lockctl(repository, "restore", lock_id).status == 0
    assert (repository.path / "locks" / lock_id).read_bytes() == data
    assert len(data) == 60


def test_no_permission_to_put_back(repository: Repository, removed: tuple[str, bytes]) -> None:
    lock_id, _ = removed
    address = repository.smb_address.replace("/backup/", "/read-only/")
    done = lockctl(smb_environment(repository), "restore", lock_id, "-r", address)
    assert done.status == 13
    assert "does not permit" in done.stderr
    assert repository.lock_ids() == []
