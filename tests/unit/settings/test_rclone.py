"""Remotes of rclone: its file and environment, read as rclone does, with passwords that real rclone obscured."""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path

import pytest

from lockctl.errors import UsageError
from lockctl.settings.address import RcloneAddress, SmbAddress
from lockctl.settings.credentials import Login
from lockctl.settings.place import SmbPlace, resolve_place
from lockctl.settings.rclone.obscure import reveal
from lockctl.settings.rclone.remote import Remote
from lockctl.settings.rclone.resolve import RcloneShare, read_remote
from tests.lab.processes import binary
from tests.lab.restic import obscured

ADDRESS = RcloneAddress(Remote("nas", "backup/restic"))
MINIMAL = "[nas]\ntype = smb\nhost = nas.example\nuser = joe\n"


def nobody(what: str, otherwise: str) -> str:
    """Nobody is there to be asked."""
    raise UsageError(f"asked for the {what}", otherwise)


def read(folder: Path, text: str | None, environment: dict[str, str] | None = None) -> SmbAddress:
    """The share that the remote `nas` leads to with this configuration."""
    path = folder / "rclone.conf"
    if text is not None:
        path.write_text(text)
    return share_of(ADDRESS, {"RCLONE_CONFIG": str(path), **(environment or {})})


def share_of(address: RcloneAddress, environment: dict[str, str]) -> SmbAddress:
    """The share that a remote leads to; nobody is there to be asked."""
    target = read_remote(address, environment, nobody)
    assert isinstance(target, RcloneShare)
    return target.address


def test_a_remote_with_all_that_it_can_have(tmp_path: Path) -> None:
    text = f"""
        # a comment
        [other]
        type = s3
        [nas]
        type = smb
        host = 192.0.2.7
        port = 1445
        user = joe
        domain = CORP
        pass = {obscured("p@ss = wörd")}
        ; another
        """
    address = read(tmp_path, "\n".join(line.strip() for line in text.splitlines()))
    assert address == SmbAddress("192.0.2.7", "backup", "restic", 1445, "joe", "CORP", "p@ss = wörd")


def test_what_a_remote_leaves_out(tmp_path: Path) -> None:
    address = read(tmp_path, "[nas]\ntype = smb\nhost = nas.example\n")
    assert address == SmbAddress("nas.example", "backup", "restic", 445, getpass.getuser(), "WORKGROUP", "")


@pytest.mark.parametrize(
    ("text", "environment", "user"),
    [
        (MINIMAL, {}, "joe"),
        (MINIMAL, {"RCLONE_SMB_USER": "backend"}, "backend"),
        (MINIMAL, {"RCLONE_SMB_USER": "backend", "RCLONE_CONFIG_NAS_USER": "remote"}, "remote"),
        (MINIMAL, {"RCLONE_CONFIG_OTHER_USER": "other"}, "joe"),
        ("[nas]\ntype = smb\nhost = h\nuser =\n", {"RCLONE_SMB_USER": "backend"}, "backend"),
        ("", {"RCLONE_CONFIG_NAS_TYPE": "smb", "RCLONE_CONFIG_NAS_HOST": "h", "RCLONE_CONFIG_NAS_USER": "all"}, "all"),
        (None, {"RCLONE_CONFIG_NAS_TYPE": "smb", "RCLONE_SMB_HOST": "h", "RCLONE_SMB_USER": "both"}, "both"),
        ("[nas]\ntype = s3\nuser = joe\n", {"RCLONE_CONFIG_NAS_TYPE": "smb", "RCLONE_SMB_HOST": "h"}, "joe"),
    ],
)
def test_the_environment_goes_first(tmp_path: Path, text: str | None, environment: dict[str, str], user: str) -> None:
    assert read(tmp_path, text, environment).user == user


@pytest.mark.parametrize("password", ["x", "correct horse battery staple", "日本 = ;#'\"\\", " spaces ", "a" * 200])
def test_a_password_that_rclone_obscured(password: str) -> None:
    assert reveal(obscured(password), "nas") == password


@pytest.mark.parametrize(
    "text", ["plain password", "!!!", "YQ", "abcd", pytest.param(obscured("x")[:-9], id="cut short"), "a" * 40]
)
def test_a_password_that_is_not_obscured(text: str) -> None:
    with pytest.raises(UsageError, match="not an obscured one") as caught:
        reveal(text, "nas")
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (None, "no remote 'nas'"),
        ("", "no remote 'nas'"),
        ("[other]\ntype = smb\n", "no remote 'nas'"),
        ("[NAS]\ntype = smb\nhost = h\n", "no remote 'nas'"),
        ("[nas]\ntype = alias\nremote = other:x\n", "no remote 'other'"),
        ("[nas]\ntype = alias\n", "has no 'remote'"),
        ("[nas]\ntype = smb\nhost = h\nuse_kerberos = perhaps\n", "no valid use_kerberos"),
        ("[nas]\ntype = s3\n", "of type 's3'"),
        ("[nas]\ntype = smb\n", "no host"),
        ("[nas]\ntype = smb\nhost = h\nport = many\n", "no valid port"),
        ("[nas]\ntype = smb\nhost = h\nport = 70000\n", "no valid port"),
        ("[nas]\ntype = smb\nhost = h\npass = secret!\n", "not an obscured one"),
        ("no section\n", "cannot be understood"),
        ("# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nAAAA\n", "asked for the password"),
        ("RCLONE_ENCRYPT_V0:\nAAAA\n", "asked for the password"),
        ("; c\nRCLONE_ENCRYPT_V1:\nAAAA\n", "in a way that lockctl does not know"),
    ],
)
def test_remotes_that_cannot_be_used(tmp_path: Path, text: str | None, hint: str) -> None:
    with pytest.raises(UsageError, match=hint) as caught:
        read(tmp_path, text)
    assert "secret" not in str(caught.value)


def test_an_empty_file_entry_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, "[nas]\ntype = smb\nhost = h\nuser =\ndomain =\n").user == getpass.getuser()


def test_an_empty_variable_is_a_value(tmp_path: Path) -> None:
    """As it is for rclone: it hides what the file says."""
    assert read(tmp_path, MINIMAL, {"RCLONE_CONFIG_NAS_DOMAIN": ""}).domain == ""
    with pytest.raises(UsageError, match="no host"):
        read(tmp_path, MINIMAL, {"RCLONE_CONFIG_NAS_HOST": ""})
    with pytest.raises(UsageError, match="the user in RCLONE_CONFIG_NAS_USER is empty"):
        read(tmp_path, MINIMAL, {"RCLONE_CONFIG_NAS_USER": ""})


def test_an_encrypted_file_is_not_needed_where_the_environment_tells_all(tmp_path: Path) -> None:
    environment = {"RCLONE_CONFIG_NAS_TYPE": "smb", "RCLONE_CONFIG_NAS_HOST": "h", "RCLONE_CONFIG_NAS_USER": "u"}
    assert read(tmp_path, "RCLONE_ENCRYPT_V0:\nAAAA\n", environment).host == "h"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "rclone.conf").write_bytes(b"[nas]\ntype = smb\nhost = \xff\xfe\n")
    with pytest.raises(UsageError, match="cannot read"):
        read(tmp_path, None)


@pytest.mark.parametrize(
    ("place", "environment"),
    [
        ("xdg/rclone/rclone.conf", {"XDG_CONFIG_HOME": "{}/xdg", "HOME": "{}"}),
        (".config/rclone/rclone.conf", {"HOME": "{}"}),
        (".config/rclone/rclone.conf", {"XDG_CONFIG_HOME": "{}/none", "HOME": "{}"}),
        (".rclone.conf", {"HOME": "{}"}),
    ],
)
def test_where_the_file_is(tmp_path: Path, place: str, environment: dict[str, str]) -> None:
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text(MINIMAL)
    variables = {name: value.format(tmp_path) for name, value in environment.items()}
    assert share_of(ADDRESS, variables).host == "nas.example"


def listed_by_rclone(variables: dict[str, str], folder: Path) -> bool:
    """Whether real rclone takes these variables for the settings of the remote `my-nas`."""
    command = [binary("env", "coreutils"), "-i", "RCLONE_CONFIG=/nowhere/rclone.conf"]
    command += [f"{name}={value}" for name, value in variables.items()]
    command += [binary("rclone", "rclone"), "lsf", f"my-nas:{folder}"]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


@pytest.mark.parametrize("name", ["RCLONE_CONFIG_MY-NAS", "RCLONE_CONFIG_MY_NAS"])
def test_the_variables_of_a_remote_with_a_hyphen(tmp_path: Path, name: str) -> None:
    """What rclone takes for this remote's variables lockctl takes too, and nothing else."""
    taken = listed_by_rclone({f"{name}_TYPE": "local"}, tmp_path)
    variables = {f"{name}_TYPE": "smb", f"{name}_HOST": "h", f"{name}_USER": "u"}
    variables["RCLONE_CONFIG"] = str(tmp_path / "none")
    try:
        host = share_of(RcloneAddress(Remote("my-nas", "backup")), variables).host
    except UsageError:
        host = ""
    assert host == ("h" if taken else "")


def test_a_place_on_a_remote(tmp_path: Path) -> None:
    (tmp_path / "rclone.conf").write_text(f"{MINIMAL}pass = {obscured('secret')}\n")
    place = resolve_place("rclone:nas:backup/restic", None, {"RCLONE_CONFIG": str(tmp_path / "rclone.conf")}, nobody)
    assert isinstance(place, SmbPlace)
    assert place.login == Login("joe", "secret", "WORKGROUP")
    assert place.shown == "rclone:nas:backup/restic"
    assert "secret" not in repr(place)
