"""Which entries of the journal are asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockctl.clock.rfc3339 import parse_moment
from lockctl.state.choice import choose_records
from lockctl.state.records import Record
from tests.unit.making import of_host
from tests.unit.render.test_table import record_of

HOSTS = ["web1", "web2", "web1", "db1"]
RECORDS: list[Record] = [
    replace(record_of(of_host(host)), key=str(number), at=f"2026-11-2{number}T00:00:00.000000Z")
    for number, host in enumerate(HOSTS, 1)
]
UNKNOWN = replace(RECORDS[3], key="5", removed=replace(RECORDS[3].removed, lock=None))


@pytest.mark.parametrize(
    ("hosts", "since", "limit", "keys"),
    [
        ([], None, None, "12345"),
        (["web1"], None, None, "13"),
        (["web1", "db1"], None, None, "134"),
        ([], "2026-11-23T00:00:00.000000Z", None, "345"),
        ([], None, 2, "45"),
        ([], None, 99, "12345"),
        (["web1"], None, 1, "3"),
        (["nobody"], None, 1, ""),
    ],
)
def test_choosing(hosts: list[str], since: str | None, limit: int | None, keys: str) -> None:
    begin = None if since is None else parse_moment(since)
    chosen = choose_records([*RECORDS, UNKNOWN], hosts, begin, limit)
    assert "".join(record.key for record in chosen) == keys
