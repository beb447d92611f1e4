"""Where colour is wanted: by the environment that is given, and on a terminal alone."""

from __future__ import annotations

import sys

import pytest

from lockctl.cli.console import wants_colour


@pytest.mark.parametrize(
    ("environment", "terminal", "wanted"),
    [
        ({"TERM": "xterm"}, True, True),
        ({}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
    ],
)
def test_colour(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], terminal: bool, wanted: bool) -> None:
    monkeypatch.setenv("TERM", "dumb" if wanted else "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert wants_colour(environment) is wanted
