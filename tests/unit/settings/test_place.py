"""Where address, passwords and folders come from, which source goes first, and that no error quotes a secret."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path

import pytest

from lockctl.errors import UsageError
from lockctl.settings.credentials import Login, parse_credentials
from lockctl.settings.folders import state_directory
from lockctl.settings.password import PasswordOptions, find_password
from lockctl.settings.place import LocalPlace, SmbPlace, resolve_place, restics_address

SECRET = "hunter2"


def ask(_: str, otherwise: str) -> str:
    return "typed in"


def refuse(question: str, otherwise: str) -> str:
    raise UsageError(f"nobody is there to answer: {question}")


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({"LOCKCTL_REPOSITORY": "/b", "RESTIC_REPOSITORY": "/c"}, "/c"),
        ({"RESTIC_REPOSITORY": "/c", "RESTIC_REPOSITORY_FILE": "/none"}, "/c"),
        ({"RESTIC_REPOSITORY": "a name"}, "a name"),
    ],
)
def test_the_address_that_restic_takes(environment: Mapping[str, str], address: str) -> None:
    assert restics_address(environment) == address


def test_a_path_of_this_machine() -> None:
    assert resolve_place("local:/a", None, {}, refuse) == LocalPlace("/a", "/a")


@pytest.mark.parametrize(
    "content",
    [
        b"/srv/repo",
        b"/srv/repo\n",
        b"\r\n/srv/repo\r\n",
        codecs.BOM_UTF8 + b"/srv/repo\n",
        "/srv/repo\n".encode("utf-16"),
    ],
)
def test_the_address_from_a_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "repository").write_bytes(content)
    assert restics_address({"RESTIC_REPOSITORY_FILE": str(tmp_path / "repository")}) == "/srv/repo"


@pytest.mark.parametrize("environment", [{}, {"RESTIC_REPOSITORY_FILE": "/no/such/file"}])
def test_no_address(environment: Mapping[str, str]) -> None:
    with pytest.raises(UsageError):
        restics_address(environment)


@pytest.mark.parametrize(
    ("options", "environment", "password"),
    [
        (PasswordOptions(none=True), {"RESTIC_PASSWORD": SECRET}, ""),
        (PasswordOptions(command="echo from option"), {"RESTIC_PASSWORD_COMMAND": "false"}, "from option"),
        (PasswordOptions(command="echo one"), {"RESTIC_PASSWORD_FILE": "/none"}, "one"),
        (PasswordOptions(), {"RESTIC_PASSWORD_COMMAND": "echo two", "RESTIC_PASSWORD": SECRET}, "two"),
        (PasswordOptions(), {"RESTIC_PASSWORD": SECRET}, SECRET),
        (PasswordOptions(), {"RESTIC_PASSWORD": " kept as it is "}, " kept as it is "),
        (PasswordOptions(), {"RESTIC_PASSWORD": ""}, "typed in"),
        (PasswordOptions(), {"RESTIC_PASSWORD_FILE": "", "RESTIC_PASSWORD_COMMAND": ""}, "typed in"),
        (PasswordOptions(command="printf '%s' 'a  b '"), {}, "a  b"),
        (PasswordOptions(command=r"printf '\377'"), {}, "\udcff"),
    ],
)
def test_the_password_and_its_sources(options: PasswordOptions, environment: Mapping[str, str], password: str) -> None:
    assert find_password(options, environment, ask) == password


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"hunter2\n", SECRET),
        (b"  hunter2 \r\n", SECRET),
        (codecs.BOM_UTF8 + b"hunter2\n", SECRET),
        (codecs.BOM_UTF16_LE + "hunter2\n".encode("utf-16-le"), SECRET),
        (codecs.BOM_UTF16_BE + "hunter2\n".encode("utf-16-be"), SECRET),
        ("pässwörd".encode(), "pässwörd"),
        (b"caf\xe9", "caf\udce9"),
        (b"", ""),
    ],
)
@pytest.mark.parametrize("option", [True, False])
def test_the_password_from_a_file(tmp_path: Path, content: bytes, password: str, option: bool) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    options = PasswordOptions(file=str(path) if option else None)
    environment = {"RESTIC_PASSWORD_FILE": "/none" if option else str(path), "RESTIC_PASSWORD": "other"}
    assert find_password(options, environment, refuse) == password


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (PasswordOptions(file="/a", command="b"), "both"),
        (PasswordOptions(file="/no/such/file"), "No such file"),
        (PasswordOptions(file="/"), "directory"),
        (PasswordOptions(command=f"sh -c 'echo {SECRET}; exit 3'"), "status 3"),
        (PasswordOptions(command="/no/such/program"), "No such file"),
        (PasswordOptions(command="echo 'open"), "open quote"),
        (PasswordOptions(command=" "), "empty"),
        (PasswordOptions(command=f"sh -c 'echo {SECRET}; exec sleep 60'"), "no answer in time"),
    ],
)
def test_passwords_that_cannot_be_had(options: PasswordOptions, hint: str) -> None:
    with pytest.raises(UsageError, match=hint) as caught:
        find_password(options, {}, ask, seconds=0.3)
    assert SECRET not in str(caught.value)


def test_a_prompt_that_nobody_answers() -> None:
    with pytest.raises(UsageError, match="nobody"):
        find_password(PasswordOptions(), {}, refuse)


CREDENTIALS = "username=joe\npassword=from file\ndomain=CORP\n"


@pytest.mark.parametrize(
    ("address", "credentials", "environment", "login"),
    [
        ("smb://joe@nas/b", None, {"LOCKCTL_SMB_PASSWORD": SECRET}, Login("joe", SECRET)),
        ("smb://D;joe@nas/b", None, {"LOCKCTL_SMB_PASSWORD": SECRET}, Login("joe", SECRET, "D")),
        ("smb://joe:in%20it@nas/b", CREDENTIALS, {"LOCKCTL_SMB_PASSWORD": SECRET}, Login("joe", "in it", "CORP")),
        ("smb://nas/b", CREDENTIALS, {"LOCKCTL_SMB_PASSWORD": SECRET}, Login("joe", "from file", "CORP")),
        ("//nas/b", CREDENTIALS, {}, Login("joe", "from file", "CORP")),
        ("smb://X;joe@nas/b", CREDENTIALS, {}, Login("joe", "from file", "X")),
        ("smb://nas/b", "username=joe\n", {"LOCKCTL_SMB_PASSWORD": SECRET}, Login("joe", SECRET)),
        ("smb://nas/b", "username=joe\npassword=\n", {"LOCKCTL_SMB_PASSWORD": SECRET}, Login("joe", "")),
        ("smb://nas/b", None, {"USER": "me", "LOCKCTL_SMB_PASSWORD": ""}, Login("me", "")),
        ("smb://nas/b", None, {"LOGNAME": "me"}, Login("me", "typed in")),
    ],
)
def test_the_login_of_a_share(
    tmp_path: Path, address: str, credentials: str | None, environment: dict[str, str], login: Login
) -> None:
    if credentials is not None:
        (tmp_path / "credentials").write_text(credentials)
        environment = {**environment, "LOCKCTL_SMB_CREDENTIALS": str(tmp_path / "credentials")}
    place = resolve_place(address, None, environment, ask)
    assert isinstance(place, SmbPlace)
    assert place.login == login
    assert bool(place.warning) is (":in%20it@" in address)
    assert "in it" not in place.shown + place.warning + repr(place)


def test_the_option_goes_before_the_environment(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(CREDENTIALS)
    place = resolve_place("//nas/b", str(tmp_path / "credentials"), {"LOCKCTL_SMB_CREDENTIALS": "/none"}, refuse)
    assert isinstance(place, SmbPlace)
    assert place.login == Login("joe", "from file", "CORP")


@pytest.mark.parametrize(
    ("address", "environment", "hint"),
    [
        ("smb://ann@nas/b", {}, "another one"),
        ("smb://nas/b", {"LOCKCTL_SMB_CREDENTIALS": "/no/such"}, "No such file"),
    ],
)
def test_logins_that_cannot_be(tmp_path: Path, address: str, environment: Mapping[str, str], hint: str) -> None:
    (tmp_path / "credentials").write_text(CREDENTIALS)
    environment = {"LOCKCTL_SMB_CREDENTIALS": str(tmp_path / "credentials"), **environment}
    with pytest.raises(UsageError, match=hint) as caught:
        resolve_place(address, None, environment, refuse)
    assert "from file" not in str(caught.value)


def test_no_user_for_the_share() -> None:
    with pytest.raises(UsageError, match="no user"):
        resolve_place("smb://nas/b", None, {}, refuse)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", {}),
        ("username=joe\npassword=x\ndomain=D", {"username": "joe", "password": "x", "domain": "D"}),
        ("user=joe\r\npass=x\r\ndom=D\r\n", {"username": "joe", "password": "x", "domain": "D"}),
        ("  USERNAME=joe\nWorkgroup=D", {"username": "joe", "domain": "D"}),
        ("password=a=b # c ", {"password": "a=b # c "}),
        ("password=", {"password": ""}),
        ("# username=joe\nuid=1000\nnonsense\n", {}),
        ("password=a\x85b\x0cc\u2028d", {"password": "a\x85b\x0cc\u2028d"}),
    ],
)
def test_forms_of_a_credentials_file(text: str, fields: dict[str, str]) -> None:
    """A line ends at a newline and nowhere else: a password may hold what Unicode calls a line's end."""
    assert parse_credentials(text) == fields


@pytest.mark.parametrize(
    ("option", "environment", "folder"),
    [
        ("/option", {"LOCKCTL_STATE_DIR": "/variable", "XDG_STATE_HOME": "/xdg"}, "/option"),
        (None, {"LOCKCTL_STATE_DIR": "/variable", "XDG_STATE_HOME": "/xdg"}, "/variable"),
        (None, {"LOCKCTL_STATE_DIR": "", "XDG_STATE_HOME": "/xdg", "HOME": "/home/joe"}, "/xdg/lockctl"),
        (None, {"XDG_STATE_HOME": "relative", "HOME": "/home/joe"}, "/home/joe/.local/state/lockctl"),
        (None, {"HOME": "/home/joe"}, "/home/joe/.local/state/lockctl"),
    ],
)
def test_the_state_folder(option: str | None, environment: Mapping[str, str], folder: str) -> None:
    assert state_directory(option, environment) == Path(folder)
