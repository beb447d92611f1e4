"""The configuration file: read whole, checked whole, and every mistake named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lockctl.errors import UsageError
from lockctl.settings.file import parse_policy, read_policy
from lockctl.settings.folders import configuration_file
from lockctl.settings.policy import Policy, Probe, Thresholds

WHOLE = """
this_host = ["web1", "raspberrypi"]

[thresholds]
missed = "10m"
expired = "1h"

[[probe]]
hosts = ["web*", "db1"]
command = ["ssh", "--", "{host}", "alive", "{pid}"]
timeout = "20s"

[[probe]]
hosts = ["*"]
command = ["true"]
"""


def test_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "lockctl").mkdir()
    (tmp_path / "lockctl/config.toml").write_text(WHOLE)
    assert read_policy(configuration_file({"XDG_CONFIG_HOME": str(tmp_path)})) == Policy(
        Thresholds(missed=600, expired=3600),
        this_host=("web1", "raspberrypi"),
        probes=(Probe(("web*", "db1"), ("ssh", "--", "{host}", "alive", "{pid}"), 20), Probe(("*",), ("true",), 10)),
    )


@pytest.mark.parametrize(
    ("variables", "file"),
    [
        ({"XDG_CONFIG_HOME": "/etc/xdg", "HOME": "/home/joe"}, "/etc/xdg/lockctl/config.toml"),
        ({"HOME": "/home/joe"}, "/home/joe/.config/lockctl/config.toml"),
        ({"HOME": "/home/joe", "XDG_CONFIG_HOME": "relative"}, "/home/joe/.config/lockctl/config.toml"),
        ({}, "/.config/lockctl/config.toml"),
    ],
)
def test_where_the_file_is(variables: dict[str, str], file: str) -> None:
    assert configuration_file(variables) == Path(file)


def test_an_empty_file_changes_nothing() -> None:
    assert parse_policy({}) == Policy()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"thresholds": {"missed": "7m"}}, "may only be raised, above 7 min 30 s"),
        ({"thresholds": {"expired": "29m"}}, "may only be raised"),
        ({"thresholds": {"missed": 600}}, "no duration in quotes"),
        ({"thresholds": {"missed": "10"}}, "no unit"),
        ({"thresholds": {"other": "10m"}}, "unknown key thresholds.other"),
        ({"thresholds": []}, "thresholds is no table"),
        ({"threshold": {}}, "unknown key threshold. Known are probe, this_host, thresholds"),
        ({"this_host": "web1"}, "this_host is no list"),
        ({"this_host": [1]}, "this_host is no list"),
        ({"this_host": [""]}, "this_host is no list"),
        ({"probe": {}}, r"Write \[\[probe\]\]"),
        ({"probe": [1]}, "probe is no table"),
        ({"probe": [{}]}, "needs hosts and a command"),
        ({"probe": [{"hosts": ["a"], "command": []}]}, "needs hosts and a command"),
        ({"probe": [{"hosts": ["a"], "command": "ssh {host}"}]}, "command is no list"),
        ({"probe": [{"hosts": ["a"], "command": ["a"], "timeout": "1h"}]}, "longer than 2 min"),
        ({"probe": [{"hosts": ["a"], "command": ["a"], "shell": True}]}, "unknown key probe.shell"),
    ],
)
def test_every_mistake_is_named(table: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_policy(table)


@pytest.mark.parametrize("text", [b"a = ", b"\xff\xfe", b"[thresholds]\nmissed = '1m'"])
def test_the_file_is_named_too(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "lockctl").mkdir()
    (tmp_path / "lockctl/config.toml").write_bytes(text)
    with pytest.raises(UsageError, match=r"lockctl/config\.toml"):
        read_policy(configuration_file({"XDG_CONFIG_HOME": str(tmp_path)}))
