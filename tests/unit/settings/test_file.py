"""A configuration file: read whole, checked whole, and every mistake named with its line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lockctl.errors import UsageError
from lockctl.settings.file import ConfigurationFile, read_file
from lockctl.settings.keys import Path as Keys

WHOLE = """\
# what holds for all
this_host = ["web1",
  "raspberrypi"]

[thresholds]
missed = "10m"

[[probe]]
hosts = ["web*"]
command = ["ssh", "--", "{host}"]

[[probe]]
hosts = ["*"]
command = ["true"]
timeout = "20s"

[repositories.nas]
address = "smb://joe@nas/backup/restic"
password_file = "/etc/restic/password"
tags = [
  "office",
]
"off site".address = "x"

[repositories."two words"]
address = '''
/srv/repo'''
"""


def read(tmp_path: Path, text: str) -> ConfigurationFile:
    (tmp_path / "config.toml").write_text(text)
    return read_file(tmp_path / "config.toml")


def mistakes(tmp_path: Path, text: str) -> list[str]:
    file = read(tmp_path, text)
    return [f"{file.line(one.path)}: {one.message} | {one.hint}" for one in file.problems()]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("this_host",), 2),
        (("thresholds",), 5),
        (("thresholds", "missed"), 6),
        (("probe", 0), 8),
        (("probe", 0, "command"), 10),
        (("probe", 1), 12),
        (("probe", 1, "timeout"), 15),
        (("repositories", "nas"), 17),
        (("repositories", "nas", "address"), 18),
        (("repositories", "nas", "tags"), 20),
        (("repositories", "nas", "off site"), 23),
        (("repositories", "two words", "address"), 26),
    ],
)
def test_the_line_of_each_value(tmp_path: Path, path: Keys, line: int) -> None:
    """Of a value in several lines it is the first."""
    file = read(tmp_path, WHOLE)
    assert file.holds(path)
    assert file.line(path) == line


def test_the_line_of_each_value_of_a_long_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found without reading the text anew up to each line: that took minutes for 200 repositories."""
    number = 20
    text = "".join(f'[repositories.r{n}]\naddress = "/srv/{n}"\n# a comment\u2028of one line\n' for n in range(number))
    file = read(tmp_path, text)
    parsed: list[str] = []
    load = tomllib.loads

    def note(part: str) -> dict[str, object]:
        parsed.append(part)
        return load(part)

    monkeypatch.setattr(tomllib, "loads", note)
    lines = [file.line(("repositories", f"r{n}", "address")) for n in range(number)]
    assert lines == [2 + 3 * n for n in range(number)]
    assert sum(map(len, parsed)) < 2 * len(text)


def test_tables_below_a_list_of_tables(tmp_path: Path) -> None:
    text = "[[probe]]\n[probe.more]\na = 1\n[[probe]]\n[probe.more]\na = { b = [2,\n 3] }\n"
    file = read(tmp_path, text)
    paths: list[Keys] = [("probe", 0, "more", "a"), ("probe", 1), ("probe", 1, "more"), ("probe", 1, "more", "a", "b")]
    assert all(map(file.holds, paths))
    assert [file.line(path) for path in paths] == [3, 4, 5, 6]


def test_what_does_not_stand_there(tmp_path: Path) -> None:
    file = read(tmp_path, WHOLE)
    for path in (("other",), ("probe", 2), ("probe", "hosts"), ("this_host", "x"), ("thresholds", "missed", "x")):
        assert not file.holds(path)


def test_a_file_without_mistakes(tmp_path: Path) -> None:
    assert (
        mistakes(tmp_path, WHOLE.replace('"off site".address = "x"\n', "").replace("'''\n/srv/repo'''", "'/srv'")) == []
    )
    assert mistakes(tmp_path, "") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[thresholds]\nmissed = "7m"', "2: thresholds.missed may only be raised, above 7 min 30 s"),
        ('[thresholds]\nexpired = "29m"', "2: thresholds.expired may only be raised"),
        ("[thresholds]\nmissed = 600", '2: thresholds.missed is no duration in quotes | Write missed = "45m" or "10s"'),
        ('[thresholds]\nmissed = "10"', "2: thresholds.missed: '10' has no unit"),
        ('[thresholds]\nmised = "10m"', "2: unknown key thresholds.mised | Did you mean missed?"),
        ("thresholds = []", "1: thresholds is no table | Write [thresholds]"),
        ("[qwerty]", "1: unknown key qwerty | Known are probe, repositories, this_host, thresholds"),
        ('this_host = "web1"', "1: this_host is no list of texts"),
        ("this_host = [1]", "1: this_host is no list of texts"),
        ('this_host = [""]', "1: this_host is no list of texts"),
        ("[probe]", "1: probe is no list of tables | Write [[probe]]"),
        ("probe = [1]", "1: probe is no table | Write [[probe]]"),
        ("[[probe]]", "1: a probe needs hosts and a command"),
        ('[[probe]]\nhosts = ["a"]\ncommand = []', "1: a probe needs hosts and a command"),
        ('[[probe]]\nhosts = ["a"]\ncommand = "ssh {host}"', "3: probe.command is no list of texts"),
        ('[[probe]]\nhosts = ["a"]\ncommand = ["a"]\ntimeout = "1h"', "4: probe.timeout is longer than 2 min"),
        ('[[probe]]\nhosts = ["a"]\ncommand = ["a"]\nshell = true', "4: unknown key probe.shell"),
        ("[repositories.nas]\ntags = []", "1: repositories.nas has no address | Write address ="),
        ("[repositories.nas]\naddress = 1", "2: repositories.nas.address is no text in quotes"),
        (
            '[repositories.nas]\naddress = "/a"\nadress = "/a"',
            "3: unknown key repositories.nas.adress | Did you mean address?",
        ),
        ("[repositories]\nnas = 1", "2: repositories.nas is no table | Write [repositories.nas]"),
        ('[repositories.nas]\naddress = "sftp:nas:/x"', "2: repositories.nas.address: no locks can be read over sftp"),
        ('[repositories.nas]\naddress = "smb://nas"', "2: repositories.nas.address: the address names no share"),
        ('[repositories.nas]\naddress = "repo"', "2: repositories.nas.address is a path that depends on the working"),
        (
            '[repositories.nas]\naddress = "smb://joe:secret@nas/b"',
            "2: repositories.nas.address has a password | Put it into a file that smb_credentials names",
        ),
        (
            '[repositories.nas]\naddress = "rclone::smb,host=nas,pass=secret:b"',
            "2: repositories.nas.address has a password | Put it into rclone's configuration",
        ),
        (
            '[repositories.nas]\naddress = "/a"\npassword_file = "/p"\npassword_command = "pass"',
            "4: repositories.nas has password_file and password_command | Leave one of them out",
        ),
        ('[repositories.nas]\naddress = "/a"\npassword_file = "p"', "3: repositories.nas.password_file is a path that"),
        (
            '[repositories.nas]\naddress = "/a"\nsmb_credentials = "../p"',
            "3: repositories.nas.smb_credentials is a path",
        ),
        (
            '[repositories.nas]\naddress = "smb://h/s"\nkerberos = true\nsmb_credentials = "/p"',
            "4: repositories.nas has kerberos and smb_credentials | Leave one of them out",
        ),
        (
            '[repositories.nas]\naddress = "/a"\nmetadata_only = "yes"',
            "3: repositories.nas.metadata_only is no true or",
        ),
        (
            '[repositories.nas]\naddress = "/a"\n[repositories.nas.thresholds]\nmissed = "1m"',
            "4: repositories.nas.thres",
        ),
        (
            '[repositories."a/b"]\naddress = "/a"',
            "1: 'a/b' cannot be the name of a repository | Leave out / \\ : and a",
        ),
        ('[repositories.-x]\naddress = "/a"', "1: '-x' cannot be the name of a repository"),
        ('[repositories."a\\u202eb"]\naddress = "/a"', "1: 'a\\u202eb' cannot be the name of a repository"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, words: str) -> None:
    (found,) = mistakes(tmp_path, text)
    assert words in found
    assert "secret" not in found


def test_all_mistakes_in_their_order(tmp_path: Path) -> None:
    text = "[thresholds]\nmissed = 1\n[qwerty]\n[[probe]]\nhosts = 1\n[repositories.a]\naddress = 7\n"
    assert [line.partition(":")[0] for line in mistakes(tmp_path, text)] == ["2", "3", "5", "7"]


def test_a_wrong_key_hides_no_other_mistake(tmp_path: Path) -> None:
    text = (
        'this_hosts = ["x"]\n'
        '[repositories.a]\nadress = "/a"\npassword_file = "p"\n'
        '[repositories.b]\naddress = "sftp:nas:/x"\n'
        '[[probe]]\nhosts = 1\n[[probe]]\nhosts = ["a"]\n'
        '[thresholds]\nmissed = "1m"\nexpired = 7\n'
    )
    found = mistakes(tmp_path, text)
    assert [int(line.partition(":")[0]) for line in found] == [1, 3, 4, 6, 8, 9, 12, 13]
    assert not any("has no address" in line for line in found), "the misspelt key is it"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"missed = \n", "is no TOML: .*line 1"),
        (b"a = 1\na = 2\n", "is no TOML: .*line 2"),
        (b"\xff", "it is no text"),
        (b"#" * 2**20 + b"\n", "larger than a configuration"),
        (b"a = " + b"[" * 100_000, "is no TOML"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "config.toml").write_bytes(data)
    with pytest.raises(UsageError, match=words):
        read_file(tmp_path / "config.toml")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_file(tmp_path / "config.toml")
