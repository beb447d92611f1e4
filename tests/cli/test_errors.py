"""Every error that ends a run: what is said, in a line or two, and with which exit status."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import assert_fails, assert_same_in_json, environment, lockctl, smb_environment
from tests.cli.seeing import seen_for
from tests.lab.processes import free_port
from tests.lab.restic import Repository
from tests.lab.seal import aged_lock


@pytest.fixture
def mute() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def at_port(repository: Repository, port: int) -> dict[str, str]:
    """The environment with another port."""
    return smb_environment(repository.through(port))


@pytest.mark.parametrize("words", [["list"], ["prune", "--yes"]], ids=["list", "prune"])
def test_a_host_that_does_not_answer(repository: Repository, mute: int, words: list[str]) -> None:
    done = lockctl(at_port(repository, mute), *words, "--timeout", "2s")
    assert_fails(done, 14, "not finished within 2 s (--timeout)")
    assert 1.5 < done.seconds < 6
    assert_same_in_json(lockctl(at_port(repository, mute), *words, "--json", "--timeout", "1s"), 14, "deadline")


def test_a_host_that_does_not_answer_and_no_deadline(repository: Repository, mute: int) -> None:
    done = lockctl(at_port(repository, mute), "list")
    assert_fails(done, 14, f"no answer from 127.0.0.1 port {mute}")
    assert done.seconds < 30


def test_a_host_that_is_no_smb_server(repository: Repository) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def answer() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" * 20)
            connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        done = lockctl(at_port(repository, port), "list", "--timeout", "10s")
        thread.join(timeout=10)
    assert_fails(done, 14, "127.0.0.1")


def test_a_port_that_is_closed(repository: Repository) -> None:
    port = free_port()
    done = lockctl(at_port(repository, port), "list")
    assert_fails(done, 14, f"cannot connect to 127.0.0.1 port {port}: Connection refused")
    assert_same_in_json(lockctl(at_port(repository, port), "list", "--json"), 14, "unreachable")


def test_a_host_that_no_name_server_knows(repository: Repository) -> None:
    done = lockctl(smb_environment(repository), "list", "-r", "smb://backup@no-such-host.invalid/backup/repo")
    assert_fails(done, 14, "no-such-host.invalid")


def test_wrong_user(repository: Repository) -> None:
    address = repository.smb_address.replace(f"//{repository.samba.user}@", "//nobody-here@")
    done = lockctl(smb_environment(repository), "list", "-r", address)
    assert_fails(done, 13, "127.0.0.1 refused user 'nobody-here' for share 'backup'")
    assert_same_in_json(lockctl(smb_environment(repository), "list", "-r", address, "--json"), 13, "share-refused")


def test_wrong_password_of_the_share(repository: Repository) -> None:
    done = lockctl(smb_environment(repository, LOCKCTL_SMB_PASSWORD="not-the-one"), "list")
    assert_fails(done, 13, "refused user", "wrong", "LOCKCTL_SMB_PASSWORD")
    assert "not-the-one" not in done.text


def test_no_such_share(repository: Repository) -> None:
    address = "rclone:lab:no-such-share/repo"
    done = lockctl(repository, "list", "-r", address)
    assert_fails(done, 10, "there is no share 'no-such-share' on 127.0.0.1", "smbclient -L //127.0.0.1")
    assert_same_in_json(lockctl(repository, "list", "-r", address, "--json"), 10, "no-repository")


@pytest.mark.parametrize("words", [["list"], ["show", "00"], ["prune", "--yes"]], ids=lambda words: str(words[0]))
@pytest.mark.parametrize("kind", ["no such path", "no repository", "no such path on disk"])
def test_no_repository(repository: Repository, words: list[str], kind: str, tmp_path: Path) -> None:
    repository.samba.make_folder("backup", "plain-folder")
    address = {
        "no such path": "rclone:lab:backup/no/such/path",
        "no repository": "rclone:lab:backup/plain-folder",
        "no such path on disk": str(tmp_path / "nothing"),
    }[kind]
    assert_fails(lockctl(repository, *words, "-r", address), 10, "no restic repository there")
    assert_same_in_json(lockctl(repository, *words, "-r", address, "--json"), 10, "no-repository")


def test_wrong_password_of_the_repository(repository: Repository) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    seen_for(repository)
    variables = {**environment(repository), "RESTIC_PASSWORD": "not-the-one"}
    for words in (["list"], ["prune", "--yes"]):
        assert_fails(lockctl(variables, *words), 12, "wrong password for the repository")
        assert_same_in_json(lockctl(variables, *words, "--json"), 12, "wrong-password")
    assert len(repository.lock_ids()) == 1
    assert lockctl(repository, "list").status == 0
    assert_fails(lockctl(variables, "list"), 12, "wrong password")


@pytest.mark.parametrize("damage", ["no JSON", "cut short", "altered", "too costly", "huge"])
def test_damaged_key(repository: Repository, damage: str) -> None:
    (path,) = (repository.path / "keys").iterdir()
    text = path.read_text()
    fields = json.loads(text)
    path.chmod(0o600)
    match damage:
        case "no JSON":
            path.write_text("nothing of the kind")
        case "cut short":
            path.write_text(text[:100])
        case "altered":
            path.write_text(json.dumps({**fields, "salt": "AAAA" + fields["salt"][4:]}))
        case "too costly":
            made = json.dumps({**fields, "N": 2**30}).encode()
            path.write_bytes(made)
            path.rename(path.with_name(hashlib.sha256(made).hexdigest()))
        case "huge":
            path.write_bytes(b" " * 2_000_000)
    done = lockctl(repository, "list")
    assert_fails(done, 1, "key ")
    assert done.seconds < 5
    assert_same_in_json(lockctl(repository, "list", "--json"), 1, "damaged-key")


@pytest.mark.parametrize("data", [b"", b"short", bytes(200)])
def test_damaged_config(repository: Repository, data: bytes) -> None:
    aged_lock(repository, 2 * HOUR, WEB1)
    (repository.path / "config").chmod(0o600)
    (repository.path / "config").write_bytes(data)
    seen_for(repository)
    assert_fails(lockctl(repository, "list"), 1, "the repository's config is damaged")
    assert_same_in_json(lockctl(repository, "prune", "--yes", "--json"), 1, "damaged-config")
    assert len(repository.lock_ids()) == 1
