"""Prometheus's own word on what is written for it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
_SAMPLE = re.compile(r'([a-z_]+)\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\} (\S+)')
_LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')


def check_metrics(text: str) -> None:
    """`promtool check metrics` finds nothing: neither what is no metric nor a name that is not recommended."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def check_rules(path: Path) -> str:
    """`promtool check rules` finds nothing; what it says."""
    done = subprocess.run(["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def samples(text: str) -> Samples:
    """By name and labels, each value. Every line that is no comment is one."""
    found: Samples = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = _SAMPLE.fullmatch(line)
        assert match is not None, line
        key = (match[1], frozenset(_LABEL.findall(match[2])))
        assert key not in found, line
        found[key] = float(match[3])
    return found


def values(text: str, name: str, **labels: str) -> list[float]:
    """The values of all samples of this name that have these labels."""
    return [value for (one, told), value in samples(text).items() if one == name and labels.items() <= set(told)]
