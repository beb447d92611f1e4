"""Connection strings and aliases of rclone: taken apart, shown without secrets, followed to where they lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from lockctl.errors import UsageError
from lockctl.settings.address import parse_address
from lockctl.settings.credentials import KERBEROS, Login
from lockctl.settings.place import LocalPlace, Place, SmbPlace, resolve_place
from lockctl.settings.rclone.remote import Remote, parse_remote
from tests.lab.restic import obscured

SECRET = obscured("geheim")
CONFIGURATION = f"""
[nas]
type = smb
host = nas.example
user = joe
pass = {SECRET}
[short]
type = alias
remote = nas:backup/restic
[deep]
type = alias
remote = short:client-a
[whole]
type = alias
remote = nas:
[other-port]
type = alias
remote = nas,port=1445:backup
[made]
type = alias
remote = :smb,host="::1",user=ann:backup
[disk]
type = alias
remote = /srv/restic
[one]
type = alias
remote = two:x
[two]
type = alias
remote = three:
[three]
type = alias
remote = one:
[self]
type = alias
remote = self:x
[ticket]
type = smb
host = nas.example
use_kerberos = true
spn = cifs/nas.example
[secret]
type = crypt
remote = nas:backup
[joined]
type = union
upstreams = nas:a nas:b
[mapped]
type = combine
upstreams = a=nas:a
[cut]
type = chunker
remote = nas:backup
[cloud]
type = s3
[over-secret]
type = alias
remote = secret:restic
"""


def nobody(what: str, otherwise: str) -> str:
    """Nobody is there to be asked."""
    raise UsageError(f"asked for the {what}", otherwise)


def place_of(folder: Path, text: str, **variables: str) -> Place:
    """Where an address leads with the configuration above."""
    (folder / "rclone.conf").write_text(CONFIGURATION)
    environment = {"RCLONE_CONFIG": str(folder / "rclone.conf"), **variables}
    return resolve_place(f"rclone:{text}", None, environment, nobody)


@pytest.mark.parametrize(
    ("text", "service_host"),
    [("ticket:s", "nas.example"), ("nas,use_kerberos:s", ""), ('ticket,spn="CIFS/nas.example:445":s', "nas.example")],
)
def test_kerberos(tmp_path: Path, text: str, service_host: str) -> None:
    """As rclone does: whoever has a ticket, whatever user, domain and password are."""
    place = place_of(tmp_path, text)
    assert isinstance(place, SmbPlace)
    assert place.login == Login("", "", "", KERBEROS, service_host)


@pytest.mark.parametrize(
    ("text", "remote"),
    [
        ("nas:backup/a", Remote("nas", "backup/a")),
        ("my nas.2:x", Remote("my nas.2", "x")),
        (":smb:x", Remote(":smb", "x")),
        ("nas,port=1445:x", Remote("nas", "x", (("port", "1445"),))),
        (":smb,host=h,user=u:s/p:q", Remote(":smb", "s/p:q", (("host", "h"), ("user", "u")))),
        (':smb,host="::1":s', Remote(":smb", "s", (("host", "::1"),))),
        (":smb,host='::1',user='it''s':s", Remote(":smb", "s", (("host", "::1"), ("user", "it's")))),
        ('nas,user="a ""b"", c":s', Remote("nas", "s", (("user", 'a "b", c'),))),
        ("nas,user=a\"b'c:s", Remote("nas", "s", (("user", "a\"b'c"),))),
        ("nas,user=:s", Remote("nas", "s", (("user", ""),))),
        ("nas,use_kerberos:s", Remote("nas", "s", (("use_kerberos", "true"),))),
        ("nas,use_kerberos,user=u:s", Remote("nas", "s", (("use_kerberos", "true"), ("user", "u")))),
        ("nas,user=a=b:s", Remote("nas", "s", (("user", "a=b"),))),
        ("/srv/a:b", None),
        ("srv/a:b", None),
        ("srv", None),
    ],
)
def test_what_rclone_takes_apart(text: str, remote: Remote | None) -> None:
    assert parse_remote(text) == remote


@pytest.mark.parametrize(
    "text",
    [
        ":",
        "::",
        ":/x",
        "-nas:x",
        "n*s:x",
        "nas,:x",
        "nas,=hidden:x",
        "nas,pass=hidden",
        "nas,pass",
        'nas,pass="hidden:x',
        'nas,pass="hidden"x:y',
        "nas,pa-ss=hidden:x",
    ],
)
def test_what_rclone_refuses_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError, match="connection string") as caught:
        parse_remote(text)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nas:backup", "nas:backup"),
        (":smb,host=h,pass=hidden,user=u:s", ":smb,host=h,user=u:s"),
        (":s3,secret_access_key=hidden:s", ":s3:s"),
        (':smb,host="::1":s', ':smb,host="::1":s'),
        (":alias,remote=':smb,host=h,pass=hidden:s':p", ':alias,remote=":smb,host=h:s":p'),
        ("short,remote='nas,pass=hidden':p", "short:p"),
        ("nas,user='\"q\"':s", 'nas,user="""q""":s'),
    ],
)
def test_no_secret_is_shown_and_what_is_shown_can_be_read_back(text: str, shown: str) -> None:
    address = parse_address(f"rclone:{text}")
    assert str(address) == f"rclone:{shown}"
    assert str(parse_address(str(address))) == str(address)
    assert "hidden" not in repr(address)


@pytest.mark.parametrize(
    ("text", "user", "host", "port", "share", "path"),
    [
        ("nas:backup/x", "joe", "nas.example", 445, "backup", "x"),
        ("short:", "joe", "nas.example", 445, "backup", "restic"),
        ("short:/a/b", "joe", "nas.example", 445, "backup", "restic/a/b"),
        ("deep:x", "joe", "nas.example", 445, "backup", "restic/client-a/x"),
        ("whole:s/p", "joe", "nas.example", 445, "s", "p"),
        ("other-port:x", "joe", "nas.example", 1445, "backup", "x"),
        ("made:x", "ann", "::1", 445, "backup", "x"),
        ("nas,host=h,port=7:s", "joe", "h", 7, "s", ""),
        (":smb,host=h,user=u:s/p", "u", "h", 445, "s", "p"),
        ("new,type=smb,host=h,user=u:s/p", "u", "h", 445, "s", "p"),
        ("short,remote='nas:other':p", "joe", "nas.example", 445, "other", "p"),
        (":alias,remote='nas:other':p", "joe", "nas.example", 445, "other", "p"),
    ],
)
def test_where_remotes_lead(tmp_path: Path, text: str, user: str, host: str, port: int, share: str, path: str) -> None:
    place = place_of(tmp_path, text)
    assert isinstance(place, SmbPlace)
    address = place.address
    assert (place.login.user, address.host, address.port, address.share, address.path) == (
        user,
        host,
        port,
        share,
        path,
    )
    assert place.login.password == ("geheim" if user == "joe" else "")


def test_an_alias_from_the_environment(tmp_path: Path) -> None:
    """Its type and its target; a target from there goes before the file's."""
    here = {"RCLONE_CONFIG_ENV_TYPE": "alias", "RCLONE_CONFIG_ENV_REMOTE": "nas:backup/env"}
    assert str(getattr(place_of(tmp_path, "env:x", **here), "address")).endswith("/backup/env/x")  # noqa: B009
    there = place_of(tmp_path, "short:x", RCLONE_CONFIG_SHORT_REMOTE="nas,port=7:s")
    assert isinstance(there, SmbPlace)
    assert (there.address.port, there.address.share, there.address.path) == (7, "s", "x")


def test_an_alias_of_a_directory(tmp_path: Path) -> None:
    assert place_of(tmp_path, "disk:a") == LocalPlace("/srv/restic/a", "/srv/restic/a")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("one:", "'one' → 'two' → 'three' → 'one'"),
        ("self:", "'self' → 'self'"),
        ("whole:", "no share"),
        ("secret:x", "of type 'crypt': it encrypts"),
        ("over-secret:", "remote 'secret' is of type 'crypt'"),
        ("joined:x", "of type 'union': it joins"),
        ("mapped:x", "of type 'combine': it joins"),
        ("cut:x", "of type 'chunker': it cuts"),
        ("cloud:x", "of type 's3'. lockctl reads remotes of type smb and aliases"),
        (":sftp,host=h,pass=hidden:x", "of type 'sftp'"),
        ("ticket,spn=http/nas:s", "spn is no name of an SMB service"),
        ("nas,pass=hidden:s", "the password in the connection string is not an obscured one"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint) as caught:
        place_of(tmp_path, text)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("name", ["RCLONE_CONFIG_NAS_PASS", "RCLONE_SMB_PASS"])
def test_a_plain_password_in_the_environment_is_told_by_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=f"in {name} is not an obscured one.*rclone obscure -") as caught:
        place_of(tmp_path, "nas:s", **{name: "hidden!"})
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [f":smb,host=h,user=u,pass={SECRET}:s", f":alias,remote=':smb,host=h,pass={SECRET}:s':"],
    ids=["smb", "alias"],  # what is obscured is other text each time
)
def test_a_password_in_the_address_is_warned_about_and_not_shown(tmp_path: Path, text: str) -> None:
    place = place_of(tmp_path, text)
    assert isinstance(place, SmbPlace)
    assert place.login.password == "geheim"
    assert "can be seen by others" in place.warning
    assert SECRET not in repr(place)
    assert "geheim" not in repr(place)
