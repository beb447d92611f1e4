"""What lockctl reaches through a remote is what `rclone lsf` reaches: a table, on the lab's Samba.

The configuration is made by `rclone config create`. Each folder of the share holds one file with a name of its own.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest

from lockctl.clock.deadline import Deadline
from lockctl.errors import LockctlError, UsageError
from lockctl.settings.place import resolve_place
from lockctl.transport.connect import connect
from tests.lab.processes import binary
from tests.lab.restic import obscured
from tests.lab.samba import Samba
from tests.lab.sealing_config import seal_config

FOLDERS = ("remotes", "remotes/a", "remotes/a/b", "remotes/it's, a folder")


@pytest.fixture(scope="module", params=["plain", "encrypted"])
def variables(request: pytest.FixtureRequest, samba: Samba, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of rclone and lockctl, with a configuration that rclone made."""
    for number, folder in enumerate(FOLDERS):
        samba.put("backup", f"{folder}/file-{number}", b"x")
    path = tmp_path_factory.mktemp("remotes") / "rclone.conf"
    environment = {"RCLONE_CONFIG": str(path), "HOME": str(path.parent), "PATH": os.environ["PATH"]}
    path.touch()
    if request.param == "encrypted":
        seal_config(path, "pass phrase")
        environment["RCLONE_PASSWORD_COMMAND"] = 'echo "pass phrase"'
    for name, kind, *options in remotes(samba):
        command = [binary("rclone", "rclone"), "config", "create", name, kind, *options, "--no-obscure"]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
    environment["LAB"] = f"host={samba.host},port={samba.port},user={samba.user},pass={obscured(samba.password)}"
    return environment


def remotes(samba: Samba) -> Iterator[tuple[str, ...]]:
    """Names, types and options."""
    login = (f"host={samba.host}", f"user={samba.user}", f"pass={obscured(samba.password)}")
    yield ("nas", "smb", *login, f"port={samba.port}")
    yield ("other-port", "smb", *login, "port=1")
    yield ("short", "alias", "remote=nas:backup/remotes")
    yield ("slashes", "alias", "remote=nas:/backup//remotes/")
    yield ("deep", "alias", "remote=short:a")
    yield ("whole", "alias", "remote=nas:")
    yield ("mended", "alias", f"remote=other-port,port={samba.port}:backup/remotes")
    yield ("self", "alias", "remote=self:backup")
    yield ("alone", "alias", "remote=none:backup")


@pytest.mark.parametrize(
    "text",
    [
        "nas:backup/remotes",
        "nas:/backup/remotes/a",
        "short:",
        "short:a",
        "short:/a/b/",
        "slashes:a",
        "deep:",
        "deep:b",
        "whole:backup/remotes/a",
        "mended:a",
        "short:it's, a folder",
        "other-port,port=@PORT@:backup/remotes",
        "other-port,port='@PORT@':backup/remotes",
        'other-port,port="@PORT@",domain="":backup/remotes',
        ":smb,@LAB@:backup/remotes",
        ":smb,@LAB@,use_kerberos=false:backup/remotes/a",
        "new,type=smb,@LAB@:backup/remotes",
        ":alias,remote=':smb,@LAB@:backup':remotes/a",
        'short,remote="nas:backup/remotes/it\'s, a folder":',
        "other-port:backup/remotes",
        "nas:no-such-share/remotes",
        "short:none",
        "alone:x",
        "nas,port:backup",
        "nas,port=@PORT@x:backup",
        "nas,:backup",
        "nas,user='a'b:backup",
        "n*s:backup",
        "unknown:backup",
    ],
)
def test_lockctl_reaches_what_rclone_reaches(samba: Samba, variables: dict[str, str], text: str) -> None:
    """Errors are compared too: where one leads nowhere, the other does not either."""
    remote = text.replace("@PORT@", str(samba.port)).replace("@LAB@", variables["LAB"])
    assert reached(remote, variables) == listed(remote, variables)


@pytest.mark.parametrize(
    "more",
    [
        {"RCLONE_CONFIG_SHORT_REMOTE": "nas:backup/remotes/a"},
        {"RCLONE_ALIAS_REMOTE": "nas:backup/remotes/a"},
        {"RCLONE_CONFIG_SHORT_REMOTE": ""},
        {"RCLONE_CONFIG_SHORT_TYPE": "smb"},
        {"RCLONE_CONFIG_NAS_PORT": ""},
        {"RCLONE_CONFIG_NAS_PORT": "1"},
        {"RCLONE_SMB_PORT": "1"},
        {"RCLONE_CONFIG_NAS_HOST": "127.0.0.254"},
        {"RCLONE_CONFIG_NAS_DOMAIN": ""},
        {"RCLONE_CONFIG_NAS_PASS": ""},
        {"RCLONE_CONFIG_NAS_PASS": "plain"},
        {"RCLONE_CONFIG_OTHER_PASS": "plain"},
    ],
)
def test_variables_do_what_they_do_to_rclone(variables: dict[str, str], more: dict[str, str]) -> None:
    """Through an alias, with each of them on top of the configuration."""
    environment = {**variables, **more}
    assert reached("short:", environment) == listed("short:", environment)


def listed(remote: str, variables: dict[str, str]) -> list[str] | None:
    """The names that real rclone lists; None where it cannot."""
    command = [binary("rclone", "rclone"), "lsf", remote, "--retries", "1", "--low-level-retries", "1"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    return sorted(line.rstrip("/") for line in done.stdout.splitlines()) if done.returncode == 0 else None


def reached(remote: str, variables: dict[str, str]) -> list[str] | None:
    """The names in the folder that an address leads to; None where it leads nowhere."""
    try:
        place = resolve_place(f"rclone:{remote}", None, variables, nobody)
        with closing(connect(place, Deadline(20.0), lambda _: None)) as transport:
            return sorted(entry.name for entry in transport.list_directory("").entries)
    except LockctlError:
        return None


def nobody(what: str, otherwise: str) -> str:
    """Nobody is there to be asked."""
    raise UsageError(f"asked for the {what}", otherwise)


def test_an_alias_of_itself_is_refused_before_anything_is_reached(variables: dict[str, str]) -> None:
    """rclone refuses it too, where it points at itself directly."""
    with pytest.raises(UsageError, match="leads back"):
        resolve_place("rclone:self:x", None, variables, nobody)
    command = [binary("rclone", "rclone"), "lsf", "self:x"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert "can't point alias remote at itself" in done.stderr
