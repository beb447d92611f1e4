"""Repositories of real restic, and others with keys, config and locks of every kind: what opens, and what not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import (
    DamagedConfig,
    DamagedKey,
    LockctlError,
    NoRepository,
    PermissionRefused,
    WrongPassword,
)
from lockctl.repository.lock import MAX_LOCK_SIZE, Problem
from lockctl.repository.locks import Repository, open_repository
from lockctl.repository.opening import MAX_KEYS
from lockctl.transport.local.directory import LocalTransport
from tests.memory import MemoryTransport
from tests.unit.envelope import (
    CONFIG_FIELDS,
    PASSWORD,
    config_bytes,
    key_bytes,
    named,
    sealed_lock,
    sealed_with_master,
)

GOLDEN = sorted((Path(__file__).parents[2] / "data").glob("restic-*"))
GOLDEN_PASSWORD = "correct horse battery staple"
SECONDS = 60


def open_memory(files: dict[str, bytes], password: str = PASSWORD, hint: str = "") -> Repository:
    return open_repository(MemoryTransport(files), password, Deadline(SECONDS), hint)


@pytest.fixture(scope="module", params=GOLDEN, ids=lambda path: path.name)
def golden(request: pytest.FixtureRequest) -> tuple[Path, Repository]:
    """Opened once for the module: real keys are costly."""
    path: Path = request.param
    return path, open_repository(LocalTransport(str(path)), GOLDEN_PASSWORD, Deadline(SECONDS))


def test_the_config_of_real_restic(golden: tuple[Path, Repository]) -> None:
    path, repository = golden
    expected = json.loads((path / "config.json").read_text())
    assert (repository.config.id, repository.config.format) == (expected["id"], expected["version"])


def test_every_lock_of_real_restic(golden: tuple[Path, Repository]) -> None:
    path, repository = golden
    expected = json.loads((path / "expected.json").read_text())
    found = {file.id: file.lock for file in repository.find_locks().files}
    assert found.keys() == expected.keys()
    for id_, lock in found.items():
        told = {"uid": 0, "gid": 0, **expected[id_]["lock"]}
        assert {name: getattr(lock, name) for name in told} == told


def test_a_real_key_refuses_another_password() -> None:
    repository = open_repository(LocalTransport(str(GOLDEN[0])), "incorrect horse", Deadline(SECONDS))
    with pytest.raises(WrongPassword):
        _ = repository.config


def test_a_repository_made_by_hand_opens() -> None:
    repository = open_memory({"config": config_bytes(), **named("keys", key_bytes())})
    assert (repository.config.id, repository.config.format) == ("c" * 64, 2)


@pytest.mark.parametrize("missing", ["config", "keys", "both"])
def test_no_repository_there(missing: str) -> None:
    files = {} if missing != "keys" else {"config": config_bytes()}
    files |= named("keys", key_bytes()) if missing == "config" else {}
    with pytest.raises(NoRepository):
        open_memory(files)


def test_keys_that_are_none_make_no_repository() -> None:
    with pytest.raises(NoRepository):
        open_memory({"config": config_bytes(), "keys/not-a-key": key_bytes()})


@pytest.mark.parametrize("position", range(4))
def test_any_of_several_keys_may_fit(position: int) -> None:
    keys = [key_bytes(PASSWORD if index == position else f"other {index}") for index in range(4)]
    assert open_memory({"config": config_bytes(), **named("keys", *keys)}).config.format == 2


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"[]",
        b"not JSON",
        b"[" * 100_000,
        key_bytes(kdf="argon2"),
        key_bytes(N="2"),
        key_bytes(N=2.0),
        key_bytes(N=True),
        key_bytes(p=2**40),
        key_bytes(N=2**30),
        key_bytes(salt="!"),
        key_bytes(data=7),
        key_bytes(content={}),
        key_bytes(content=[]),
        key_bytes(content={"mac": {"k": "", "r": ""}, "encrypt": ""}),
        bytes(2**20 + 1),
    ],
)
def test_a_damaged_key_is_an_error_only_where_no_other_fits(damaged: bytes) -> None:
    alone = open_memory({"config": config_bytes(), **named("keys", damaged)})
    with pytest.raises(DamagedKey) as caught:
        _ = alone.config
    assert len(str(caught.value)) < 500
    beside = open_memory({"config": config_bytes(), **named("keys", damaged, key_bytes())})
    assert beside.config.format == 2
    wrong = open_memory({"config": config_bytes(), **named("keys", damaged, key_bytes("other"))})
    with pytest.raises(WrongPassword, match=r"no key opens with it, and key [0-9a-f]{8} "):
        _ = wrong.config


def test_an_altered_key_is_damaged_and_not_a_wrong_password() -> None:
    ((name, data),) = named("keys", key_bytes("other")).items()
    altered = json.dumps({**json.loads(data), "salt": "AAAA"}).encode()
    with pytest.raises(DamagedKey):
        _ = open_memory({"config": config_bytes(), name: altered}).config


def test_a_message_about_a_planted_key_stays_short() -> None:
    planted = open_memory({"config": config_bytes(), **named("keys", key_bytes(kdf="x" * 100_000))})
    with pytest.raises(DamagedKey) as caught:
        _ = planted.config
    assert len(str(caught.value)) < 500


def test_a_key_that_cannot_be_read_is_told() -> None:
    files = named("keys", key_bytes())
    memory = MemoryTransport({"config": config_bytes(), **files})
    memory.refused.add(next(iter(files)))
    with pytest.raises(PermissionRefused):
        _ = open_repository(memory, PASSWORD, Deadline(SECONDS)).config


def many_keys(count: int) -> tuple[dict[str, bytes], str]:
    """Keys of which only the last in the listing fits, and its id."""
    files: dict[str, bytes] = {"config": config_bytes()}
    for index in range(count - 1):
        files |= named("keys", key_bytes(f"other {index}"))
    ((name, data),) = named("keys", key_bytes()).items()
    return {**files, name: data}, name.removeprefix("keys/")


def test_as_many_keys_are_tried_as_restic_tries() -> None:
    assert open_memory(many_keys(MAX_KEYS)[0]).config.format == 2
    with pytest.raises(WrongPassword):
        _ = open_memory(many_keys(MAX_KEYS + 1)[0]).config


def test_a_hinted_key_is_tried_first() -> None:
    files, last = many_keys(MAX_KEYS + 5)
    assert open_memory(files, hint=last[:8]).config.format == 2
    with pytest.raises(WrongPassword):
        _ = open_memory(files, hint="f" * 64).config


@pytest.mark.parametrize(
    "config",
    [
        b"",
        config_bytes()[:-1],
        b"\0" + config_bytes()[1:],
        sealed_with_master(b"not JSON"),
        config_bytes([]),
        config_bytes({}),
        config_bytes({**CONFIG_FIELDS, "version": None}),
        config_bytes({**CONFIG_FIELDS, "version": "two"}),
        config_bytes({**CONFIG_FIELDS, "version": float("inf")}),
        sealed_with_master(b"[" * 100_000),
    ],
)
def test_a_damaged_config(config: bytes) -> None:
    with pytest.raises(DamagedConfig):
        _ = open_memory({"config": config, **named("keys", key_bytes())}).config


FULL_ID = "a" * 64


@pytest.mark.parametrize(
    ("files", "problem", "words"),
    [
        ({f"locks/{FULL_ID}": b""}, Problem.INCOMPLETE, ""),
        ({f"locks/{FULL_ID}": sealed_lock()}, Problem.INCOMPLETE, ""),
        ({f"locks/{FULL_ID}-tmp-17": b"half"}, Problem.TEMPORARY, ""),
        ({"locks/readme.txt": b"x"}, Problem.FOREIGN, ""),
        ({f"locks/{FULL_ID}": bytes(MAX_LOCK_SIZE + 1)}, Problem.FOREIGN, ""),
        (named("locks", b"not sealed"), Problem.UNDECODABLE, "too short"),
        (named("locks", bytes(200)), Problem.UNDECODABLE, "tag"),
        (named("locks", sealed_with_master(b"")), Problem.UNDECODABLE, "unknown format"),
        (named("locks", sealed_with_master(b"\x03abc")), Problem.UNDECODABLE, "unknown format"),
        (named("locks", sealed_with_master(b"\x02abc")), Problem.UNDECODABLE, "zstd"),
        (named("locks", sealed_with_master(b"[]")), Problem.UNDECODABLE, "no object"),
        (named("locks", sealed_lock(time="never")), Problem.UNDECODABLE, "time"),
        (named("locks", sealed_lock(pid="x" * 60_000)), Problem.UNDECODABLE, "pid"),
    ],
)
def test_files_in_locks_that_hold_none(files: dict[str, bytes], problem: Problem, words: str) -> None:
    repository = open_memory({"config": config_bytes(), **named("keys", key_bytes()), **files})
    (file,) = repository.find_locks().files
    assert (file.problem, file.lock) == (problem, None)
    assert words in file.detail


def test_a_lock_that_may_not_be_read_is_kept_in_sight() -> None:
    files = named("locks", sealed_lock())
    memory = MemoryTransport({"config": config_bytes(), **named("keys", key_bytes()), **files})
    memory.refused.update(files)
    (file,) = open_repository(memory, PASSWORD, Deadline(SECONDS)).find_locks().files
    assert file.problem is Problem.UNREADABLE
    assert "not permitted" in file.detail


def test_a_lock_that_vanishes_makes_it_look_again() -> None:
    """Its owner has renewed: the new lock must be seen."""
    (old,) = named("locks", sealed_lock(pid=1))
    memory = MemoryTransport({"config": config_bytes(), **named("keys", key_bytes()), old: sealed_lock(pid=1)})
    repository = open_repository(memory, PASSWORD, Deadline(SECONDS))

    def renew() -> None:
        memory.delete(old)
        for path, data in named("locks", sealed_lock(pid=2)).items():
            memory.put(path, data)

    memory.before("read_many", renew)
    assert [file.lock.pid for file in repository.find_locks().files if file.lock] == [2]


def test_a_lock_that_is_being_written_is_looked_at_again() -> None:
    """rclone writes in place: a moment later the lock is whole."""
    ((path, data),) = named("locks", sealed_lock(pid=5)).items()
    memory = MemoryTransport({"config": config_bytes(), **named("keys", key_bytes()), path: data[:60]})
    repository = open_repository(memory, PASSWORD, Deadline(SECONDS))
    looks: list[str] = []

    def write_on() -> None:
        memory.put(path, data)

    def look() -> None:
        looks.append(path)
        memory.before("list_directory", write_on)

    memory.before("list_directory", look)
    assert [file.lock.pid for file in repository.find_locks().files if file.lock] == [5]
    assert looks == [path]


@pytest.mark.parametrize(("age", "looks"), [(3600, 1), (1, 6)])
def test_a_lock_that_stays_cut_short_is_told_as_such(age: int, looks: int) -> None:
    """One that was cut off long ago is not waited for, and a fresh one not for ever."""
    ((path, data),) = named("locks", sealed_lock(pid=5)).items()
    memory = MemoryTransport({"config": config_bytes(), **named("keys", key_bytes())})
    memory.put(path, data[:60], created=memory.clock - age * 10**9)
    repository = open_repository(memory, PASSWORD, Deadline(SECONDS))
    before = memory.calls.count("list_directory")
    (file,) = repository.find_locks().files
    assert file.problem is Problem.INCOMPLETE
    assert memory.calls.count("list_directory") - before == looks


def test_a_missing_directory_of_locks_is_told() -> None:
    repository = open_memory({"config": config_bytes(), **named("keys", key_bytes())})
    with pytest.raises(LockctlError):
        repository.find_locks()


def test_directories_in_locks_are_foreign() -> None:
    files: dict[str, Any] = {f"locks/{FULL_ID}/inner": b"x", "locks/data/inner": b"x"}
    repository = open_memory({"config": config_bytes(), **named("keys", key_bytes()), **files})
    assert {file.problem for file in repository.find_locks().files} == {Problem.FOREIGN}
