"""`lockctl config`: checked, shown, begun."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lockctl.render.configuration import settings_table
from lockctl.settings.draft import suggest_name
from lockctl.settings.setting import Origin, Setting
from tests.cli.run import Done, assert_fails, lockctl

GOOD = """\
[thresholds]
missed = "10m"

[repositories.nas]
address = "smb://joe@nas/backup/restic"
password_file = "~/password"
tags = ["home", "big"]

[repositories.office]
address = "rclone:nas:office"
password_command = "pass show very-secret"
insecure_no_password = false
[repositories.office.thresholds]
expired = "1h"
"""


class Home:
    """An empty home."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / ".config/lockctl/config.toml"

    def write(self, text: str, mode: int = 0o600) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(text, encoding="utf-8")
        self.file.chmod(mode)

    def run(self, *words: str, variables: dict[str, str] | None = None, **more: Any) -> Done:
        usual = {"PATH": os.environ["PATH"], "HOME": str(self.path)}
        return lockctl({**usual, **(variables or {})}, *words, **more)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_good_one(home: Home) -> None:
    home.write(GOOD)
    (home.path / "password").touch(0o600)
    done = home.run("config", "check")
    assert (done.status, done.text) == (0, f"{home.file}: no mistakes\n")
    assert home.run("config", "check", "--json").json["found"] == []


def test_every_mistake_with_its_line(home: Home) -> None:
    home.write(GOOD.replace("missed", "mised").replace('"rclone:nas:office"', '"sftp:nas:/x"'))
    done = home.run("config", "check")
    assert (done.status, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        f"{home.file}:2: unknown key thresholds.mised. Did you mean missed?",
        f"{home.file}:10: repositories.office.address: no locks can be read over sftp: lockctl reads SMB shares and "
        "local paths",
        f"{home.file}:6: repositories.nas.password_file: there is no password file {home.path}/password",
    ]
    home.write(GOOD.replace('"rclone:nas:office"', '"sftp:nas:/x"'))
    told = home.run("config", "check", "--json").json
    assert [(one["line"], one["mistake"]) for one in told["found"]] == [(10, True), (6, True)]
    home.write("[a]\nb = \n")
    assert home.run("config", "check").stdout.startswith(f"{home.file}:2: {home.file} is no TOML: Invalid value")


def test_no_key_reaches_the_terminal_raw(home: Home) -> None:
    home.write('"\\u001b[31m" = 1\n')
    done = home.run("config", "check")
    assert (done.status, "\x1b" in done.text) == (1, False)
    assert "\\x1b[31m" in done.stdout


def test_what_others_can_reach_is_a_warning(home: Home) -> None:
    home.write(GOOD, 0o664)
    (home.path / "password").touch(0o600)
    (home.path / "password").chmod(0o644)
    done = home.run("config", "check")
    assert done.status == 0
    assert "1: warning: the configuration" in done.stdout
    assert "6: warning: the password file" in done.stdout
    home.write(GOOD, 0o666)
    assert home.run("config", "check").status == 1


def test_a_check_of_all_tells_who_can_write_it(home: Home) -> None:
    """As a check of one does; and of a repository that fails, what else is to be told."""
    (home.path / "smb").touch(0o600)
    (home.path / "smb").chmod(0o644)
    home.write(GOOD.replace("tags", 'smb_credentials = "~/smb"\ntags'), 0o664)
    done = home.run("check", "--all", "-v", variables={"LOCKCTL_SMB_PASSWORD": "x", "RCLONE_CONFIG": "/none"})
    assert done.status == 3
    assert "\nnas: warning: the credentials file" in done.stdout
    assert "\nwarning: the configuration" in done.stdout


def test_no_configuration(home: Home) -> None:
    done = home.run("config", "check")
    assert (done.status, done.stdout) == (0, "")
    assert "there is no configuration: neither /etc/lockctl/config.toml nor" in done.stderr


def test_each_value_with_its_origin_and_no_secret(home: Home) -> None:
    home.write(GOOD)
    variables = {
        "RESTIC_PASSWORD": "hidden-one",
        "LOCKCTL_SMB_PASSWORD": "hidden-two",
        "RESTIC_PASSWORD_COMMAND": "echo hidden-three",
        "RESTIC_REPOSITORY": "smb://joe:hidden-four@nas/x",
        "LOCKCTL_REPOSITORY": "nas",
    }
    done = home.run("config", "show", variables=variables)
    assert done.status == 0, done.text
    rows = {tuple(line.split()[:1] + line.split()[-1:]) for line in done.stdout.splitlines()}
    for key, origin in (
        ("thresholds.missed", f"{home.file}:2"),
        ("thresholds.expired", "default"),
        ("repositories.nas.tags", f"{home.file}:7"),
        ("repositories.office.thresholds.expired", f"{home.file}:14"),
        ("password", "RESTIC_PASSWORD"),
        ("smb_password", "LOCKCTL_SMB_PASSWORD"),
        ("repository", "LOCKCTL_REPOSITORY"),
        ("repository", "RESTIC_REPOSITORY"),
    ):
        assert (key, origin) in rows
    assert "pass …" in done.stdout
    assert "smb://joe@nas/x" in done.stdout
    told = home.run("config", "show", "--json", variables=variables)
    assert told.json["files"] == [str(home.file)]
    for secret in ("hidden", "very-secret"):
        assert secret not in done.text + told.text


def test_on_a_terminal_each_line_number_is_seen() -> None:
    """A long home leaves the end of the path."""
    where = Origin(file="/home/a-long-name-of-a-user/.config/lockctl/config.toml", line=117)
    rows = [Setting(f"repositories.office.{key}", "x" * 60, where) for key in ("password_command", "address")]
    told = settings_table(rows, colour=False, width=80).split("\n")
    assert all(line.endswith("lockctl/config.toml:117") for line in told[1:]), told
    assert max(map(len, told)) <= 80


def test_a_file_of_ones_own_choice(home: Home) -> None:
    """Only that one is read."""
    home.write("nonsense = 1\n")
    (home.path / "other.toml").write_text(GOOD)
    done = home.run("config", "show", "--json", variables={"LOCKCTL_CONFIG": str(home.path / "other.toml")})
    assert done.json["files"] == [str(home.path / "other.toml")]
    assert_fails(home.run("config", "show"), 2, "config.toml:1: unknown key nonsense")
    assert_fails(home.run("list", "--all", variables={"LOCKCTL_CONFIG": "/none"}), 2, "cannot read /none")


def test_begun_by_the_environment(home: Home) -> None:
    (home.path / "password").touch(0o600)
    variables = {
        "RESTIC_REPOSITORY": "smb://joe@nas.example.org/backup/restic",
        "RESTIC_PASSWORD_FILE": str(home.path / "password"),
        "RESTIC_KEY_HINT": "ab",
        "RESTIC_PASSWORD": "hidden",
    }
    done = home.run("config", "init", variables=variables)
    assert (done.status, done.stdout) == (0, "")
    assert f"wrote {home.file}" in done.stderr
    text = home.file.read_text()
    assert tomllib.loads(text) == {
        "repositories": {
            "nas": {
                "address": variables["RESTIC_REPOSITORY"],
                "password_file": variables["RESTIC_PASSWORD_FILE"],
                "key_hint": "ab",
            }
        }
    }
    assert "hidden" not in text
    assert (home.file.stat().st_mode & 0o777, home.file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert home.run("config", "check").status == 0
    again = home.run("config", "init", variables=variables)
    assert_fails(again, 1, "is there already")
    assert home.file.read_text() == text


def test_what_its_comments_offer_is_sound(home: Home) -> None:
    """Whoever takes away the comment signs has no mistake."""
    home.run("config", "init", variables={"RESTIC_REPOSITORY": "/srv/restic"})
    lines = home.file.read_text().splitlines()
    offered = [line.removeprefix("# ") if " = " in line or line.startswith("# [") else line for line in lines]
    assert "[repositories.office]" in offered
    assert "[[probe]]" in offered
    home.write("\n".join(offered))
    found = home.run("config", "check", "--json").json["found"]
    assert [one["message"].partition(": ")[2][:11] for one in found] == ["there is no"] * len(found), found


def test_begun_by_questions(home: Home) -> None:
    answers = "smb://joe@nas/backup/restic\nhome nas\n\npass show restic\n~/smb\n"
    done = home.run("config", "init", tty=True, stdin=answers)
    assert done.status == 0, done.text
    assert tomllib.loads(home.file.read_text())["repositories"] == {
        "home nas": {
            "address": "smb://joe@nas/backup/restic",
            "password_command": "pass show restic",
            "smb_credentials": "~/smb",
        }
    }


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("smb://joe@nas.example.org/backup/restic", "nas"),
        ("smb://joe@192.168.1.5/backup/home/", "home"),
        ("smb://joe@[fe80::1]/backup", "backup"),
        ("rclone:nas:backup/restic", "nas"),
        ("/srv/restic", "restic"),
    ],
)
def test_the_name_that_is_proposed(address: str, name: str) -> None:
    assert suggest_name(address) == name


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "nobody is there to ask. Set RESTIC_REPOSITORY"),
        ({"RESTIC_REPOSITORY": "smb://joe:secret@nas/x"}, "the address has a password"),
        ({"RESTIC_REPOSITORY": "sftp:x:/y"}, "no locks can be read over sftp"),
        ({"RESTIC_REPOSITORY": "/srv/x", "RESTIC_PASSWORD_FILE": "/a\x7fb"}, "has control characters"),
    ],
)
def test_what_cannot_be_begun(home: Home, variables: dict[str, str], said: str) -> None:
    done = home.run("config", "init", variables=variables)
    assert_fails(done, 2, said)
    assert "secret" not in done.text
    assert not home.file.exists()


def test_a_folder_that_cannot_be_written(home: Home) -> None:
    done = home.run("config", "init", variables={"RESTIC_REPOSITORY": "/srv/x", "LOCKCTL_CONFIG": "/proc/x/c.toml"})
    assert_fails(done, 1, "cannot write /proc/x/c.toml")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["config", "chekc"], "there is no 'config chekc'. There are check, show, init"),
        (["config"], "Missing argument"),
        (["config", "show", "--system"], "that option is not for 'config show'"),
        (["config", "init", "--json"], "that option is not for 'config init'"),
    ],
)
def test_what_it_does_not_do(home: Home, words: list[str], said: str) -> None:
    done = home.run(*words)
    assert done.status == 2
    assert said in done.text


def test_completion_knows_the_names(home: Home) -> None:
    home.write(GOOD.replace("[repositories.nas]", "[repositories.'$(nas)']").replace('"home"', '"$(x)"'))
    variables = {"LOCKCTL_STATE_DIR": str(home.path / "state")}

    def ask(*words: str) -> list[str]:
        done = home.run("complete-words", "--", *words, variables=variables)
        return [line.partition("\t")[0] for line in done.stdout.splitlines()]

    assert ask("list", "-r", "") == ["office", ":files"], "what a shell could act on is not offered"
    assert ask("list", "--tag", "") == []
    assert ask("config", "") == ["check", "show", "init"]
    home.write(GOOD)
    assert ask("prune", "--repo=o") == ["--repo=office", ":files"]
    assert ask("list", "--tag", "b") == ["big"]
    home.write("nonsense")
    assert ask("list", "-r", "") == [":files"]
