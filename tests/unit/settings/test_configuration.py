"""The configuration: that of the machine, the user's own above it, and who may write them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from lockctl.errors import UsageError
from lockctl.settings.configuration import read_configuration
from lockctl.settings.files import find_exposure
from lockctl.settings.folders import SYSTEM_CONFIGURATION, configuration_files, user_configuration
from lockctl.settings.password import PasswordOptions
from lockctl.settings.policy import Policy, Probe, Thresholds
from lockctl.settings.repositories import Configuration, RepositorySettings

SYSTEM = """
this_host = ["web1"]
[thresholds]
missed = "10m"
expired = "1h"
[[probe]]
hosts = ["*"]
command = ["true"]
[repositories.nas]
address = "smb://nas/backup"
password_file = "/etc/restic/password"
[repositories.office]
address = "/srv/office"
tags = ["a", "b"]
[repositories.office.thresholds]
gives_up = "30m"
"""
OWN = """
this_host = ["raspberrypi"]
[thresholds]
expired = "2h"
[[probe]]
hosts = ["web*", "db1"]
command = ["ssh", "--", "{host}", "alive", "{pid}"]
timeout = "20s"
[repositories.nas]
address = "~/mirror"
password_command = "pass show restic"
smb_credentials = "~/smb"
key_hint = "ab12"
metadata_only = true
"""


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_nothing_is_as_if_empty(tmp_path: Path) -> None:
    assert read_configuration([]) == Configuration()
    assert read_configuration([write(tmp_path / "a", "")]) == Configuration()


def test_the_own_file_goes_before_the_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thresholds each by itself, repositories each as a whole: no password of one goes to the address of another."""
    monkeypatch.setenv("HOME", "/home/joe")
    found = read_configuration([write(tmp_path / "a", SYSTEM), write(tmp_path / "b", OWN)])
    limits = Thresholds(missed=600, expired=7200)
    probe = Probe(("web*", "db1"), ("ssh", "--", "{host}", "alive", "{pid}"), 20)
    assert found.policy == Policy(limits, this_host=("raspberrypi",), probes=(probe,))
    assert found.repositories == {
        "nas": RepositorySettings(
            "/home/joe/mirror",
            "nas",
            PasswordOptions(command="pass show restic"),
            metadata_only=True,
            key_hint="ab12",
            smb_credentials="/home/joe/smb",
            thresholds=limits,
        ),
        "office": RepositorySettings(
            "/srv/office",
            "office",
            tags=("a", "b"),
            thresholds=Thresholds(missed=600, gives_up=1800, expired=7200),
        ),
    }
    assert found.warnings == ()


def test_a_mistake_in_either_ends_the_run(tmp_path: Path) -> None:
    wrong = write(tmp_path / "b", "\n[probes]\n")
    with pytest.raises(UsageError, match=f"^{re.escape(str(wrong))}:2: unknown key probes. Did you mean probe"):
        read_configuration([write(tmp_path / "a", SYSTEM), wrong])


@pytest.mark.parametrize(
    ("variables", "file"),
    [
        ({"XDG_CONFIG_HOME": "/etc/xdg", "HOME": "/home/joe"}, "/etc/xdg/lockctl/config.toml"),
        ({"HOME": "/home/joe"}, "/home/joe/.config/lockctl/config.toml"),
        ({"HOME": "/home/joe", "XDG_CONFIG_HOME": "relative"}, "/home/joe/.config/lockctl/config.toml"),
        ({}, "/.config/lockctl/config.toml"),
    ],
)
def test_where_the_own_file_is(variables: dict[str, str], file: str) -> None:
    assert user_configuration(variables) == Path(file)


def test_which_files_there_are(tmp_path: Path) -> None:
    """One that is named has to be there; a dangling link is one that cannot be read."""
    system = [SYSTEM_CONFIGURATION] if SYSTEM_CONFIGURATION.exists() else []
    variables: Mapping[str, str] = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert configuration_files(variables) == system
    (tmp_path / "lockctl").mkdir()
    (tmp_path / "lockctl/config.toml").symlink_to("nowhere")
    assert configuration_files(variables) == [*system, tmp_path / "lockctl/config.toml"]
    assert configuration_files({**variables, "LOCKCTL_CONFIG": "/none"}) == [Path("/none")]
    with pytest.raises(UsageError, match="cannot read /none: No such file"):
        read_configuration([Path("/none")])


@pytest.mark.parametrize(
    ("mode", "is_secret", "words"),
    [
        (0o600, True, ""),
        (0o640, True, ""),
        (0o644, False, ""),
        (0o644, True, "can be read by others (mode 0644): chmod o= "),
        (0o660, False, "can be written by others (mode 0660): chmod go-w "),
        (0o602, True, "can be written by others (mode 0602)"),
    ],
)
def test_who_else_reaches_a_file(tmp_path: Path, mode: int, is_secret: bool, words: str) -> None:
    path = write(tmp_path / "file", "", mode)
    found = find_exposure(path, "password file", is_secret=is_secret)
    assert bool(found) is bool(words)
    assert words in found


def test_whose_else_a_file_is(tmp_path: Path) -> None:
    path = write(tmp_path / "file", "")
    os.chown(path, 12345, 12345)
    assert "belongs to another user (uid 12345)" in find_exposure(path, "password file", is_secret=True)


def test_what_is_no_file_is_nobodys(tmp_path: Path) -> None:
    """A pipe that a shell makes for <(…) is readable for whoever has it."""
    os.mkfifo(tmp_path / "fifo", 0o666)
    for path in (tmp_path / "fifo", "/dev/null", tmp_path / "none"):
        assert find_exposure(path, "password file", is_secret=True) == ""


def test_a_configuration_that_others_can_write(tmp_path: Path) -> None:
    """Of a group it is told; of everybody nothing is used, for it names commands."""
    (warning,) = read_configuration([write(tmp_path / "a", "", 0o664)]).warnings
    assert "can be written by others (mode 0664): chmod go-w" in warning
    with pytest.raises(UsageError, match=r"anybody can write .*, and it can name commands"):
        read_configuration([write(tmp_path / "a", "", 0o666)])
