"""The configuration file: TOML, read whole and checked whole. Every key that is not known is an error.

It holds no secrets. Where there is none, everything is as if it were empty.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from lockctl.clock.duration import describe_duration, parse_duration
from lockctl.errors import UsageError
from lockctl.settings.policy import Policy, Probe, Thresholds

PROBE_SECONDS = 10.0
"""For an answer, where the probe does not say."""
MAX_PROBE_SECONDS = 120.0


def read_policy(path: Path) -> Policy:
    """The policy in this file. Raises UsageError, which names the file and the key."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is no text'}") from error
    try:
        return parse_policy(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML: {error}", "See the manual, FILES") from error
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def parse_policy(table: Mapping[str, Any]) -> Policy:
    """The policy in this table. Raises UsageError for whatever is unknown or of the wrong kind."""
    _refuse_unknown(table, {"thresholds", "this_host", "probe"}, "")
    probes = table.get("probe", [])
    if not isinstance(probes, list):
        raise UsageError("probe is no list of tables", "Write [[probe]]")
    return Policy(
        _thresholds(_table(table, "thresholds")),
        this_host=tuple(_texts(table, "this_host")),
        probes=tuple(_probe(probe) for probe in probes),
    )


def _thresholds(table: Mapping[str, Any]) -> Thresholds:
    defaults = Thresholds()
    names = [one.name for one in fields(defaults)]
    _refuse_unknown(table, set(names), "thresholds.")
    values: dict[str, float] = {}
    for name in names:
        least = getattr(defaults, name)
        values[name] = _duration(table, name, least, f"thresholds.{name}")
        if values[name] < least:
            raise UsageError(f"thresholds.{name} may only be raised, above {describe_duration(least)}")
    return Thresholds(**values)


def _probe(table: object) -> Probe:
    if not isinstance(table, dict):
        raise UsageError("probe is no table", "Write [[probe]]")
    _refuse_unknown(table, {"hosts", "command", "timeout"}, "probe.")
    hosts, command = _texts(table, "hosts"), _texts(table, "command")
    if not hosts or not command:
        raise UsageError("a probe needs hosts and a command", 'Write hosts = ["web*"] and command = ["…", "{host}"]')
    seconds = _duration(table, "timeout", PROBE_SECONDS, "probe.timeout")
    if seconds > MAX_PROBE_SECONDS:
        raise UsageError(f"probe.timeout is longer than {describe_duration(MAX_PROBE_SECONDS)}")
    return Probe(tuple(hosts), tuple(command), seconds)


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise UsageError(f"unknown key {where}{unknown[0]}", f"Known are {', '.join(sorted(known))}")


def _table(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = table.get(name, {})
    if not isinstance(value, dict):
        raise UsageError(f"{name} is no table", f"Write [{name}]")
    return value


def _texts(table: Mapping[str, Any], name: str) -> list[str]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise UsageError(f"{name} is no list of texts", f'Write {name} = ["…"]')
    return value


def _duration(table: Mapping[str, Any], name: str, default: float, where: str) -> float:
    value = table.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise UsageError(f"{where} is no duration in quotes", 'Write it as "45m" or "10s"')
    return parse_duration(value)
