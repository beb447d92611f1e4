"""Encrypted configurations, made by real rclone: opened with what the environment has, and by nobody else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lockctl.errors import UsageError
from lockctl.settings.place import SmbPlace, resolve_place
from lockctl.settings.rclone.sealed import find_config_password
from tests.lab.processes import binary
from tests.lab.restic import obscured
from tests.lab.sealing_config import seal_config

PASSWORDS = ["simple", " spaces ", 'ünï: "quoted"', "ﬁ ligature Å", "[x][rclone-config]"]


def nobody(what: str, otherwise: str) -> str:
    """Nobody is there to be asked."""
    raise UsageError(f"asked for the {what}", otherwise)


def sealed(path: Path, password: str) -> Path:
    """A configuration with the remote `nas`, which real rclone has written and encrypted.

    rclone keeps a configuration encrypted that was so: an empty one is sealed first, by its own menu.
    """
    path.write_text("")
    environment = {"RCLONE_CONFIG": str(path), "PATH": os.environ["PATH"], "HOME": str(path.parent)}
    rclone = binary("rclone", "rclone")
    seal_config(path, password)
    environment["RCLONE_CONFIG_PASS"] = password
    options = ["host=nas.example", "user=joe", f"pass={obscured('geheim')}", "--no-obscure"]
    command = [rclone, "config", "create", "nas", "smb", *options]
    subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True)
    assert "RCLONE_ENCRYPT_V0:" in path.read_text()
    return path


def password_of(path: Path, **variables: str) -> str:
    """The share's password, by this configuration and environment."""
    environment = {"RCLONE_CONFIG": str(path), "PATH": os.environ["PATH"], **variables}
    place = resolve_place("rclone:nas:backup", None, environment, nobody)
    assert isinstance(place, SmbPlace)
    return place.login.password


@pytest.mark.parametrize("password", PASSWORDS)
def test_what_rclone_sealed_opens(tmp_path: Path, password: str) -> None:
    assert password_of(sealed(tmp_path / "rclone.conf", password), RCLONE_CONFIG_PASS=password) == "geheim"


def test_a_command_goes_before_the_variable(tmp_path: Path) -> None:
    """And it is split as rclone splits it: no shell, double quotes doubled."""
    path = sealed(tmp_path / "rclone.conf", 'a "b" $HOME')
    script = tmp_path / "my script"
    script.write_text("#!/bin/sh\nprintf '%s\\n' \"$1\"\n")
    script.chmod(0o700)
    command = f'"{script}" "a ""b"" $HOME"'
    assert password_of(path, RCLONE_PASSWORD_COMMAND=command, RCLONE_CONFIG_PASS="wrong") == "geheim"


@pytest.mark.parametrize(
    ("variables", "hint"),
    [
        ({}, "asked for the password of rclone's encrypted configuration"),
        ({"RCLONE_CONFIG_PASS": "hidden"}, "does not open with this password"),
        ({"RCLONE_CONFIG_PASS": "  "}, "is empty"),
        ({"RCLONE_PASSWORD_COMMAND": "false hidden"}, "failed with status 1"),
        ({"RCLONE_PASSWORD_COMMAND": "true"}, "is empty"),
        ({"RCLONE_PASSWORD_COMMAND": "echo hidden"}, "does not open with this password"),
        ({"RCLONE_PASSWORD_COMMAND": '"echo hidden'}, "open quote"),
        ({"RCLONE_PASSWORD_COMMAND": "/none/such hidden"}, "No such file"),
    ],
)
def test_what_does_not_open_it(tmp_path: Path, variables: dict[str, str], hint: str) -> None:
    path = sealed(tmp_path / "rclone.conf", "right")
    with pytest.raises(UsageError, match=hint) as caught:
        password_of(path, **variables)
    assert "hidden" not in str(caught.value)
    assert caught.value.__suppress_context__ or "hidden" not in str(caught.value.__context__)


@pytest.mark.parametrize("cut", [0, 4, 30, -4])
def test_a_damaged_one(tmp_path: Path, cut: int) -> None:
    path = sealed(tmp_path / "rclone.conf", "right")
    head, mark, box = path.read_text().partition("RCLONE_ENCRYPT_V0:\n")
    path.write_text(head + mark + box[:cut])
    with pytest.raises(UsageError, match="is damaged"):
        password_of(path, RCLONE_CONFIG_PASS="right")


def test_what_asks_is_given_the_chance(tmp_path: Path) -> None:
    path = sealed(tmp_path / "rclone.conf", "typed")
    place = resolve_place("rclone:nas:backup", None, {"RCLONE_CONFIG": str(path)}, lambda *_: "typed")
    assert isinstance(place, SmbPlace)
    assert place.login.password == "geheim"


def test_a_command_that_does_not_end_is_ended() -> None:
    """Without that lockctl would wait for ever under cron."""
    with pytest.raises(UsageError, match="rclone's password command 'sleep' did not work: no answer in time"):
        find_config_password({"RCLONE_PASSWORD_COMMAND": "sleep 1000"}, nobody, 0.2)
