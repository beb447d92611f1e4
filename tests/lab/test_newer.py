"""The sources list of a later Debian is made from this machine's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import newer
from tests.lab.processes import LabError

STANZAS = """\
# What the installer wrote.
Types: deb deb-src
# an older mirror: http://archive.debian.org/debian
URIs: http://mirror.example/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://download.example/linux
Suites: bookworm
Components: stable

Enabled: no
Types: deb
URIs: http://old.example/debian
Suites: bookworm
Components: main
"""
LATER_STANZAS = """\
Types: deb
Uris: http://mirror.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS
 -----END PGP PUBLIC KEY BLOCK-----

"""
LINES = """\
# deb cdrom:[Debian GNU/Linux 12]/ bookworm main
deb http://mirror.example/debian bookworm main non-free-firmware # ours
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb [ arch=amd64 signed-by=/etc/apt/keyrings/debian.gpg ] https://other.example/debian/ stable main
deb https://download.example/linux bookworm stable
"""
LATER_LINES = """\
deb http://mirror.example/debian trixie main
deb [ arch=amd64 signed-by=/etc/apt/keyrings/debian.gpg ] https://other.example/debian/ trixie main
"""


def sources(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text", "later"),
    [
        ("sources.list.d/debian.sources", STANZAS, {"debian.sources": LATER_STANZAS}),
        ("sources.list", LINES, {"sources.list": LATER_LINES}),
    ],
)
def test_the_later_suite_stands_in_place_of_the_own(
    tmp_path: Path, name: str, text: str, later: dict[str, str]
) -> None:
    sources(tmp_path, name, text)
    sources(tmp_path, "sources.list.d/debian.list.disabled", LINES)
    assert newer.later_sources(tmp_path, "bookworm") == later


def test_another_system_is_told_so(tmp_path: Path) -> None:
    sources(tmp_path, "sources.list", "deb http://archive.example/ubuntu jammy-updates main\n")
    with pytest.raises(LabError, match="no source of Debian's jammy"):
        newer.later_sources(tmp_path, "jammy")


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("restic 0.18.0 compiled with go1.24.4 on linux/amd64", (0, 18)),
        ("restic 1.2.3-dev (compiled manually)", (1, 2)),
        ("another program", (0, 0)),
    ],
)
def test_the_version_that_restic_tells(tmp_path: Path, says: str, version: tuple[int, int]) -> None:
    assert newer.version(program(tmp_path / "restic", says)) == version
    assert newer.version(tmp_path / "none") == (0, 0)


def test_the_path_comes_first_and_then_what_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = program(tmp_path / "old/restic", "restic 0.14.0"), program(tmp_path / "new/restic", "restic 0.17.3")
    unpacked = program(tmp_path / "folder/usr/bin/restic", "restic 0.18.0")
    monkeypatch.setenv("PATH", f"{new.parent}:/usr/bin:/bin")
    assert newer.find(tmp_path / "folder") == new
    monkeypatch.setenv("PATH", f"{old.parent}:/usr/bin:/bin")
    assert newer.find(tmp_path / "folder") == unpacked


def test_without_apt_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(newer, "SOURCES", tmp_path / "apt")
    sources(tmp_path / "apt", "sources.list", LINES.replace("bookworm", "stable"))
    with pytest.raises(LabError, match=r"Please put restic 0\.17 or newer on the PATH"):
        newer.find(tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["apt"]
