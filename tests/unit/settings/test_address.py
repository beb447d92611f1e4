"""Addresses: every form that users write, what is refused with a hint, and that an address can be read back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockctl.errors import UsageError
from lockctl.settings.address import Address, LocalAddress, RcloneAddress, SmbAddress, parse_address
from lockctl.settings.rclone.remote import Remote


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("smb://nas/backup", SmbAddress("nas", "backup", "")),
        ("smb://nas/backup/", SmbAddress("nas", "backup", "")),
        ("smb://nas/backup/a/b/", SmbAddress("nas", "backup", "a/b")),
        ("smb://nas/backup//a/./b", SmbAddress("nas", "backup", "a/b")),
        ("smb://joe@nas/backup/r", SmbAddress("nas", "backup", "r", user="joe")),
        ("smb://WORK;joe@nas/backup", SmbAddress("nas", "backup", "", user="joe", domain="WORK")),
        ("smb://joe:p%40ss%2F@nas/b", SmbAddress("nas", "b", "", user="joe", password="p@ss/")),
        ("smb://joe:@nas/b", SmbAddress("nas", "b", "", user="joe", password="")),
        ("smb://joe%40corp.example@nas/b", SmbAddress("nas", "b", "", user="joe@corp.example")),
        ("smb://nas:1445/b/r", SmbAddress("nas", "b", "r", port=1445)),
        ("smb://[::1]:1445/b/r", SmbAddress("::1", "b", "r", port=1445)),
        ("smb://joe@[fe80::1]/b", SmbAddress("fe80::1", "b", "", user="joe")),
        ("smb://nas/my%20share/d%C3%A9p%C3%B4t", SmbAddress("nas", "my share", "dépôt")),
        ("smb://nas/b/with%3Fmark%23hash", SmbAddress("nas", "b", "with?mark#hash")),
        ("smb://nas/b/plain#hash", SmbAddress("nas", "b", "plain#hash")),
        (r"\\nas\backup\a\b", SmbAddress("nas", "backup", "a/b")),
        ("//nas/backup/a%20b", SmbAddress("nas", "backup", "a%20b")),
        ("//nas/backup", SmbAddress("nas", "backup", "")),
        ("rclone:nas:backup/restic", RcloneAddress(Remote("nas", "backup/restic"))),
        ("rclone:nas:/backup/a/b/", RcloneAddress(Remote("nas", "backup/a/b"))),
        ("/srv/restic", LocalAddress("/srv/restic")),
        ("local:restic", LocalAddress("restic")),
        ("restic", LocalAddress("restic")),
        ("./restic", LocalAddress("./restic")),
        ("..", LocalAddress("..")),
        ("C:\\restic", LocalAddress("C:\\restic")),
    ],
)
def test_forms(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "empty"),
        ("smb://nas/b\0", "control"),
        ("smb:///backup", "no host"),
        ("smb://nas", "no share"),
        ("smb://nas/", "no share"),
        ("smb://nas:port/b", "host or port"),
        ("smb://nas:99999/b", "host or port"),
        ("smb://nas:0/b", "host or port"),
        ("smb://[::1/b", "host or port"),
        ("smb://nas/b?x=1", "%3F"),
        ("smb://nas/b/../c", r"'\.\.'"),
        ("smb://nas/b/%2e%2e/c", r"'\.\.'"),
        ("smb://nas/b/a%0Ab", "control"),
        ("smb://nas/b/a\nb", "control"),
        ("smb://nas/a%2Fb", "no share"),
        ("smb://nas%2F/b", "host"),
        (r"\\nas", "no share"),
        ("//", "no host"),
        ("//nas/b/../c", r"'\.\.'"),
        ("rclone:nas", "REMOTE:SHARE"),
        ("rclone:", "REMOTE:SHARE"),
        ("rclone:/srv/a:b", "REMOTE:SHARE"),
        ("rclone::", "REMOTE:SHARE"),
        ("rclone:-nas:share", "REMOTE:SHARE"),
        ("rclone:nas:share/../x", r"'\.\.'"),
        ("sftp:user@host:/r", "over sftp"),
        ("rest:https://host/", "over rest"),
        ("s3:host/bucket", "over s3"),
        ("cifs://u@h/x", "begin with cifs: are not known"),
        ("nfs://h/x", "begin with nfs: are not known"),
        ("smb:u@h/x", "begin with smb: are not known"),
        ("SMB:/h/x", "begin with SMB: are not known"),
        ("h ttp://h/x", "begin with that: are not known"),
    ],
)
def test_what_is_refused(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        parse_address(text)


@pytest.mark.parametrize(
    "text",
    ["cifs://u:secret@h/x", "smb:u:secret@h/x", "u:secret@h:/x", "smb//u:secret@h/x", "D;u:secret@h", "u:secret@h\\x"],
)
def test_a_mistyped_address_is_not_shown(text: str) -> None:
    """A path would be, and this one has a password."""
    with pytest.raises(UsageError) as caught:
        parse_address(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["/srv/a:b@c", "./a:b@c", "../a:b@c", "C:/x", "a@b", "a b:c/d"])
def test_odd_paths(text: str) -> None:
    assert parse_address(text) == LocalAddress(text)


def test_a_path_that_is_no_text_can_be_shown() -> None:
    """A shell hands bytes that are no UTF-8 over as lone surrogates."""
    assert str(parse_address("smb://nas/b/\udcff"))


@pytest.mark.parametrize("text", ["smb://joe:secret@nas/b", "smb://D;joe:secret@nas/b/r"])
def test_the_password_is_never_shown(text: str) -> None:
    address = parse_address(text)
    assert "secret" not in str(address)
    assert "secret" not in repr(address)


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
PARTS = WORDS.filter(lambda part: part not in (".", "..") and not set(part) & set("/\\"))
HOSTS = st.sampled_from(["nas", "nas.example", "192.0.2.7", "::1", "fe80::1%eth0"])


@given(
    st.builds(
        SmbAddress,
        host=HOSTS,
        share=PARTS,
        path=st.lists(PARTS, max_size=3).map("/".join),
        port=st.integers(1, 65535),
        user=WORDS,
        domain=st.just("") | WORDS,
    )
)
@settings(max_examples=150, deadline=None)
def test_what_is_shown_can_be_read_back(address: SmbAddress) -> None:
    """The journal keeps an address as it is shown, and `restore` reads it."""
    assert parse_address(str(address)) == address


@pytest.mark.parametrize("text", ["rclone:nas:backup/restic", "rclone:nas:backup", "/srv/restic"])
def test_other_addresses_are_shown_as_restic_takes_them(text: str) -> None:
    assert str(parse_address(text)) == text
