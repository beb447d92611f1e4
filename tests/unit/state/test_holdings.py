"""Since when an owner is seen: what two looks show, and what the file may hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lockctl.state.files import name_of
from lockctl.state.holdings import LONGEST_GAP, MAX_OWNERS, Held, Holdings

S = 10**9
WEB1, WEB2 = ("web1", 1, "root", 0, 0, True), ("web2", 1, "root", 0, 0, True)
CONFIG = "c" * 64


def at(seconds: float, server: float | None = None) -> tuple[int, int]:
    """A moment by this machine's and the server's clock."""
    return int(seconds * S), int((seconds if server is None else server) * S)


def test_the_time_since_it_was_first_seen() -> None:
    held = Held().look(CONFIG, [WEB1], at(1000))
    assert held.seconds(WEB1) == 0
    held = held.look(CONFIG, [WEB1, WEB2], at(1300)).look(CONFIG, [WEB2, WEB1], at(1600))
    assert (held.seconds(WEB1), held.seconds(WEB2)) == (600, 300)
    assert held.seconds(("web3",)) == 0


def test_who_was_not_there_begins_anew() -> None:
    held = Held().look(CONFIG, [WEB1], at(1000)).look(CONFIG, [], at(1300)).look(CONFIG, [WEB1], at(1600))
    assert held.seconds(WEB1) == 0


@pytest.mark.parametrize(
    ("later", "config", "seconds"),
    [
        (at(1000 + LONGEST_GAP / S), CONFIG, LONGEST_GAP / S),
        (at(1001 + LONGEST_GAP / S), CONFIG, 0),
        (at(900), CONFIG, 0),
        (at(1300), "d" * 64, 0),
        (at(1300, 9000), CONFIG, 300),
        (at(1300, 1100), CONFIG, 100),
        (at(1300, 500), CONFIG, 0),
    ],
)
def test_a_gap_another_repository_and_clocks_that_were_set(later: tuple[int, int], config: str, seconds: float) -> None:
    assert Held().look(CONFIG, [WEB1], at(1000)).look(config, [WEB1], later).seconds(WEB1) == seconds


def test_however_many_and_long_the_names_are() -> None:
    many = [("\udcff" * 9999, number) for number in range(MAX_OWNERS + 5)]
    assert len(Held().look(CONFIG, many, at(0)).first) == MAX_OWNERS


def test_it_is_kept_for_each_address(tmp_path: Path) -> None:
    assert Holdings(tmp_path / "holdings", "a").note(CONFIG, [WEB1], at(1000)) == (
        Held(CONFIG, at(1000), Holdings(tmp_path / "holdings", "a").read().first),
        "",
    )
    held, problem = Holdings(tmp_path / "holdings", "a").note(CONFIG, [WEB1], at(1300))
    assert (held.seconds(WEB1), problem) == (300, "")
    assert Holdings(tmp_path / "holdings", "b").read() == Held()
    (name,) = [path for path in (tmp_path / "holdings").iterdir() if path.name == name_of("a")]
    assert name.stat().st_mode & 0o777 == 0o600
    assert "web1" not in name.read_text()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b'{"config": "c", "looked": null, "first": {}}',
        b'{"config": "c", "looked": [1, 2, 3], "first": {}}',
        b'{"config": "c", "looked": [1, true], "first": {}}',
        b'{"config": "c", "looked": [1, 2], "first": {"x": [1]}}',
        b'{"config": "c", "looked": [1, 2], "first": []}',
        b'{"config": "c", "looked": [1e999, 2], "first": {}}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_is_damaged_begins_anew(tmp_path: Path, data: bytes) -> None:
    (tmp_path / name_of("a")).write_bytes(data)
    holdings = Holdings(tmp_path, "a")
    assert holdings.read() == Held()
    assert holdings.note(CONFIG, [WEB1], at(5))[1] == ""
    assert holdings.read().looked == at(5)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    held, problem = Holdings(tmp_path / "file/holdings", "a").note(CONFIG, [WEB1], at(5))
    assert held.looked == at(5)
    assert problem.startswith(f"cannot write {tmp_path}/file/holdings: ")


def test_what_is_written_can_be_read_with_all_that_fits(tmp_path: Path) -> None:
    many = [("host", number) for number in range(MAX_OWNERS)]
    Holdings(tmp_path, "a").note(CONFIG, many, (2**62, 2**62))
    assert len(json.loads((tmp_path / name_of("a")).read_bytes())["first"]) == MAX_OWNERS
    assert len(Holdings(tmp_path, "a").read().first) == MAX_OWNERS
