"""Passwords: where they may come from, and that they never show."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.make import HOUR, WEB1
from tests.cli.run import CTRL_D, Done, assert_fails, finish, lockctl, smb_environment, start, state_of
from tests.cli.seeing import seen_for
from tests.lab.proxy import Proxy
from tests.lab.restic import Repository, copy_repository, obscured
from tests.lab.samba import BACKUP, Samba, default_user
from tests.lab.seal import aged_lock

SHARE_PASSWORD = "share secret: 100%/§@#"
IN_ADDRESS = "share%20secret%3A%20100%25%2F%C2%A7%40%23"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Samba]:
    """A Samba whose password is not the repository's, and needs percent-encoding in an address."""
    with Samba([BACKUP], users=[default_user()], password=SHARE_PASSWORD) as running:
        yield running


@pytest.fixture
def secret(guarded: Samba, quick_template: Path, request: pytest.FixtureRequest) -> Repository:
    """A repository on that share."""
    return copy_repository(guarded, quick_template, f"secret-{abs(hash(request.node.name))}")


def bare(repository: Repository, *without: str) -> dict[str, str]:
    """An environment for lockctl's own address, without these variables."""
    variables = smb_environment(repository)
    return {name: value for name, value in variables.items() if name not in without}


def assert_secret(repository: Repository, *texts: str) -> None:
    """None of the passwords is in any of the texts, nor in the state folder."""
    kept = [path.read_text(errors="replace") for path in state_of(repository).rglob("*") if path.is_file()]
    secrets = [SHARE_PASSWORD, repository.password, obscured(SHARE_PASSWORD), IN_ADDRESS]
    for text in (*texts, *kept):
        assert not [one for one in secrets if one in text], text


def assert_lists(done: Done, repository: Repository, lock_id: str) -> None:
    """It worked, and no password showed."""
    assert done.status == 0, done.text
    assert lock_id[:8] in done.stdout
    assert_secret(repository, done.text)


def test_password_in_the_address(secret: Repository) -> None:
    lock_id = aged_lock(secret, 2 * HOUR, WEB1)
    seen_for(secret, address=secret.smb_address)
    address = secret.smb_address.replace("@", f":{IN_ADDRESS}@")
    variables = bare(secret, "LOCKCTL_SMB_PASSWORD")
    shown = [["list", "-v"], ["list", "--json"], ["show", lock_id, "--json"]]
    for words in (*shown, ["show", lock_id], ["prune", "--yes"]):
        done = lockctl(variables, *words, "-r", address)
        assert_lists(done, secret, lock_id)
        assert "warning: the password in the address can be seen by others" in done.stderr
        if words in shown:
            assert secret.smb_address in done.stdout
    restored = lockctl(variables, "history", "--json")
    assert restored.json["entries"][0]["repository"]["address"] == secret.smb_address
    assert_secret(secret, restored.text)


def test_a_wrong_password_in_the_address_is_not_printed(secret: Repository) -> None:
    address = secret.smb_address.replace("@", ":Wr0ng%20one@")
    for words in (["list"], ["list", "--json"], ["list", "-v"]):
        done = lockctl(bare(secret, "LOCKCTL_SMB_PASSWORD"), *words, "-r", address)
        assert done.status == 13
        assert "Wr0ng" not in done.text


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("smb://u:hush-hush@host:none/s/p", "its host or port is not valid"),
        ("smb://u:hush-hush@/s", "names no host"),
        ("smb://u:hush-hush@host", "names no share"),
        ("//u:hush-hush@host/s", "a user where none can be"),
    ],
)
def test_a_broken_address_with_a_password_is_not_printed(secret: Repository, address: str, said: str) -> None:
    done = lockctl(bare(secret), "list", "-r", address)
    assert_fails(done, 2, said)
    assert "hush-hush" not in done.text


def test_password_in_the_environment(secret: Repository) -> None:
    lock_id = aged_lock(secret, 2 * HOUR, WEB1)
    done = lockctl(bare(secret), "list", "-v")
    assert_lists(done, secret, lock_id)
    assert "warning" not in done.stderr


@pytest.mark.parametrize("by", ["option", "variable"])
def test_credentials_file(secret: Repository, tmp_path: Path, by: str) -> None:
    lock_id = aged_lock(secret, 2 * HOUR, WEB1)
    file = tmp_path / "credentials"
    file.write_text(f"username={secret.samba.user}\npassword={SHARE_PASSWORD}\ndomain=WORKGROUP\n")
    address = secret.smb_address.replace(f"{secret.samba.user}@", "")
    variables = bare(secret, "LOCKCTL_SMB_PASSWORD")
    words = ["list", "-v", "-r", address]
    if by == "option":
        done = lockctl(variables, *words, "--smb-credentials", str(file))
    else:
        done = lockctl({**variables, "LOCKCTL_SMB_CREDENTIALS": str(file)}, *words)
    assert_lists(done, secret, lock_id)


def test_credentials_of_another_user(secret: Repository, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text(f"username=somebody\npassword={SHARE_PASSWORD}\n")
    done = lockctl(bare(secret), "list", "--smb-credentials", str(file))
    assert done.status == 2
    assert "credentials file another one" in done.stderr
    assert_secret(secret, done.text)


def test_password_typed_at_a_terminal(secret: Repository) -> None:
    lock_id = aged_lock(secret, 2 * HOUR, WEB1)
    done = lockctl(bare(secret, "LOCKCTL_SMB_PASSWORD"), "list", tty=True, stdin=f"{SHARE_PASSWORD}\n")
    assert_lists(done, secret, lock_id)
    assert f"Password of {secret.samba.user} on 127.0.0.1: " in done.stdout
    other = lockctl(bare(secret, "RESTIC_PASSWORD"), "list", tty=True, stdin=f"{secret.password}\n")
    assert_lists(other, secret, lock_id)
    assert "Password of the repository: " in other.stdout


@pytest.mark.parametrize("args", [("list",), ("list", "--")])
def test_a_prompt_that_gets_no_answer(secret: Repository, args: tuple[str, ...]) -> None:
    """Ctrl-D."""
    done = lockctl(bare(secret, "RESTIC_PASSWORD"), *args, tty=True, stdin=CTRL_D)
    assert done.status == 2
    assert "\nlockctl: no password of the repository was given: the input ended. Set RESTIC_PASSWORD" in done.text


def test_no_password_of_the_share_and_nobody_to_ask(secret: Repository) -> None:
    done = lockctl(bare(secret, "LOCKCTL_SMB_PASSWORD"), "list")
    assert done.status == 2
    assert "nobody is there to ask" in done.stderr
    assert "LOCKCTL_SMB_PASSWORD" in done.stderr


def test_obscured_password_of_an_rclone_remote(secret: Repository, tmp_path: Path) -> None:
    lock_id = aged_lock(secret, 2 * HOUR, WEB1)
    done = lockctl(secret, "list", "-v")
    assert_lists(done, secret, lock_id)
    configuration = tmp_path / "rclone.conf"
    configuration.write_text(
        f"[other]\ntype = local\n\n[nas]\ntype = smb\nhost = 127.0.0.1\nport = {secret.samba.port}\n"
        f"user = {secret.samba.user}\npass = {obscured(SHARE_PASSWORD)}\n"
    )
    variables = {**bare(secret, "LOCKCTL_SMB_PASSWORD"), "RCLONE_CONFIG": str(configuration)}
    done = lockctl(variables, "list", "-r", f"rclone:nas:backup/{secret.folder}")
    assert_lists(done, secret, lock_id)
    other = lockctl(variables, "list", "-r", "rclone:other:backup/repo")
    assert other.status == 2
    assert "is of type 'local'" in other.stderr


def test_a_password_that_is_not_obscured(secret: Repository) -> None:
    variables = {**secret.env, "RCLONE_CONFIG_LAB_PASS": "not obscured!"}
    done = lockctl(variables, "list")
    assert done.status == 2
    assert "is not an obscured one" in done.stderr
    assert "not obscured!" not in done.text


@pytest.mark.parametrize("by", ["file", "command", "file option", "command option", "byte order mark"])
def test_password_of_the_repository(secret: Repository, tmp_path: Path, by: str) -> None:
    lock_id = aged_lock(secret, 2 * HOUR, WEB1)
    file = tmp_path / "a password"
    file.write_text(secret.password + "\n")
    command = f"cat {shlex.quote(str(file))}"
    variables = bare(secret, "RESTIC_PASSWORD")
    match by:
        case "file":
            done = lockctl({**variables, "RESTIC_PASSWORD_FILE": str(file)}, "list")
        case "command":
            done = lockctl({**variables, "RESTIC_PASSWORD_COMMAND": command}, "list")
        case "file option":
            done = lockctl(variables, "list", "--password-file", str(file))
        case "command option":
            done = lockctl(variables, "list", "--password-command", command)
        case _:
            file.write_text("\ufeff" + secret.password + "\r\n")
            done = lockctl(variables, "list", "--password-file", str(file))
    assert_lists(done, secret, lock_id)


def test_a_failing_password_command(secret: Repository) -> None:
    variables = {**bare(secret, "RESTIC_PASSWORD"), "RESTIC_PASSWORD_COMMAND": "sh -c 'echo hush-hush; exit 3'"}
    done = lockctl(variables, "list")
    assert done.status == 2
    assert "failed with status 3" in done.stderr
    assert "hush-hush" not in done.text


def test_repository_file(secret: Repository, tmp_path: Path) -> None:
    lock_id = aged_lock(secret, 2 * HOUR, WEB1)
    file = tmp_path / "repository"
    file.write_text(secret.smb_address + "\n")
    variables = {**bare(secret, "RESTIC_REPOSITORY"), "RESTIC_REPOSITORY_FILE": str(file)}
    assert_lists(lockctl(variables, "list"), secret, lock_id)
    first = {**variables, "RESTIC_REPOSITORY": "/no/such/path"}
    assert lockctl(first, "list").status == 10
    assert_lists(lockctl({**first, "LOCKCTL_REPOSITORY": secret.smb_address}, "list"), secret, lock_id)


def test_no_password_is_an_argument(secret: Repository) -> None:
    """Neither of lockctl nor of anything that it starts, at any moment of a run."""
    aged_lock(secret, 2 * HOUR, WEB1)
    seen_for(secret)
    seen: set[str] = set()
    with Proxy(secret.samba.port, delay=0.03) as proxy:
        process = start(secret.through(proxy.port), "prune", "--yes", "-v")
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                family = [watched, *watched.children(recursive=True)]
                seen |= {" ".join(one.cmdline()) for one in family}
            except psutil.Error:
                break
            time.sleep(0.01)
        done = finish(process)
    assert done.status == 0, done.text
    assert secret.lock_ids() == [], "all of a run was watched, with the removal"
    assert any("lockctl prune" in line for line in seen)
    assert_secret(secret, done.text, *seen)
